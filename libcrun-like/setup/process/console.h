/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * process.terminal: a pty from the container's devpts, its master sent to whoever shows it (an
 * engine's console socket, or HOST itself for a run in the foreground), its slave on /dev/console
 * and then on 0, 1 and 2 of the program.
 */
#ifndef DAVIT_SETUP_PROCESS_CONSOLE_H
#define DAVIT_SETUP_PROCESS_CONSOLE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"

struct console {
	bool is_wanted;
	bool has_device;              /* bind the terminal on /dev/console; not for exec */
	unsigned short rows, columns; /* 0, 0: the kernel's default */
	uid_t uid;                    /* the terminal's owner, as the container numbers it */
	const char *socket;           /* for messages; NULL: the terminal is HOST's */
};

/* @process may be NULL: no terminal. @socket is borrowed. */
void console_prepare(const struct oci_process *process, bool has_device, const char *socket,
		     struct console *ret);

/* HOST: connects to an AF_UNIX stream socket within 10 seconds; the fd does not block. */
int console_connect(const char *path, int *ret_sockfd, struct err *e);

/* INIT: makes the pty, binds /dev/console and sends the master over @sockfd (any AF_UNIX socket)
 * within 10 seconds, as one message: the fd and the terminal's name. */
int console_apply(const struct console *console, int rootfd, int sockfd, int *ret_slave,
		  struct err *e);

/* INIT, already a session leader: the slave becomes its controlling terminal and 0, 1 and 2. */
int console_become(int slave, struct err *e);

/* consoleSize names one. */
bool console_has_size(const struct console *console);

/*
 * INIT, when its terminal is 0: whoever has the master may be about to set its size, as Podman is
 * while it waits for `start`. Waits until there is one, and a moment at most: many never set it.
 */
void console_await_size(void);

void console_describe(const struct console *console, const struct describe *d);

#endif
