/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The resctrl file system (Intel RDT, AMD QoS): its groups are directories whose files the kernel
 * makes. A group's name is one component, "" the root group, which is always there. Nothing is
 * known here of which groups are whose.
 */
#ifndef DAVIT_KERNEL_RESCTRL_H
#define DAVIT_KERNEL_RESCTRL_H

#include <sys/types.h>

#include "base/util.h"

enum {
	RESCTRL_TEXT_MAX = 16384 /* of a schemata file */
};

/* The mount point of a resctrl in @mountinfo (of /proc/PID/mountinfo's form); -ENOENT: none. */
int resctrl_find(int mountinfo_fd, char *path, size_t size);
/* Its root, as mounted in the caller's mount namespace. */
int resctrl_open(int *ret_fd);

/* An fd of the group's directory; @ret_made (may be NULL: it is not made): it was made now. */
int resctrl_open_group(int rootfd, const char *name, int *ret_fd, bool *ret_made);
/* Makes mon_groups/@name below the group; -EEXIST: there is one. */
int resctrl_make_monitor(int groupfd, const char *name, int *ret_fd);
/* Removes "GROUP" or "GROUP/mon_groups/NAME"; gone already is success. */
int resctrl_remove(int rootfd, const char *path);

/* One write(2) of @text and a newline to a file of the group. */
int resctrl_write(int groupfd, const char *file, const char *text);

/* Whether every value of @line ("L3:0=7f0;1=1f") is in the text of a schemata file. The kernel
 * writes masks in its own form, and all domains. */
bool resctrl_has_schema(const char *schemata, const char *line);

#endif
