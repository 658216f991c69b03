/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a mount may ask for beyond the kernel's own options: tmpcopyup, copy-symlink, and the label
 * of linux.mountLabel. Used by mounts.c, which prepares, and by the files of mounts_parts.h.
 */
#ifndef DAVIT_SETUP_FILESYSTEM_MOUNTS_EXTRAS_H
#define DAVIT_SETUP_FILESYSTEM_MOUNTS_EXTRAS_H

#include "setup/filesystem/mounts.h"

/* Pure. The rules about the extras of an op whose kind is known. */
int mounts_prepare_extras(struct arena *a, struct mount_op *op, struct err *e);
/* Pure. linux.mountLabel becomes an option of the file system, or op->label. */
int mounts_prepare_label(struct arena *a, const struct oci_config *config,
			 const struct mounts_context *ctx, struct mount_op *op, struct err *e);

/* What mounts_apply() takes away from a tmpfs that is still to be filled, and gives back. */
int mounts_make_readonly(const struct mount_op *op, int fd, struct err *e);
/* INIT. Gives the detached tmpfs @fd the mode, or the content and attributes, of the directory
 * @target. */
int mounts_fill(const struct mount_op *op, int fd, int target, struct err *e);
/* INIT. Writes op->label to the root directory of the detached mount @fd. */
int mounts_label(const struct mount_op *op, int fd, struct err *e);
/* HOST or INIT, whoever can reach the source: 1 when it is a link, read into op->link_text. */
int mounts_read_link(const struct mount_op *op, struct err *e);
/* INIT. Makes that link; one of the same text may be there. */
int mounts_make_link(const struct mount_op *op, int rootfd, struct err *e);

#endif
