/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between cgroupfs.c, cgroupfs_make.c and cgroupfs_remove.c: the mark on a cgroup's directory that
 * says whose it is, an extended attribute of the user class (cgroup2 has them since Linux 5.7, also
 * for ordinary users).
 */
#ifndef DAVIT_KERNEL_CGROUPFS_PARTS_H
#define DAVIT_KERNEL_CGROUPFS_PARTS_H

#include <string.h>

#include "base/util.h"

#define CGROUPFS_MARK  "user.davit"
#define CGROUPFS_MADE  "m"                /* a parent that we made: removed when it is empty */
#define CGROUPFS_OWNER "user.davit.owner" /* on a container's own cgroup: cgroupfs_set_owner() */
/* The same where the caller may have it: a container that may write to its cgroup could forge a
 * mark of the user class, and its processes would outlive `delete --force`. */
#define CGROUPFS_OWNER_TRUSTED "trusted.davit.owner"
#define CGROUPFS_KEEP          "k" /* was there below a cgroup that we were given: never removed */

/* Removes @path and its parents, the innermost first, as long as they are marked and empty. */
void cgroupfs_remove_parents(int rootfd, const char *path);

#endif
