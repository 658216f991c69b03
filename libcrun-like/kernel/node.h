/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Single files as mounts: a device of the host on a file of the container. Trees are detached
 * clones (mount_clone()); what was attached is looked at again (C3), since the place may have been
 * swapped.
 */
#ifndef DAVIT_KERNEL_NODE_H
#define DAVIT_KERNEL_NODE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/util.h"

/* An O_PATH fd of the host's @path, which must be a node of @type (S_IFCHR, S_IFBLK) and number
 * @rdev: -ENODEV when it is something else. Never for a path of a container. */
int node_open_host(const char *path, mode_t type, dev_t rdev, int *ret_fd);

/*
 * Makes a node and a detached mount of it, nosuid and noexec. @dirfd is a directory of the caller's
 * alone, where the node stays: the kernel attaches nothing that has no name any more. -EPERM
 * without CAP_MKNOD in the host's user namespace.
 */
int node_make(int dirfd, const char *name, mode_t mode, dev_t rdev, uid_t uid, gid_t gid,
	      int *ret_tree);

/* An O_PATH fd of @name in the directory @dirfd as a place for a mount: made as an empty file where
 * missing. -ELOOP for a symbolic link, -EISDIR for a directory. */
int node_touch(int dirfd, const char *name, int *ret_fd);

/* Attaches the detached @tree on what the O_PATH fd @target is. */
int node_attach(int tree, int target);

/* 0 when @fd is on the very mount that @tree is; else -ESTALE. */
int node_check_mount(int fd, int tree);

/* node_attach() on @target = @name of @dirfd, then looks whether @name leads to @tree now. */
int node_bind(int tree, int dirfd, const char *name, int target);

#endif
