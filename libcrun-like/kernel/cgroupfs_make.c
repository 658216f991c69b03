/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See cgroupfs.h: making a cgroup and its parents.
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/path.h"
#include "kernel/cgroupfs.h"
#include "kernel/cgroupfs_parts.h"

enum {
	MAKE_TRIES = 64
};

/* Opens the child @name, made when it is missing. */
static int make_child(int dirfd, const char *name, bool *ret_was_there)
{
	bool was_there = mkdirat(dirfd, name, 0755) < 0;
	int fd;

	if (was_there && errno != EEXIST)
		return neg_errno();
	fd = cgroupfs_open(dirfd, name);
	if (fd < 0 && !was_there)
		(void)unlinkat(dirfd, name, AT_REMOVEDIR); /* the first error is what matters */
	*ret_was_there = was_there;
	return fd;
}

/* One try. *@ret_begun: how much of @path was made or passed, to be removed after a failure. */
static int make_path(int rootfd, const char *path, struct cgroupfs_made *ret, size_t *ret_begun)
{
	_cleanup_fd_ int fd = cgroupfs_open(rootfd, "");
	const char *at = path;
	bool was_there = true;
	char name[NAME_MAX + 1];
	size_t len;
	int r;

	if (fd < 0)
		return fd;
	for (; (len = path_component(&at)) > 0; at += len) {
		int child;

		/* The parent's mark; ignored: without it an empty parent stays, no harm. */
		if (!was_there)
			(void)fsetxattr(fd, CGROUPFS_MARK, CGROUPFS_MADE, 1, 0);
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, at, len);
		name[len] = '\0';
		child = make_child(fd, name, &was_there);
		if (child < 0)
			return child;
		*ret_begun = (size_t)(at - path) + len;
		close(fd);
		fd = child;
	}
	r = cgroupfs_get_inode(fd, &ret->inode);
	if (r < 0) {
		/* Marked like a parent, it is removed like one. */
		if (!was_there)
			(void)fsetxattr(fd, CGROUPFS_MARK, CGROUPFS_MADE, 1, 0);
		return r;
	}
	ret->was_there = was_there;
	ret->dirfd = take_fd(&fd);
	return 0;
}

int cgroupfs_make(int rootfd, const char *path, struct cgroupfs_made *ret)
{
	struct cgroupfs_made made = { .dirfd = -1 };
	char begun[PATH_MAX];
	size_t len = 0;
	int r = -ENOENT;

	if (path_has_dotdot(path) || strlen(path) >= sizeof(begun))
		return -EINVAL;
	/* ENOENT, ENODEV: an empty parent was removed by the delete of its last container. */
	for (int i = 0; i < MAKE_TRIES && (r == -ENOENT || r == -ENODEV); i++)
		r = make_path(rootfd, path, &made, &len);
	if (r < 0) {
		memcpy(begun, path, len);
		begun[len] = '\0';
		cgroupfs_remove_parents(rootfd, begun);
		return r;
	}
	*ret = made;
	return 0;
}
