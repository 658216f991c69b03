/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See rootfs.h. The root is a clone of the tree at root.path, attached over that same path, so that
 * hooks which name the path see the container's mounts. Two things would reach the host through
 * shared mounts and are kept from it: attaching the clone (the mount it stands on is made private)
 * and taking the old root off (it is made a slave first). That matters only where
 * linux.rootfsPropagation is shared; otherwise all mounts of the host are slaves here.
 *
 * Where the kernel can (Linux 7.0) and nobody needs that path, the mount namespace is made of the
 * clone alone (ROOTFS_ALONE): a copy of the host's mounts, which is thrown away at the pivot, is
 * what costs most on a host that has thousands.
 */
#include "setup/filesystem/rootfs.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/path.h"
#include "kernel/mount.h"
#include "kernel/mountinfo.h"
#include "kernel/namespace.h"
#include "kernel/sys.h"
#include "setup/filesystem/mount_options.h"

/* A container with the host's mount namespace and its root is none. With a mount namespace of its
 * own what is made in the root, mount points, devices and links, would be made on the host; both
 * peers fail to pivot there. */
static int check_host_root(const struct rootfs *r, const struct stat *st, struct err *e)
{
	struct stat host;

	if (stat("/", &host) < 0)
		return err_set(e, errno, "look at /");
	if (host.st_dev != st->st_dev || host.st_ino != st->st_ino)
		return 0;
	err_field(e, EINVAL, "/root/path", "%sthe root file system cannot be the runtime's own, %s",
		  r->way == ROOTFS_CHROOT ? "without a mount namespace " : "", r->path);
	return err_hint(e, "name another directory, or a bind of / somewhere else");
}

static int prepare_path(struct arena *a, const struct oci_root *root, const char *bundle,
			struct rootfs *r, struct err *e)
{
	struct stat st;

	r->path = root->path[0] == '/' ? arena_strdup(a, root->path)
				       : arena_printf(a, "%s/%s", bundle, root->path);
	if (!r->path)
		return err_set(e, ENOMEM, "prepare the root file system");
	if (stat(r->path, &st) < 0)
		return err_field(e, errno, "/root/path", "root file system %s: %s", r->path,
				 errno_words(errno));
	if (!S_ISDIR(st.st_mode))
		return err_field(e, ENOTDIR, "/root/path", "root file system %s: %s", r->path,
				 errno_words(ENOTDIR));
	r->is_readonly = root->readonly && *root->readonly;
	return check_host_root(r, &st, e);
}

bool rootfs_is_shared(const struct rootfs *r)
{
	return r->propagation & MS_SHARED;
}

static bool is_listed(const struct rootfs *r, const char *place)
{
	for (size_t i = 0; i < r->proc_place_count; i++)
		if (strcmp(r->proc_places[i], place) == 0)
			return true;
	return false;
}

/* All that a user namespace would be given an instance of its own for, because it is there in full
 * already. What is below the root is the container's. */
static int find_procs(struct arena *a, struct rootfs *r, struct err *e)
{
	struct mountinfo_list list;
	char root[PATH_MAX];
	int res = realpath(r->path, root) ? mountinfo_read(a, 0, &list) : neg_errno();

	if (res == 0 && list.count)
		r->proc_places = arena_alloc(a, list.count * sizeof(*r->proc_places));
	if (res == 0 && list.count && !r->proc_places)
		res = -ENOMEM;
	for (size_t i = 0; res == 0 && i < list.count; i++) {
		const struct mountinfo *m = &list.items[i];

		if ((strcmp(m->type, "proc") == 0 || strcmp(m->type, "sysfs") == 0) &&
		    strcmp(m->root, "/") == 0 && !path_is_in(m->place, root) &&
		    !is_listed(r, m->place))
			r->proc_places[r->proc_place_count++] = m->place;
	}
	return res < 0 ? err_set(e, -res, "look for the host's proc and sysfs") : 0;
}

int rootfs_prepare(struct arena *a, const struct oci_config *config, const char *bundle,
		   enum rootfs_way way, struct rootfs *ret, struct err *e)
{
	const struct oci_linux *l = config->linux_config;
	struct rootfs r = { .way = way };
	int res = prepare_path(a, config->root, bundle, &r, e);

	r.propagation = l && l->rootfs_propagation && l->rootfs_propagation[0]
				? mount_option_propagation(l->rootfs_propagation)
				: MS_PRIVATE;
	if (res == 0 && way == ROOTFS_MOVE)
		res = find_procs(a, &r, e);
	if (res == 0)
		*ret = r;
	return res;
}

static int open_directory(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? neg_errno() : fd;
}

/* Never a peer of the host's mounts: what is mounted in it stays in it. Later mounts of the host
 * appear in it only where the root is to be a slave. */
static int clone_root(const struct rootfs *r, int dirfd)
{
	return mount_clone(dirfd, "", AT_RECURSIVE, r->propagation & MS_SLAVE, 0);
}

static int tell_clone(const struct rootfs *r, int code, struct err *e)
{
	err_set(e, code, "clone the root file system %s", r->path);
	if (code != EPERM)
		return -code;
	return err_hint(e, "without a mount namespace of the container it takes CAP_SYS_ADMIN over "
			   "the runtime's own one");
}

int rootfs_open(const struct rootfs *r, int *ret_tree_fd, struct err *e)
{
	_cleanup_fd_ int dir = open_directory(r->path);
	int tree;

	if (dir < 0)
		return err_set(e, -dir, "open the root file system %s", r->path);
	tree = clone_root(r, dir);
	if (tree < 0 && (tree != -EPERM || r->way == ROOTFS_CHROOT))
		return tell_clone(r, -tree, e);
	*ret_tree_fd = tree < 0 ? -1 : tree;
	return 0;
}

/* The mount that @dirfd is on. Its root is found by going up: mountinfo may be long. */
static int make_mount_private(int dirfd)
{
	_cleanup_fd_ int cur = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	int is_root = mount_is_root(cur);

	while (is_root == 0) {
		int up = openat(cur, "..", O_PATH | O_DIRECTORY | O_CLOEXEC), is_same;

		if (up < 0)
			return neg_errno();
		is_same = mount_is_same(cur, up);
		close_fdp(&cur);
		cur = up;
		/* "/" of a chroot: the root of the mount is out of reach. */
		if (is_same)
			return is_same < 0 ? is_same : -EINVAL;
		is_root = mount_is_root(cur);
	}
	return is_root < 0 ? is_root : mount_set_propagation(cur, MS_PRIVATE);
}

/* Slaves, so that a bind may be one. Shared for a shared root: its volumes stay peers of the host's
 * mounts. */
static int settle_host_mounts(const struct rootfs *r, struct err *e)
{
	unsigned long propagation = rootfs_is_shared(r) ? MS_SHARED : MS_SLAVE;
	_cleanup_fd_ int fd = open_directory("/");
	int res = fd < 0 ? fd : mount_set_propagation(fd, propagation | MS_REC);

	return res < 0 ? err_set(e, -res, "set the propagation of the host's mounts") : 0;
}

/* Where the root is attached. The mapped root of a user namespace may not reach the path; any
 * place serves then, and "/" is one. */
static int open_place(const struct rootfs *r, bool has_tree, struct err *e)
{
	int fd = open_directory(r->path);

	if (fd == -EACCES && has_tree)
		fd = open_directory("/");
	return fd < 0 ? err_set(e, -fd, "open the root file system %s", r->path) : fd;
}

/* The copy that becomes the namespace's is made of one that has left the peer groups of the host's
 * mounts (C17). */
static int attach_alone(const struct rootfs *r, int *ret_rootfd, struct err *e)
{
	_cleanup_fd_ int place = open_directory(r->path), tree = -1, ns = -1;
	int res;

	if (place < 0)
		return err_set(e, -place, "open the root file system %s", r->path);
	tree = clone_root(r, place);
	if (tree < 0)
		return tell_clone(r, -tree, e);
	ns = mount_make_namespace(tree);
	if (ns < 0)
		return err_set(e, -ns, "make a mount namespace of the root file system %s",
			       r->path);
	res = namespace_join(ns, CLONE_NEWNS);
	if (res < 0)
		return err_set(e, -res, "enter the mount namespace of the container");
	*ret_rootfd = open_directory("/");
	return *ret_rootfd < 0 ? err_set(e, -*ret_rootfd, "open /") : 0;
}

int rootfs_attach(const struct rootfs *r, int tree_fd, int *ret_rootfd, struct err *e)
{
	_cleanup_fd_ int place = -1, tree = -1;
	int res;

	if (r->way == ROOTFS_ALONE)
		return attach_alone(r, ret_rootfd, e);
	if (r->way == ROOTFS_CHROOT) {
		*ret_rootfd = fcntl(tree_fd, F_DUPFD_CLOEXEC, 0);
		return *ret_rootfd < 0 ? err_set(e, errno, "keep the root file system") : 0;
	}
	if (settle_host_mounts(r, e) < 0)
		return -e->code;
	place = open_place(r, tree_fd >= 0, e);
	if (place < 0)
		return place;
	tree = tree_fd >= 0 ? fcntl(tree_fd, F_DUPFD_CLOEXEC, 0) : clone_root(r, place);
	if (tree < 0)
		return err_set(e, tree_fd >= 0 ? errno : -tree, "clone the root file system %s",
			       r->path);
	if (rootfs_is_shared(r)) {
		res = make_mount_private(place);
		if (res < 0)
			return err_set(e, -res, "make the mount below %s private", r->path);
	}
	res = mount_attach(tree, place);
	if (res < 0)
		return err_set(e, -res, "attach the root file system %s", r->path);
	*ret_rootfd = take_fd(&tree);
	return 0;
}

/*
 * The old root ends on top of the new one, in the same place, so that no directory is needed for
 * it in the container's file system, which may be read-only.
 */
static int enter_by_pivot(const struct rootfs *r, int rootfd, struct err *e)
{
	_cleanup_fd_ int old = open_directory("/");
	int res;

	(void)r;
	if (old < 0)
		return err_set(e, -old, "open /");
	if (fchdir(rootfd) < 0)
		return err_set(e, errno, "change to the root file system");
	res = sys_pivot_root(".", ".");
	if (res < 0) {
		err_set(e, -res, "pivot_root");
		return res == -EINVAL ? err_hint(e, "on an initramfs use --no-pivot") : res;
	}
	/* Or else the unmounting would be repeated on the host, where mounts are shared. */
	res = mount_set_propagation(old, MS_SLAVE | MS_REC);
	if (res < 0)
		return err_set(e, -res, "make the old root a slave");
	if (umount2(".", MNT_DETACH) < 0)
		return err_set(e, errno, "unmount the old root");
	return chdir("/") < 0 ? err_set(e, errno, "change to the new root") : 0;
}

/* The mount namespace has the container's root and no other. */
static int enter_alone(const struct rootfs *r, int rootfd, struct err *e)
{
	(void)r;
	(void)rootfd;
	return chdir("/") < 0 ? err_set(e, errno, "change to the root file system") : 0;
}

/* All that stands in one place. A mount that is locked, because the namespace is a user
 * namespace's, cannot be taken off; what is mounted on it is locked as well for whoever makes one
 * inside. */
static int hide(const char *place, struct err *e)
{
	const struct mount_fs fs = { .type = "tmpfs" };
	char message[MOUNT_MESSAGE_SIZE];
	_cleanup_fd_ int at = -1, cover = -1;
	int res = umount2(place, MNT_DETACH) < 0 ? neg_errno() : 0;

	if (res == 0) {
		while (umount2(place, MNT_DETACH) == 0)
			;
		return 0;
	}
	if (res != -EINVAL && res != -EPERM)
		return err_set(e, -res, "unmount the host's %s", place);
	at = open_directory(place);
	cover = at < 0 ? at : mount_open_fs(&fs, -1, message);
	res = cover < 0 ? cover : mount_attach(cover, at);
	return res < 0 ? err_set(e, -res, "cover the host's %s", place) : 0;
}

/* Without pivot_root(2), which the kernel refuses on an initramfs. The old root stays mounted, but
 * for proc and sysfs: full ones would let a user namespace inside mount one without masks. */
static int enter_by_move(const struct rootfs *r, int rootfd, struct err *e)
{
	_cleanup_fd_ int old = open_directory("/");
	int res = old < 0 ? old : mount_set_propagation(old, MS_SLAVE | MS_REC);

	if (res < 0)
		return err_set(e, -res, "make the old root a slave");
	for (size_t i = r->proc_place_count; i > 0; i--)
		if (hide(r->proc_places[i - 1], e) < 0)
			return -e->code;
	res = mount_attach(rootfd, old);
	/* ELOOP: it stands on top of "/" already, because its path was out of reach. */
	if (res < 0 && res != -ELOOP)
		return err_set(e, -res, "move the root file system to /");
	return rootfs_change(rootfd, e);
}

static int enter_by_chroot(const struct rootfs *r, int rootfd, struct err *e)
{
	(void)r;
	return rootfs_change(rootfd, e);
}

int rootfs_change(int rootfd, struct err *e)
{
	if (fchdir(rootfd) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return err_set(e, errno, "change to the root file system");
	return 0;
}

int rootfs_enter(const struct rootfs *r, int rootfd, struct err *e)
{
	static int (*const ways[])(const struct rootfs *r, int rootfd, struct err *e) = {
		[ROOTFS_PIVOT] = enter_by_pivot,
		[ROOTFS_ALONE] = enter_alone,
		[ROOTFS_MOVE] = enter_by_move,
		[ROOTFS_CHROOT] = enter_by_chroot,
	};

	return ways[r->way](r, rootfd, e);
}

int rootfs_finish(const struct rootfs *r, struct err *e)
{
	_cleanup_fd_ int root = -1;
	int res;

	bool is_settled = r->propagation & (MS_PRIVATE | MS_SLAVE); /* by clone_root() */

	if (!r->is_readonly && is_settled)
		return 0;
	root = open_directory("/");
	if (root < 0)
		return err_set(e, -root, "open /");
	res = r->is_readonly ? mount_set_attrs(root, MOUNT_ATTR_RDONLY, 0, false) : 0;
	if (res < 0)
		return err_set(e, -res, "make the root file system read-only");
	/* The root alone, although the word may say recursive: each of mounts[] has what its own
	 * options gave it, which is more exact. */
	if (!is_settled)
		res = mount_set_propagation(root, r->propagation & ~(unsigned long)MS_REC);
	return res < 0 ? err_set(e, -res, "set the propagation of the root file system") : 0;
}

void rootfs_describe(const struct rootfs *r, const struct describe *d)
{
	static const char *const ways[] = {
		[ROOTFS_PIVOT] = "",
		[ROOTFS_ALONE] = " (in a mount namespace without the host's mounts)",
		[ROOTFS_MOVE] = " (moved, no pivot_root)",
		[ROOTFS_CHROOT] = " (chroot, in the runtime's mount namespace)",
	};
	const char *propagation = "private";

	if (r->propagation & MS_SHARED)
		propagation = "shared";
	else if (r->propagation & MS_SLAVE)
		propagation = "slave";
	else if (r->propagation & MS_UNBINDABLE)
		propagation = "unbindable";
	describe(d, "%s on / %s,%s%s", r->path, r->is_readonly ? "ro" : "rw", propagation,
		 ways[r->way]);
}
