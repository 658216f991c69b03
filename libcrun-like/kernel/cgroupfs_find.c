/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A cgroup by its id, which is its inode: whoever looks from another cgroup namespace has another
 * path for it. The kernel opens it by a file handle that has nothing else in it (Linux 5.5).
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/fmt.h"
#include "kernel/cgroupfs.h"

enum {
	HANDLE_KERNFS = 0xfe /* FILEID_KERNFS of the kernel */
};

static int path_of(int fd, char buf[static PATH_MAX])
{
	char link[32];
	ssize_t n;

	fmt(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlinkat(AT_FDCWD, link, buf, PATH_MAX - 1);
	if (n < 0)
		return neg_errno();
	buf[n] = '\0';
	return (int)n;
}

static int open_by_id(int rootfd, uint64_t id)
{
	_Alignas(struct file_handle) char buf[sizeof(struct file_handle) + sizeof(id)];
	struct file_handle *handle = (void *)buf;
	int fd;

	handle->handle_bytes = sizeof(id);
	handle->handle_type = HANDLE_KERNFS;
	memcpy(buf + offsetof(struct file_handle, f_handle), &id, sizeof(id));
	fd = open_by_handle_at(rootfd, handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? neg_errno() : fd;
}

int cgroupfs_find(int rootfd, uint64_t inode, char ret_path[static PATH_MAX])
{
	_cleanup_fd_ int fd = open_by_id(rootfd, inode), again = -1;
	char root[PATH_MAX];
	uint64_t found;
	int len = fd < 0 ? -ENOENT : path_of(rootfd, root);

	if (len >= 0 && path_of(fd, ret_path) < 0)
		len = -ENOENT;
	/* Not below our root, or not reachable at all. */
	if (len < 0 || strncmp(ret_path, root, (size_t)len) != 0 || ret_path[len] != '/')
		return -ENOENT;
	memmove(ret_path, ret_path + len, strlen(ret_path + len) + 1);
	again = cgroupfs_open(rootfd, ret_path);
	return again >= 0 && cgroupfs_get_inode(again, &found) == 0 && found == inode ? 0 : -ENOENT;
}
