/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What criu's log says of a failure. It has hundreds of lines; the cause is the first error that is
 * one: some are written on every run.
 */
#ifndef DAVIT_LIFECYCLE_CRIU_LOG_H
#define DAVIT_LIFECYCLE_CRIU_LOG_H

#include "base/err.h"

enum {
	CRIU_LINE_SIZE = 200,
	CRIU_LINES = 4
};

struct criu_log {
	int dirfd; /* of the folder @path, with the log @name in it */
	const char *path, *name;
	char lines[CRIU_LINES][CRIU_LINE_SIZE]; /* its errors, when it was read */
	size_t count;
};

/*
 * What criu has failed with takes the place of @e's words: "@doing container @id: ". @output: where
 * its other errors go, HOOK_OUTPUT_TEXT bytes; NULL: nowhere.
 */
int criu_log_explain(struct criu_log *log, const char *doing, const char *id, char *output,
		     struct err *e);

/*
 * How far a dump had come that was cut off. It puts code of its own into each process, and takes it
 * out again: what is cut off between the two is no container any more.
 */
enum criu_stage {
	CRIU_UNTOUCHED, /* it has not begun with any process */
	CRIU_TOUCHED,   /* it has, or nobody knows */
	CRIU_RELEASED,  /* it was done with all of them, and let them go on */
	CRIU_KILLING    /* it was done, and about to end them */
};
enum criu_stage criu_log_stage(int dirfd, const char *name);

/* The errors in the order of the log @text, which is changed, without times and places in criu's
 * source; the number. */
size_t criu_log_errors(char *text, char ret[static CRIU_LINES][CRIU_LINE_SIZE]);

#endif
