/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mounts.h: the place that a mount is attached to. It is found by kernel/rootpath when its turn
 * comes, since an earlier mount may be what it lies in, and looked up again afterwards: a container
 * that shares a volume may be exchanging directories meanwhile (C3, CVE-2021-30465). No heap: this
 * is INIT.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/mount.h"
#include "kernel/rootpath.h"
#include "setup/filesystem/mounts_parts.h"

/* The destination, or a new directory there, when it is one itself and no link (T05). */
static int open_ordinary_dir(int rootfd, const char *destination)
{
	_cleanup_fd_ int parent = -1, fd = -ENOENT;
	struct stat st;
	char name[256];
	int made;

	/* The usual case in one call. A link before "/." would be followed. */
	if (strrchr(destination, '/')[1] != '.')
		fd = rootpath_open_nofollow(rootfd, destination, O_PATH | O_DIRECTORY);
	if (fd != -ENOENT)
		return take_fd(&fd);
	parent = rootpath_parent(rootfd, destination, name);
	if (parent < 0)
		return parent;
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		made = rootpath_mkdirs(parent, name, 0755);
		if (made < 0)
			return made;
		close_fdp(&made);
		fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return neg_errno();
	return S_ISDIR(st.st_mode) ? take_fd(&fd) : -ENOTDIR;
}

/* A link at the end of the destination is itself what is covered. */
static int open_link_or_target(const struct mount_op *op, bool is_dir, int rootfd)
{
	_cleanup_fd_ int target = rootpath_open_nofollow(rootfd, op->destination, O_PATH);
	struct stat st;

	if (target == -ENOENT)
		return rootpath_make_target(rootfd, op->destination, is_dir);
	if (target < 0 || fstat(target, &st) < 0)
		return target < 0 ? target : neg_errno();
	if (is_dir != (S_ISDIR(st.st_mode) != 0))
		return is_dir ? -ENOTDIR : -EISDIR;
	return take_fd(&target);
}

/*
 * A file and a directory cannot cover each other: ENOTDIR either way, as mount(2) has it, since
 * engines take a status from the words and add a hint of their own to them. Who calls davit
 * without one gets the same hint here.
 */
static int tell_clash(const struct mount_op *op, bool is_dir, struct err *e)
{
	err_set(e, ENOTDIR, "mount %s on %s: %s", mounts_what_of(op), op->destination,
		is_dir ? "a directory on a file" : "a file on a directory");
	return err_hint(e, "are you trying to mount a directory onto a file (or vice-versa)? Check "
			   "if the specified host path exists and is the expected type");
}

/* Whether the destination itself is a file; else one is on the way to it. */
static bool is_file(const struct mount_op *op, int rootfd)
{
	_cleanup_fd_ int fd = rootpath_open(rootfd, op->destination, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode);
}

int mounts_open_target(const struct mount_op *op, bool is_dir, int rootfd, struct err *e)
{
	int target;

	if (op->is_ordinary_dir) {
		target = open_ordinary_dir(rootfd, op->destination);
		if (target == -ENOTDIR)
			return err_set(e, ENOTDIR,
				       "mount %s on %s: must be mounted on ordinary directory",
				       mounts_what_of(op), op->destination);
	} else if (op->options.extras & MOUNT_DEST_NOFOLLOW) {
		target = open_link_or_target(op, is_dir, rootfd);
	} else {
		target = rootpath_make_target(rootfd, op->destination, is_dir);
	}
	if (target == -EISDIR || (target == -ENOTDIR && is_dir && is_file(op, rootfd)))
		return tell_clash(op, is_dir, e);
	if (target < 0)
		return err_set(e, -target, "make the mount point %s", op->destination);
	return target;
}

int mounts_check_target(const struct mount_op *op, int fd, int target,
			const struct mounts_root *root, struct err *e)
{
	struct mount_file at = { 0 };
	int r = mount_look(target, &at), is_in_proc = 0, is_proc = 0;

	if (r == 0 && !op->is_proc_allowed)
		is_in_proc = op->is_below_proc;
	if (r == 0 && !op->is_proc_allowed && !is_in_proc && at.may_be_procfs)
		is_in_proc = mount_has_magic(target, PROC_SUPER_MAGIC);
	if (is_in_proc > 0)
		is_proc = mount_has_magic(fd, PROC_SUPER_MAGIC);
	if (r == 0)
		r = is_in_proc < 0 ? is_in_proc : is_proc < 0 ? is_proc : 0;
	if (r < 0)
		return err_set(e, -r, "stat the mount point %s", op->destination);
	if (mount_file_is_same(&at, &root->file))
		return err_set(e, EINVAL, "mount %s on %s: it leads to the root itself",
			       mounts_what_of(op), op->destination);
	if (is_in_proc && !is_proc)
		return err_set(e, EINVAL,
			       "mount %s on %s: cannot be mounted because it is inside /proc",
			       mounts_what_of(op), op->destination);
	return 0;
}

int mounts_verify(const struct mount_op *op, const struct mount_file *own, int rootfd,
		  struct err *e)
{
	/* A link that was mounted would be followed. */
	bool is_last = op->is_ordinary_dir ||
		       (op->options.extras & (MOUNT_SOURCE_NOFOLLOW | MOUNT_DEST_NOFOLLOW));
	_cleanup_fd_ int now = is_last ? rootpath_open_nofollow(rootfd, op->destination, O_PATH)
				       : rootpath_open(rootfd, op->destination, O_PATH);
	struct mount_file at;
	int r = now < 0 ? now : mount_look(now, &at);

	if (r < 0)
		return err_set(e, -r, "look again at the mount on %s", op->destination);
	if (!mount_file_is_same(&at, own))
		return err_set(e, EBUSY, "mount %s on %s: something else stands there now",
			       mounts_what_of(op), op->destination);
	return 0;
}
