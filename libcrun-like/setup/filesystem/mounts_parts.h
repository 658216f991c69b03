/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between the files that do what mounts.c has prepared: mounts_apply.c, mounts_settle.c,
 * mounts_sources.c and mounts_target.c.
 */
#ifndef DAVIT_SETUP_FILESYSTEM_MOUNTS_PARTS_H
#define DAVIT_SETUP_FILESYSTEM_MOUNTS_PARTS_H

#include "kernel/mount.h"
#include "setup/filesystem/mounts.h"

/* What is mounted, for messages. */
static inline const char *mounts_what_of(const struct mount_op *op)
{
	return op->kind == MOUNT_BIND ? op->source : op->type;
}

/* Before the options are set: what is read-only already is not by us. */
void mounts_note_readonly(struct mount_op *op, int fd);
/* The options of @op on the mount @fd. */
int mounts_settle_options(const struct mount_op *op, int fd, struct err *e);

/* A detached clone of what @op binds, with its options: its descriptor. */
int mounts_open_bind(const struct mounts *m, struct mount_op *op, int rootfd, struct err *e);

struct mounts_root {
	int fd;
	struct mount_file file;
};

/* A descriptor of the destination, which is made when it is missing. */
int mounts_open_target(const struct mount_op *op, bool is_dir, int rootfd, struct err *e);
/* Links may have led to the root, or into a procfs, where the text of the path did not. @fd: what
 * is to be mounted. */
int mounts_check_target(const struct mount_op *op, int fd, int target,
			const struct mounts_root *root, struct err *e);
/* C3: what the destination names now is what was attached to it, which is @own. */
int mounts_verify(const struct mount_op *op, const struct mount_file *own, int rootfd,
		  struct err *e);

#endif
