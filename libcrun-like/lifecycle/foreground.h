/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program in the foreground (run without --detach, exec without it): signals are handed on, a
 * terminal of the container's is shown on the caller's, and all of its output has been delivered
 * when its end is told. Everything here is HOST's.
 *
 * As with runc, what is typed comes from standard input and the output goes to standard output,
 * whatever they are; the caller's terminal gives the size and becomes raw.
 *
 * The container's terminal is made as always (setup/process/console); HOST merely stands where an
 * engine's console socket would be, at the other end of a socket pair.
 */
#ifndef DAVIT_LIFECYCLE_FOREGROUND_H
#define DAVIT_LIFECYCLE_FOREGROUND_H

#include "base/err.h"
#include "container/context.h"
#include "kernel/terminal.h"

struct foreground {
	int sock; /* where the container's terminal comes from */
	int master,
		peer; /* it; the peer is held so that it never hangs up before its program ends */
	int tty;      /* the caller's terminal */
	int in_fd, out_fd, signals; /* the caller's streams, its signals */
	struct terminal terminal;   /* its modes */
	char *rings;                /* of the two directions; there before the program is */
};

/* The program to wait for. */
struct foreground_program {
	int pidfd;
	pid_t pid;
	/* Who is told when the program is ready, and where the program says so; may be NULL, and
	 * -1.
	 */
	const struct davit_context *ctx;
	const int *ready;
	bool adopts; /* what it leaves behind is this process's to reap (PR_SET_CHILD_SUBREAPER) */
};

/* Nothing open. */
void foreground_init(struct foreground *f);

/* Before the clone: finds the caller's terminal. *ret_console_fd is what console_apply() takes as
 * its socket. */
int foreground_prepare(struct foreground *f, int *ret_console_fd, struct err *e);

/* After console_apply(), before the program runs: takes the container's terminal over and makes the
 * caller's raw. What the wait needs is opened here, since an error ends the program then. */
int foreground_begin(struct foreground *f, struct err *e);

/* Waits for the program's end and for its last output: the exit status, or 128 + signal. Ends with
 * foreground_end(). */
int foreground_wait(struct foreground *f, const struct foreground_program *program, int *ret_status,
		    struct err *e);

/* The caller's terminal as it was. May be called at any time, more than once. */
void foreground_end(struct foreground *f);

#endif
