/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A helper program of ours as a child with its own process group: three descriptors, a working
 * directory, nothing else of us. Needs no heap, so that INIT may use it.
 */
#ifndef DAVIT_KERNEL_CHILD_H
#define DAVIT_KERNEL_CHILD_H

#include <sys/types.h>

#include "base/util.h"

enum {
	CHILD_BECOME = 1 << 16
};

struct child_spec {
	const char *path;
	char *const *argv, *const *envp;
	int in, out, err;
	int cwd_fd; /* -1: the caller's */
	/* In the child, the last thing before execve: 0 or -errno. May be NULL. */
	int (*become)(void *arg);
	void *become_arg;
	int keep_fd; /* what @become needs open; 0: nothing */
};

struct child {
	pid_t pid;
	int pidfd;
	int error_fd; /* has an errno to read when execve failed */
};

int child_spawn(const struct child_spec *spec, struct child *ret);

/* SIGKILL for the child's process group, and for the child itself. */
void child_kill(const struct child *c);

/*
 * Reaps a child that has ended: 0 with *ret_code and *ret_signal (0: it exited), the errno of a
 * failed execve in *ret_exec_errno (0: none), with CHILD_BECOME when it was @become that failed;
 * -EAGAIN: it still runs. Closes the descriptors, save for -EAGAIN.
 */
int child_reap(struct child *c, int *ret_code, int *ret_signal, int *ret_exec_errno);

/* The same for one whose pidfd has said that it has ended: whoever traces it (ptrace(2)) may have
 * to bury it before us. -ETIMEDOUT: not within ten seconds; its descriptors are closed. */
int child_bury(struct child *c, int *ret_code, int *ret_signal, int *ret_exec_errno);

/* Gives up on a child: closes the descriptors without waiting. */
void child_abandon(struct child *c);

#endif
