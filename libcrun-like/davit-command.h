/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the davit command has of the library beside davit.h. Not installed, and not exported by the
 * shared library: none of it is of use to another program, or safe in one.
 */
#ifndef DAVIT_COMMAND_H
#define DAVIT_COMMAND_H

#include "davit.h"

struct davit_command_options {
	bool is_davit;     /* the calling process may be cloned: it is davit, and nothing else */
	const char *name;  /* what the program is called in messages; NULL: "davit" */
	const char *fault; /* test builds: the step at which to fail, "NAME" or "NAME:after";
			      ignored elsewhere */
	const char *trace; /* a file for the times of all steps, as Chrome's trace JSON, written by
			      davit_context_free(); NULL: none */
	/* Descriptors, of a log say, that the children of the library close before anything else:
	 * they would be the container's otherwise until its program is executed. Not copied. */
	const int *private_fds;
	size_t private_fd_count;
	const char *helper_dir; /* where helper executables are looked for first; NULL: beside the
				   executable */
};

/* davit_context_new() for a process that is davit itself. */
int davit_command_context_new(const struct davit_context_options *options,
			      const struct davit_command_options *own, struct davit_context **ret,
			      struct davit_error *err);

/* The davit that libdavit has started does its call; @sock is what --api says, @helper_dir may be
 * NULL. -1: it could not even say so. */
int davit_command_serve(int sock, const char *helper_dir);

/*
 * Makes this process run from a copy of its executable that nobody can write (CVE-2019-5736), by
 * one re-exec with the same arguments. Returns 0 when it already does. Call it first in main().
 */
int davit_command_seal(char **argv, struct davit_error *err);

/*
 * A document that is named by a path: of a file, a FIFO or a pipe, also one of the caller's own
 * descriptors (/dev/stdin, /dev/fd/63). Read to its end, at most 64 MiB; kind "timeout" when nobody
 * writes to it for five seconds. The text ends with a NUL besides, and is davit_free()'s.
 */
int davit_command_read_document(const char *path, char **ret_text, size_t *ret_len,
				struct davit_error *err);

enum {
	DAVIT_COMMAND_PIECE_SIZE = 8,
	DAVIT_COMMAND_TIME_SIZE = 40
};

/*
 * Texts of unknown origin, a character at a time: what stands for the first one of @text on a line
 * (itself, or \n, \x1b, \u009b), and the bytes that it takes there; 0 at the end.
 */
size_t davit_command_escape(const char *text, char ret[DAVIT_COMMAND_PIECE_SIZE]);

/* Now, as RFC 3339 has it, in UTC, without a look at /etc/localtime. */
void davit_command_time(char ret[DAVIT_COMMAND_TIME_SIZE]);

#endif
