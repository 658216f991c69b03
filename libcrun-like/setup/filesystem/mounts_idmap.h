/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Id-mapped mounts: uidMappings, gidMappings and the options idmap and ridmap of mounts[]
 * (config.md, Mounts). The kernel takes the map as a user namespace, which HOST makes for it; the
 * mount gets it while it is detached, in the process that makes the mount.
 */
#ifndef DAVIT_SETUP_FILESYSTEM_MOUNTS_IDMAP_H
#define DAVIT_SETUP_FILESYSTEM_MOUNTS_IDMAP_H

#include "setup/filesystem/mounts.h"

/* Pure. Fills op->idmap for the mount @m, from its own maps or from the container's. */
int mounts_prepare_idmap(struct arena *a, const struct oci_config *config,
			 const struct oci_mount *m, struct mount_op *op, struct err *e);
/* Maps the detached mount @fd; nothing for an @op without maps. No heap: INIT calls it too. */
int mounts_apply_idmap(const struct mount_op *op, int fd, struct err *e);
/* The same where the right may be missing: in a user namespace nobody may map a file system of the
 * host's, a copy of a mount that the container's earlier mounts made neither. HOST is asked then.
 */
int mounts_ask_idmap(const struct mounts *m, const struct mount_op *op, int fd, struct err *e);

#endif
