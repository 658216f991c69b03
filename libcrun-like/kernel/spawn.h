/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program of ours in a process of its own, started from a process that is somebody else's: with
 * threads, a large heap, descriptors and signal handlers that are none of our business.
 */
#ifndef DAVIT_KERNEL_SPAWN_H
#define DAVIT_KERNEL_SPAWN_H

#include <sys/types.h>

#include "base/util.h"

struct spawn {
	int program; /* its file */
	char *const *argv, *const *envp;
	/* What becomes its descriptors 0, 1, 2, ...; -1: not open there. No others are. */
	const int *fds;
	size_t fd_count;
};

/*
 * vfork(2) and execve(2): the heap is not copied, whatever its size; only the calling thread waits,
 * until the program runs. All signals are blocked in the new process (a handler of the caller's
 * must not run there), to be unblocked by the program. Nothing is changed in the calling process.
 * *ret_pidfd is closed on exec. -errno of whatever failed, up to execve.
 */
int spawn_program(const struct spawn *s, pid_t *ret_pid, int *ret_pidfd);

#endif
