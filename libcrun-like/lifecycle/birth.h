/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The clone of a container's process, born in its cgroup.
 */
#ifndef DAVIT_LIFECYCLE_BIRTH_H
#define DAVIT_LIFECYCLE_BIRTH_H

#include "kernel/sys.h"

/*
 * HOST: clone3(2) with @args, which ask for a pidfd, into the cgroup @cgroup_fd unless that is -1,
 * as a child of @caller (container/caller.h) unless that is -1. Returns 0 twice: with *ret_pid 0 in
 * the child. -EAGAIN: a limit of processes.
 */
int birth_clone(int cgroup_fd, int caller, struct clone_args *args, pid_t *ret_pid,
		uint64_t *ret_start_time);

/* Whether pids.max of the cgroup, or of one above it, leaves no room for @count more. */
bool birth_is_full(int cgroup_fd, unsigned count);

#endif
