/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one error type. Fixed size and free of pointers, so that it crosses the socket between the
 * processes of a container's set-up and works when memory is gone. Leaves (kernel/, base/) return
 * -errno; from setup/ upwards a fallible function takes `struct err *` last and fails only through
 * `return err_set(...)` and its sisters, so that the return value and the error cannot disagree.
 * The first error wins: later ones do not overwrite it.
 */
#ifndef DAVIT_BASE_ERR_H
#define DAVIT_BASE_ERR_H

#include <stdarg.h>

#include "util.h"

/* What went wrong, as a stable machine word (err_kind_word()). */
enum err_kind {
	ERR_NONE,
	ERR_SYSTEM,      /* a system call refused */
	ERR_JSON,        /* a document is not JSON, or not the JSON we accept */
	ERR_CONFIG,      /* a value in config.json is invalid */
	ERR_UNSUPPORTED, /* valid, but this kernel, host or build cannot do it */
	ERR_USAGE,       /* command line */
	ERR_NOT_FOUND,   /* no such container */
	ERR_EXISTS,      /* the container id is taken */
	ERR_STATUS,      /* the container is in a status that forbids the operation */
	ERR_EXEC,        /* the container's program could not be executed */
	ERR_HOOK,        /* a hook failed */
	ERR_CGROUP,      /* a controller or limit is not available */
	ERR_KILLED,      /* a process of ours was killed (OOM, seccomp, from outside) */
	ERR_TIMEOUT,     /* a peer did not answer in time */
	ERR_STATE,       /* the state directory is damaged */
	ERR_KINDS
};

struct err {
	int code; /* a positive errno; 0: no error */
	enum err_kind kind;
	unsigned line, column;  /* in the JSON document, 1-based; 0: unknown */
	char step[24], proc[8]; /* the row and the process of the step table */
	char pointer[128];      /* JSON pointer of the offending field, or "" */
	char msg[256];          /* operation and object; no errno text */
	char hint[160];         /* what would help, or "" */
};

/* All three return -code (never 0) and do nothing but that when @e already holds an error. @e may
 * not be NULL. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
int err_kind(struct err *e, enum err_kind kind, int code, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* A field of config.json is at fault: kind ERR_CONFIG, with its JSON pointer. */
int err_field(struct err *e, int code, const char *pointer, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Adds advice, or a pointer, to an error that is already set and has none; return -code. */
int err_hint(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
int err_at(struct err *e, const char *pointer);

/* JSON pointers for err_field(): POINTER("/mounts/%zu/type", i). Lives until the end of the full
 * expression's block. */
const char *pointer_fmt(char buf[static 128], const char *fmt, ...) PRINTF_LIKE(2, 3);
#define POINTER(...) pointer_fmt((char[128]){ 0 }, __VA_ARGS__)

/* Who wants all the faults of a document, not the first alone; zero: nobody. */
struct err_sink {
	void (*each)(void *arg, const struct err *e);
	void *arg;
};
/* Tells of a fault of the document, and empties @e. False: it is to be returned. */
bool err_pass(const struct err_sink *s, struct err *e);

/* @from comes as bytes of another process, which somebody may have got hold of: made a valid error
 * that has a code. */
void err_import(struct err *to, const struct err *from);

/*
 * The whole message on one line, without "davit:": operation and object, where, the errno's words
 * (lower-case, where the kind wants them: engines match "no such file or directory", "permission
 * denied"), and last the hint.
 */
size_t err_format(const struct err *e, char *buf, size_t size);

const char *err_kind_word(enum err_kind kind);
/* "no such file or directory" for ENOENT; "error 4711" is not possible: unknown numbers give
 * "unknown error". */
const char *errno_words(int code);

#endif
