/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The container's root file system: found, cloned and attached over itself, entered, finished
 * (config.md, Root; config-linux.md, Rootfs Mount Propagation). The order is prepare, open (only
 * with a user namespace), attach; then everything that needs the host's paths (mounts, devices);
 * then enter, finish.
 */
#ifndef DAVIT_SETUP_FILESYSTEM_ROOTFS_H
#define DAVIT_SETUP_FILESYSTEM_ROOTFS_H

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"

enum rootfs_way {
	ROOTFS_PIVOT,
	ROOTFS_ALONE, /* the mount namespace is made of its tree: the host's is never there */
	ROOTFS_MOVE,  /* --no-pivot */
	ROOTFS_CHROOT /* no mount namespace: setup/filesystem/root_place has the root */
};

struct rootfs {
	const char *path; /* absolute */
	bool is_readonly;
	enum rootfs_way way;
	unsigned long propagation; /* as linux.rootfsPropagation asks: MS_SHARED | MS_REC; or
				      MS_PRIVATE */
	const char **proc_places;  /* ROOTFS_MOVE: where proc and sysfs stand on the host, as */
	size_t proc_place_count;   /* they were mounted */
};

/* HOST. Looks at the root's path, changes nothing. */
int rootfs_prepare(struct arena *a, const struct oci_config *config, const char *bundle,
		   enum rootfs_way way, struct rootfs *ret, struct err *e);
/* For mounts_context: what the root shares with the host's mounts may be shared at all. */
bool rootfs_is_shared(const struct rootfs *r);
/* HOST, with a user namespace: a detached clone of the root, or -1 in *ret_tree_fd when HOST may
 * not make one (rootless; INIT then can). ROOTFS_CHROOT: there is no INIT that can. */
int rootfs_open(const struct rootfs *r, int *ret_tree_fd, struct err *e);
/* INIT. @tree_fd: from rootfs_open(), or -1; with ROOTFS_CHROOT it is attached already. After it
 * nothing of the host can be named with ROOTFS_ALONE. */
int rootfs_attach(const struct rootfs *r, int tree_fd, int *ret_rootfd, struct err *e);
/* INIT. Makes @rootfd the root of this process and its mount namespace. */
int rootfs_enter(const struct rootfs *r, int rootfd, struct err *e);
/* The root of this process alone: its working directory is in it, too. */
int rootfs_change(int rootfd, struct err *e);
/* INIT, in the new root: what may only hold when nothing is left to be made in it. */
int rootfs_finish(const struct rootfs *r, struct err *e);
void rootfs_describe(const struct rootfs *r, const struct describe *d);

#endif
