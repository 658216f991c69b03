/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The caller's terminal while a container's is shown on it: raw, so that every key reaches the
 * container's terminal, which does the echo, the signals and the job control. Its modes are put
 * back in any case: a guard, a child that holds the terminal and a socket, does it when this
 * process dies without doing so itself (SIGKILL included), and ends with it.
 */
#ifndef DAVIT_KERNEL_TERMINAL_H
#define DAVIT_KERNEL_TERMINAL_H

#include <sys/types.h>
#include <termios.h>

#include "base/util.h"

struct terminal {
	int fd;    /* -1: nothing to put back */
	int guard; /* the end that the guard waits for */
	pid_t guard_pid;
	struct termios saved, raw;
};

bool terminal_is_one(int fd);
/* The caller's: the first of standard input, output and error that is a terminal, else the
 * controlling one, which the streams may all be redirected from. -ENXIO: there is none. */
int terminal_open(int *ret_fd);
/* False: not known; nothing is written. */
bool terminal_get_size(int fd, unsigned short *ret_rows, unsigned short *ret_columns);
void terminal_copy_size(int from_fd, int to_fd);

/* @fd is borrowed. Stops like any job that wants the terminal while it is in the background. */
int terminal_make_raw(int fd, struct terminal *ret);
/* Once more, after a shell has put its own modes in. False: we are in the background, where the
 * terminal is another's. */
bool terminal_make_raw_again(const struct terminal *t);
/*
 * Whether the terminal translates output (newlines) follows the container's @master: a program that
 * has switched that off there draws with bare newlines. Everything else stays as it is.
 */
void terminal_follow(struct terminal *t, int master);
/* What was; the guard ends. Harmless when there is nothing to put back. */
void terminal_restore(struct terminal *t);

#endif
