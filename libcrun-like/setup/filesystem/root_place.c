/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See root_place.h.
 */
#include "setup/filesystem/root_place.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "kernel/entries.h"
#include "kernel/mount.h"

#define ROOT_NAME "root"

static int open_directory(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? neg_errno() : fd;
}

int root_place_prepare(int state_dirfd, struct root_place *place, struct err *e)
{
	struct stat st;

	if (mkdirat(state_dirfd, ROOT_PLACE_DIR, 0700) < 0 ||
	    mkdirat(state_dirfd, ROOT_PLACE_DIR "/" ROOT_NAME, 0700) < 0 ||
	    fstatat(state_dirfd, ROOT_PLACE_DIR, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "make the place of the container's root");
	*place = (struct root_place){ .inode = st.st_ino };
	return 0;
}

/* Attaching to a shared mount makes a copy for each of its peers, and the mount shared: nothing is
 * in it yet, and nothing that comes into it will follow. */
static int attach_place(int state_dirfd, struct root_place *place, int *ret_fd)
{
	_cleanup_fd_ int dir = open_directory(state_dirfd, ROOT_PLACE_DIR), fd = -1;
	int r = dir;

	if (r >= 0)
		r = fd = mount_clone(dir, "", 0, MS_PRIVATE, 0);
	if (r >= 0)
		r = mount_unique_id(fd, &place->mount_id);
	if (r >= 0)
		r = mount_attach(fd, dir);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return mount_set_propagation(*ret_fd, MS_PRIVATE);
}

static int attach_root(int place_fd, struct root_place *place, int tree)
{
	_cleanup_fd_ int dir = open_directory(place_fd, ROOT_NAME);
	int r = dir < 0 ? dir : mount_unique_id(tree, &place->root_id);

	return r < 0 ? r : mount_attach(tree, dir);
}

int root_place_attach(int state_dirfd, struct root_place *place, int tree, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	struct err ignored = { 0 };
	int r = attach_place(state_dirfd, place, &fd);

	if (r >= 0)
		r = attach_root(fd, place, tree);
	if (r >= 0)
		return 0;
	err_set(e, -r, "attach the root file system in the runtime's mount namespace");
	root_place_detach(state_dirfd, place, &ignored);
	return -e->code;
}

/* Without a record, the number that the directory above has for it: what is mounted on it does not
 * change that one. */
static int inode_below(int state_dirfd, uint64_t *ret)
{
	_Alignas(struct sys_dirent) char list[1024];
	_cleanup_fd_ int fd = openat(state_dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct entries entries = { fd, list, sizeof(list) };
	const struct sys_dirent *entry;

	if (fd < 0)
		return neg_errno();
	while ((entry = entries_next(&entries))) {
		if (strcmp(entry->name, ROOT_PLACE_DIR) != 0)
			continue;
		*ret = entry->inode;
		return 0;
	}
	return entries.len < 0 ? entries.len : -ENOENT;
}

/* 0 and -1 in *ret_fd: nothing is mounted. -EBUSY: what is mounted is not ours, or it is covered.
 */
static int find_place(int state_dirfd, const struct root_place *place, int *ret_fd)
{
	_cleanup_fd_ int fd = open_directory(state_dirfd, ROOT_PLACE_DIR);
	uint64_t inode = place->inode, id = 0;
	struct stat above, st;
	int r = fd < 0 ? fd : mount_is_root(fd);

	*ret_fd = -1;
	if (r <= 0)
		return r == -ENOENT ? 0 : r;
	r = inode ? 0 : inode_below(state_dirfd, &inode);
	if (r >= 0)
		r = mount_unique_id(fd, &id);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || fstat(state_dirfd, &above) < 0)
		return neg_errno();
	if (st.st_ino != inode || st.st_dev != above.st_dev ||
	    (place->mount_id && id != place->mount_id))
		return -EBUSY;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int tell_busy(struct err *e)
{
	err_kind(e, ERR_STATE, EBUSY,
		 "something else is mounted on \"" ROOT_PLACE_DIR "\" in the state directory");
	return err_hint(e, "unmount it first: davit takes off what it mounted, and nothing else");
}

int root_place_open(int state_dirfd, const struct root_place *place, int *ret_fd, struct err *e)
{
	_cleanup_fd_ int fd = -1, root = -1;
	uint64_t id = 0;
	int r = find_place(state_dirfd, place, &fd);

	if (r == -EBUSY)
		return tell_busy(e);
	if (r == 0)
		r = root = fd < 0 ? -ENOENT : open_directory(fd, ROOT_NAME);
	if (r >= 0)
		r = mount_unique_id(root, &id);
	if (r < 0) {
		err_set(e, -r, "open the container's root");
		return err_hint(e, "a container without a mount namespace is to be entered from "
				   "the one that it was created in");
	}
	/* Root in the container may mount over "/" as well, and so may whoever finds the place. */
	if (id != place->root_id)
		return err_kind(e, ERR_STATE, EBUSY,
				"something is mounted over the container's root");
	*ret_fd = take_fd(&root);
	return 0;
}

int root_place_detach(int state_dirfd, const struct root_place *place, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	int r = find_place(state_dirfd, place, &fd);

	if (r == -EBUSY)
		return tell_busy(e);
	if (r < 0 || fd < 0)
		return r < 0 ? err_set(e, -r, "look for the container's mounts") : 0;
	/* Or a bind that config.json wants to be a peer of the host's would take what is mounted in
	 * it off the host, too. */
	r = mount_set_propagation(fd, MS_PRIVATE | MS_REC);
	if (r == 0)
		r = mount_detach_at(state_dirfd, ROOT_PLACE_DIR);
	return r < 0 ? err_set(e, -r, "take the container's mounts off") : 0;
}
