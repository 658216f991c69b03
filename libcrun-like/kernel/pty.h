/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A pseudo terminal of the container's own devpts (C6; CVE-2025-52565). Both ends are reached by
 * fd: /dev/pts/N is never opened by name, since the container could have put anything there.
 */
#ifndef DAVIT_KERNEL_PTY_H
#define DAVIT_KERNEL_PTY_H

#include <sys/types.h>

#include "base/util.h"

struct pty {
	int master, slave;
	unsigned number; /* of /dev/pts/N */
};

/* Opens a new pair through /dev/pts/ptmx of the root. -ENOTTY when that is not the multiplexer of a
 * devpts. Its modes are the kernel's: who shows the terminal sets them (ONLCR stays on, as under
 * runc and crun). */
int pty_open(int rootfd, struct pty *ret);
void pty_close(struct pty *pty);

/* The other end of @master, by descriptor; not a controlling terminal of the caller's. */
int pty_open_peer(int master, int *ret_fd);

/* The owner of the terminal; the group stays, as devpts chose it. Mode 0620. */
int pty_chown(const struct pty *pty, uid_t uid);
/* No carriage return before newlines (ONLCR off). */
int pty_keep_newlines(const struct pty *pty);
int pty_set_size(const struct pty *pty, unsigned short rows, unsigned short columns);

/* Waits for the controlling terminal @slave to have a size; @msec, below 1000, at most. */
void pty_await_size(int slave, int msec);

/* Makes @slave the controlling terminal of the calling session leader, and its 0, 1 and 2. */
int pty_become(int slave);

#endif
