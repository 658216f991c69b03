/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The only way to name something below a container's root (C1). Every function takes the root as an
 * fd and resolves with openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS): links stay inside the
 * root, magic links are refused. There is no fallback for kernels without openat2 (5.6). EAGAIN (a
 * rename raced with the walk) is retried 128 times. Paths may be absolute or relative; both start
 * at the root. Nothing here allocates.
 */
#ifndef DAVIT_KERNEL_ROOTPATH_H
#define DAVIT_KERNEL_ROOTPATH_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/util.h"

/* An fd of what @path names, final link followed inside the root. @flags: O_PATH, O_RDONLY,
 * O_DIRECTORY, ... O_CLOEXEC is added. */
int rootpath_open(int rootfd, const char *path, int flags);
/* The same, but the final component is not followed (an O_PATH fd of the link itself when it is
 * one). */
int rootpath_open_nofollow(int rootfd, const char *path, int flags);

/*
 * An O_PATH fd of the directory that holds the last component of @path, made with mode 0755
 * (whatever the umask; setgid is inherited) where missing; the component's name (never "", ".",
 * ".." or with a slash) goes to @ret_name. -EINVAL for a path that names the root itself.
 */
int rootpath_parent(int rootfd, const char *path, char ret_name[static 256]);

/* An O_PATH fd of the directory @path (a readable one when it was made here); it and its parents
 * are made with @mode (parents 0755) where missing. */
int rootpath_mkdirs(int rootfd, const char *path, mode_t mode);

/*
 * An fd of @path as a place for a mount: what is there (final link followed inside the
 * root), or a new empty regular file (@is_dir false, mode 0644) or directory (0755), parents
 * included. A dangling final link is resolved inside the root and its target made. -ENOTDIR,
 * -EISDIR when what is there is of the other sort.
 */
int rootpath_make_target(int rootfd, const char *path, bool is_dir);

#endif
