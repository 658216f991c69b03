/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See procfs.h. A private instance is never attached anywhere, so it goes away with its fd.
 */
#include "kernel/procfs.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fmt.h"
#include "kernel/file.h"
#include "kernel/sys.h"

enum {
	PROC_ROOT_INODE = 1, /* a bind mount of a part of a procfs has another */
};

/* -EXDEV when @fd is not the root of a procfs. */
static int check_root(int fd)
{
	struct statfs fs;
	struct sys_statx st;
	int r;

	if (fstatfs(fd, &fs) < 0)
		return neg_errno();
	if (fs.f_type != PROC_SUPER_MAGIC)
		return -EXDEV;
	r = sys_statx(fd, SYS_STATX_INO, &st);
	if (r < 0)
		return r;
	if (st.inode != PROC_ROOT_INODE)
		return -EXDEV;
	return 0;
}

static int open_new(bool full, int *ret_fd)
{
	_cleanup_fd_ int fs = sys_fsopen("proc");
	_cleanup_fd_ int mnt = -1;
	int r;

	if (fs < 0)
		return fs;
	if (!full) {
		r = sys_fsconfig(fs, FSCONFIG_SET_STRING, "subset", "pid", 0);
		if (r < 0)
			return r;
	}
	r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r < 0)
		return r;
	mnt = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (mnt < 0)
		return mnt;
	r = check_root(mnt);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&mnt);
	return 0;
}

bool procfs_is_there(void)
{
	char text[16];

	return readlink("/proc/self", text, sizeof(text)) > 0;
}

int procfs_open_private(bool full, int *ret_fd)
{
	_cleanup_fd_ int fd = -1;
	int r = open_new(full, ret_fd);

	if (r != -EPERM && r != -EACCES)
		return r;
	fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return neg_errno();
	r = check_root(fd);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* No link, no mount, no way out: what is reached is an inode of this procfs instance. */
static int open_beneath(int procfd, const char *name, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};
	int fd, tries = 0;

	do
		fd = sys_openat2(procfd, name, &how);
	while ((fd == -EAGAIN || fd == -EINTR) && ++tries < 128);
	return fd;
}

int procfs_self_pid(int procfd, pid_t *ret_pid)
{
	/* The link itself is opened and then read by its fd: a mount over it is noticed. */
	_cleanup_fd_ int fd = open_beneath(procfd, "self", O_PATH | O_NOFOLLOW);
	char text[16];
	ssize_t len;
	pid_t pid = 0;

	if (fd < 0)
		return fd;
	len = readlinkat(fd, "", text, sizeof(text));
	if (len < 0)
		return errno == ENOENT ? -ESRCH : neg_errno();
	for (ssize_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || pid > 100 * 1000 * 1000)
			return -ESRCH;
		pid = pid * 10 + (text[i] - '0');
	}
	if (pid == 0)
		return -ESRCH;
	*ret_pid = pid;
	return 0;
}

int procfs_open_pid_file(int procfd, pid_t pid, const char *name, int flags)
{
	char path[128];

	if (pid <= 0)
		return -ESRCH;
	if (fmt(path, sizeof(path), "%d/%s", (int)pid, name) >= sizeof(path))
		return -ENAMETOOLONG;
	return open_beneath(procfd, path, flags);
}

int procfs_write(int procfd, const char *name, const char *value)
{
	_cleanup_fd_ int fd = open_beneath(procfd, name, O_WRONLY);

	return fd < 0 ? fd : file_write_once(fd, value);
}

int procfs_write_pid_file(int procfd, pid_t pid, const char *name, const char *value)
{
	_cleanup_fd_ int fd = procfs_open_pid_file(procfd, pid, name, O_WRONLY);

	return fd < 0 ? fd : file_write_once(fd, value);
}
