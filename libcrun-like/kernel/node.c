/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See node.h.
 */
#include "kernel/node.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "kernel/mount.h"
#include "kernel/sys.h"

int node_open_host(const char *path, mode_t type, dev_t rdev, int *ret_fd)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return neg_errno();
	if ((st.st_mode & S_IFMT) != type || st.st_rdev != rdev)
		return -ENODEV;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* On the file system of the state root nodes are mostly forbidden (nodev); the copy alone allows
 * it. */
static int clone_node(int dirfd, const char *name, mode_t type, dev_t rdev, int *ret_tree)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), tree = -1;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return neg_errno();
	if ((st.st_mode & S_IFMT) != type || st.st_rdev != rdev)
		return -ESTALE;
	tree = mount_clone(fd, "", 0, MS_PRIVATE, 0);
	r = tree < 0 ? tree
		     : mount_set_attrs(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
				       MOUNT_ATTR_NODEV, false);
	if (r == 0)
		*ret_tree = take_fd(&tree);
	return r;
}

int node_make(int dirfd, const char *name, mode_t mode, dev_t rdev, uid_t uid, gid_t gid,
	      int *ret_tree)
{
	int r;

	if (mknodat(dirfd, name, mode, rdev) < 0)
		return neg_errno();
	/* mknod(2)'s mode was cut by the umask. */
	if (fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(dirfd, name, mode & 07777, 0) < 0)
		r = neg_errno();
	else
		r = clone_node(dirfd, name, mode & S_IFMT, rdev, ret_tree);
	if (r < 0)
		(void)unlinkat(dirfd, name, 0); /* the directory goes anyway */
	return r;
}

int node_touch(int dirfd, const char *name, int *ret_fd)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		_cleanup_fd_ int made = openat(
			dirfd, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

		if (made < 0 && errno != EEXIST)
			return neg_errno();
		fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return neg_errno();
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	*ret_fd = take_fd(&fd);
	return 0;
}

int node_attach(int tree, int target)
{
	return sys_move_mount(tree, "", target, "",
			      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static int mount_id(int fd, uint64_t *ret_id)
{
	struct sys_statx st;
	int r = sys_statx(fd, SYS_STATX_MNT_ID, &st);

	if (r < 0)
		return r;
	if (!(st.mask & SYS_STATX_MNT_ID))
		return -EOPNOTSUPP;
	*ret_id = st.mount_id;
	return 0;
}

int node_check_mount(int fd, int tree)
{
	uint64_t id = 0, wanted = 0;
	int r = mount_id(fd, &id);

	if (r == 0)
		r = mount_id(tree, &wanted);
	if (r < 0)
		return r;
	return id == wanted ? 0 : -ESTALE;
}

int node_bind(int tree, int dirfd, const char *name, int target)
{
	_cleanup_fd_ int seen = -1;
	int r = node_attach(tree, target);

	if (r < 0)
		return r;
	seen = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (seen < 0)
		return neg_errno();
	return node_check_mount(seen, tree);
}
