/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See namespace.h.
 */
#include "kernel/namespace.h"

#include <linux/magic.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fmt.h"
#include "kernel/sys.h"

enum {
	FIRST_USER_NS_INODE = 0xEFFFFFFDU /* PROC_USER_INIT_INO; fixed since Linux 3.8 */
};

int namespace_open(const char *path, int flag, int *ret_fd)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct statfs fs;
	int type;

	if (fd < 0)
		return neg_errno();
	if (fstatfs(fd, &fs) < 0)
		return neg_errno();
	if (fs.f_type != NSFS_MAGIC)
		return -EINVAL;
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return neg_errno();
	if (type != flag)
		return -EMEDIUMTYPE;
	*ret_fd = take_fd(&fd);
	return 0;
}

static const struct {
	int flag;
	const char *path;
} own_paths[] = {
	{ CLONE_NEWPID, "/proc/self/ns/pid" },       { CLONE_NEWNET, "/proc/self/ns/net" },
	{ CLONE_NEWNS, "/proc/self/ns/mnt" },        { CLONE_NEWIPC, "/proc/self/ns/ipc" },
	{ CLONE_NEWUTS, "/proc/self/ns/uts" },       { CLONE_NEWUSER, "/proc/self/ns/user" },
	{ CLONE_NEWCGROUP, "/proc/self/ns/cgroup" }, { CLONE_NEWTIME, "/proc/self/ns/time" },
};

int namespace_open_own(int flag, int *ret_fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_paths); i++) {
		int fd;

		if (own_paths[i].flag != flag)
			continue;
		fd = open(own_paths[i].path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return neg_errno();
		*ret_fd = fd;
		return 0;
	}
	return -EINVAL;
}

int namespace_differs(pid_t pid, int flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_paths); i++) {
		struct stat own, other;
		char path[48];

		if (own_paths[i].flag != flag)
			continue;
		fmt(path, sizeof(path), "/proc/%d%s", (int)pid,
		    own_paths[i].path + strlen("/proc/self"));
		if (stat(own_paths[i].path, &own) < 0)
			/* A kernel without this type. */
			return errno == ENOENT ? 0 : neg_errno();
		if (stat(path, &other) < 0)
			return neg_errno();
		return own.st_ino != other.st_ino || own.st_dev != other.st_dev;
	}
	return -EINVAL;
}

/* The kernel makes it with close-on-exec. */
static int open_related(int fd, unsigned long which, int *ret_fd)
{
	int other = ioctl(fd, which);

	if (other < 0)
		return neg_errno();
	*ret_fd = other;
	return 0;
}

int namespace_open_owner(int fd, int *ret_fd)
{
	return open_related(fd, NS_GET_USERNS, ret_fd);
}

int namespace_open_parent(int fd, int *ret_fd)
{
	return open_related(fd, NS_GET_PARENT, ret_fd);
}

int namespace_type(int fd)
{
	int type = ioctl(fd, NS_GET_NSTYPE);

	return type < 0 ? 0 : type;
}

bool namespace_is_same(int fd, int other)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

bool namespace_user_is_first(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) < 0 || st.st_ino == FIRST_USER_NS_INODE;
}

int namespace_join(int fd, int flag)
{
	return setns(fd, flag) < 0 ? neg_errno() : 0;
}

static int change_root(int root, int cwd)
{
	if (fchdir(root) < 0 || chroot(".") < 0 || fchdir(cwd) < 0)
		return neg_errno();
	return 0;
}

static int open_place(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? neg_errno() : fd;
}

static void forget(struct namespace_visit *v)
{
	close_fdp(&v->ns);
	close_fdp(&v->root);
	close_fdp(&v->cwd);
}

int namespace_come_back(struct namespace_visit *v)
{
	int r = namespace_join(v->ns, CLONE_NEWNS);

	if (r == 0)
		r = change_root(v->root, v->cwd);
	forget(v);
	return r;
}

/* One that was made outside of the caller's user namespace can be left, and not entered again. */
static int check_way_back(int ns)
{
	_cleanup_fd_ int owner = -1;

	return namespace_open_owner(ns, &owner);
}

int namespace_visit_mounts(int pidfd, pid_t pid, struct namespace_visit *ret)
{
	_cleanup_fd_ int root = -1;
	char path[40];
	int r;

	*ret = (struct namespace_visit){ -1, -1, -1 };
	fmt(path, sizeof(path), "/proc/%d/root", (int)pid);
	root = open_place(path);
	ret->root = open_place("/");
	ret->cwd = open_place(".");
	r = namespace_open_own(CLONE_NEWNS, &ret->ns);
	if (root < 0 || ret->root < 0 || ret->cwd < 0)
		r = root < 0 ? root : ret->root < 0 ? ret->root : ret->cwd;
	if (r == 0)
		r = check_way_back(ret->ns);
	if (r == 0)
		r = namespace_join(pidfd, CLONE_NEWNS);
	if (r < 0) {
		forget(ret);
		return r;
	}
	r = change_root(root, root);
	if (r < 0)
		(void)!namespace_come_back(ret); /* it is the error before that counts */
	return r;
}

int namespace_loopback_up(void)
{
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = { .ifr_name = "lo" };

	if (fd < 0)
		return neg_errno();
	if (ioctl(fd, SIOCGIFFLAGS, &req) < 0)
		return neg_errno();
	req.ifr_flags = (short)(req.ifr_flags | IFF_UP);
	return ioctl(fd, SIOCSIFFLAGS, &req) < 0 ? neg_errno() : 0;
}
