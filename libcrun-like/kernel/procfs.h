/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Our own view of procfs, for writes that must reach the kernel and nothing else (C4;
 * CVE-2019-16884, CVE-2025-52881): a detached instance that no mount of a container can cover,
 * looked up by numeric pid without following any link or crossing any mount. /proc/PID/ns and
 * /proc/PID/fd are magic links and not for this.
 */
#ifndef DAVIT_KERNEL_PROCFS_H
#define DAVIT_KERNEL_PROCFS_H

#include <sys/types.h>

#include "base/util.h"
#include "kernel/mount.h"

/* Whether the caller has a /proc at all: without one davit cannot tell who is who. */
bool procfs_is_there(void);
#define PROCFS_MISSING "/proc is not mounted, which davit needs"

/*
 * A directory fd of a procfs of the caller's pid namespace. @full: with sys/ (keep it for a short
 * time); otherwise the processes alone. Where the kernel does not permit a new instance (an
 * unprivileged caller, or a user namespace whose /proc is partly covered) it is /proc, verified to
 * be the root of a procfs; its pids then belong to whichever pid namespace /proc was mounted in.
 * -EXDEV when /proc is something else.
 */
int procfs_open_private(bool full, int *ret_fd);

/*
 * A detached procfs, as mount_open_fs() makes it of @fs, that shows the pid namespace @pid_ns,
 * which the caller does not enter. A process has to be born in it for a moment; those who live
 * there find an empty root and no descriptors in it.
 */
int procfs_open_of(int pid_ns, const struct mount_fs *fs, char message[static MOUNT_MESSAGE_SIZE]);

/* The caller's own pid as @procfd numbers it; -ESRCH when it is not visible there. */
int procfs_self_pid(int procfd, pid_t *ret_pid);

/* @name: below the process, "attr/exec". @flags: O_RDONLY or O_WRONLY. Returns the fd. */
int procfs_open_pid_file(int procfd, pid_t pid, const char *name, int flags);

/* Writes @value in one write(2), as procfs files want it; @name: "sys/net/ipv4/ip_forward". A write
 * that took less than everything is -EIO. */
int procfs_write(int procfd, const char *name, const char *value);
int procfs_write_pid_file(int procfd, pid_t pid, const char *name, const char *value);

#endif
