/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.maskedPaths and linux.readonlyPaths. A masked file is covered by the host's /dev/null,
 * never the container's (C5; CVE-2025-31133); a masked directory by one empty read-only tmpfs that
 * all of them share, since every superblock costs at the container's end.
 */
#ifndef DAVIT_SETUP_FILESYSTEM_MASKS_H
#define DAVIT_SETUP_FILESYSTEM_MASKS_H

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"

struct masks {
	const struct oci_strings *masked, *readonly; /* may be NULL */
	const char *mount_label;                     /* may be NULL */
	int null_fd; /* detached read-only clone of the host's /dev/null; -1 */
};

void masks_prepare(const struct oci_config *config, struct masks *ret);

/*
 * Takes the host's /dev/null. In INIT while it still sees the host's tree, before the first mount
 * of the container: then it works for unprivileged callers too, and the mount is of INIT's own
 * namespace. (HOST may call it when it is privileged.) Does nothing when nothing is masked.
 */
int masks_open(struct masks *masks, struct err *e);

/* INIT, after the container's mounts, in the mount namespace that they are in. */
int masks_apply(const struct masks *masks, int rootfd, struct err *e);

void masks_describe(const struct masks *masks, const struct describe *d);

#endif
