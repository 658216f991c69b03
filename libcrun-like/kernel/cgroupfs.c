/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See cgroupfs.h: finding the hierarchy, files of cgroups, events, and killing. Making them is in
 * cgroupfs_make.c, removal in cgroupfs_remove.c, controllers in cgroupfs_enable.c.
 */
#include "kernel/cgroupfs.h"

#include <dirent.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "base/clock.h"
#include "base/fmt.h"
#include "base/path.h"
#include "kernel/cgroupfs_parts.h"
#include "kernel/file.h"
#include "kernel/sys.h"

enum {
	OPEN_TRIES = 128,
	KILL_ROUNDS = 100, /* a fork bomb, where there is no cgroup.kill and no freezer */
	LIST_DEPTH_MAX = 256,
	FREEZE_MS = 2000
};

static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

int cgroupfs_open_root_at(const char *root)
{
	_cleanup_fd_ int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return neg_errno();
	return fs.f_type == CGROUP2_SUPER_MAGIC ? take_fd(&fd) : -EINVAL;
}

int cgroupfs_open_root(const char **ret_path)
{
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		int fd = cgroupfs_open_root_at(roots[i]);

		if (fd >= 0) {
			if (ret_path)
				*ret_path = roots[i];
			return fd;
		}
		/* EINVAL: it is something else. Any other error does not say that there is none. */
		if (fd != -ENOENT && fd != -EINVAL && r == -ENOENT)
			r = fd;
	}
	return r;
}

static int open_below(int dirfd, const char *path)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd = -EAGAIN;

	/* A rename raced with the walk. */
	for (int i = 0; i < OPEN_TRIES && fd == -EAGAIN; i++)
		fd = sys_openat2(dirfd, path, &how);
	return fd;
}

int cgroupfs_open(int rootfd, const char *path)
{
	if (path_has_dotdot(path))
		return -EINVAL;
	path += strspn(path, "/");
	return open_below(rootfd, *path ? path : ".");
}

int cgroupfs_set_owner(int dirfd, const char *owner)
{
	size_t len = strlen(owner);

	if (fsetxattr(dirfd, CGROUPFS_OWNER_TRUSTED, owner, len, 0) == 0)
		return 0;
	return fsetxattr(dirfd, CGROUPFS_OWNER, owner, len, 0) < 0 ? neg_errno() : 0;
}

int cgroupfs_get_owner(int dirfd, char *buf, size_t size)
{
	ssize_t n = fgetxattr(dirfd, CGROUPFS_OWNER_TRUSTED, buf, size - 1);

	if (n < 0)
		n = fgetxattr(dirfd, CGROUPFS_OWNER, buf, size - 1);
	if (n < 0)
		return neg_errno();
	buf[n] = '\0';
	return 0;
}

void cgroupfs_clear_owner(int dirfd)
{
	(void)fremovexattr(dirfd, CGROUPFS_OWNER_TRUSTED); /* whichever there is */
	(void)fremovexattr(dirfd, CGROUPFS_OWNER);
}

int cgroupfs_get_inode(int dirfd, uint64_t *ret)
{
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return neg_errno();
	*ret = st.st_ino;
	return 0;
}

static int read_path(const char *file, char *buf, size_t size)
{
	char text[8192];
	int r = file_read(AT_FDCWD, file, text, sizeof(text));
	size_t len;

	if (r < 0)
		return r;
	for (const char *line = text; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		if (len - 3 >= size)
			return -ENAMETOOLONG;
		memcpy(buf, line + 3, len - 3);
		buf[len - 3] = '\0';
		return 0;
	}
	return -ENOENT;
}

int cgroupfs_get_own_path(char *buf, size_t size)
{
	return read_path("/proc/self/cgroup", buf, size);
}

int cgroupfs_get_path_of(pid_t pid, char *buf, size_t size)
{
	char file[40];

	fmt(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	return read_path(file, buf, size);
}

/* A line of /proc/cgroups: name, hierarchy (0: v2 or none), number, enabled. */
bool cgroupfs_is_on_v1(const char *controller)
{
	const char *name = strcmp(controller, "io") == 0 ? "blkio" : controller;
	char text[4096];
	size_t len = strlen(name);

	if (file_read(AT_FDCWD, "/proc/cgroups", text, sizeof(text)) < 0)
		return false;
	for (const char *line = text; *line;) {
		if (strncmp(line, name, len) == 0 && line[len] == '\t')
			return line[len + 1] != '0';
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return false;
}

int cgroupfs_write(int dirfd, const char *file, const char *text)
{
	/* No O_TRUNC, no O_CREAT: what is not there is an error. */
	_cleanup_fd_ int fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? neg_errno() : file_write_once(fd, text);
}

int cgroupfs_add_process(int dirfd, pid_t pid)
{
	char text[16];

	fmt(text, sizeof(text), "%d", (int)pid);
	return cgroupfs_write(dirfd, "cgroup.procs", text);
}

bool cgroupfs_has_word(const char *list, const char *word, size_t len)
{
	for (size_t n; *(list += strspn(list, " \n")); list += n) {
		n = strcspn(list, " \n");
		if (n == len && memcmp(list, word, len) == 0)
			return true;
	}
	return false;
}

static int read_event(int fd, const char *key)
{
	char buf[256];
	ssize_t n = pread(fd, buf, sizeof(buf) - 1, 0);
	size_t len = strlen(key);

	if (n < 0) /* ENODEV: the cgroup was removed after the open */
		return errno == ENODEV ? -ENOENT : neg_errno();
	buf[n] = '\0';
	for (const char *line = buf; *line;) {
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return line[len + 1] == '1';
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return -EOPNOTSUPP;
}

int cgroupfs_get_event(int dirfd, const char *key)
{
	_cleanup_fd_ int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? neg_errno() : read_event(fd, key);
}

int cgroupfs_wait_event(int dirfd, const char *key, bool value, unsigned ms)
{
	_cleanup_fd_ int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t end = clock_msec() + ms;

	if (fd < 0)
		return neg_errno();
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		int64_t left;
		int r = read_event(fd, key); /* before poll: it arms the notification */

		if (r < 0 || r == (int)value)
			return r < 0 ? r : 0;
		left = end - clock_msec();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)(left < INT_MAX ? left : INT_MAX)) < 0 && errno != EINTR)
			return neg_errno();
	}
}

int cgroupfs_freeze(int dirfd, bool frozen, unsigned ms)
{
	int r = cgroupfs_write(dirfd, "cgroup.freeze", frozen ? "1" : "0");

	return r < 0 ? r : cgroupfs_wait_event(dirfd, "frozen", frozen, ms);
}

/* Reads a list of numbers in pieces: it may be longer than any buffer, and a number may be split.
 */
static int each_number(int dirfd, const char *file, cgroupfs_pid_fn *each, void *arg)
{
	_cleanup_fd_ int fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC);
	char buf[4096];
	pid_t pid = 0;
	ssize_t n;
	int r = 0;

	if (fd < 0)
		return neg_errno();
	while (r == 0 && (n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ENODEV ? 0 : neg_errno(); /* it is gone */
		for (ssize_t i = 0; i < n && r == 0; i++) {
			if (buf[i] >= '0' && buf[i] <= '9') {
				pid = pid * 10 + (buf[i] - '0');
				continue;
			}
			r = pid > 0 ? each(arg, pid) : 0;
			pid = 0;
		}
	}
	return r;
}

struct leaders {
	cgroupfs_pid_fn *each;
	void *arg;
};

/* Of threads, those that a process is named after. */
static int pass_leader(void *arg, pid_t tid)
{
	const struct leaders *l = arg;
	_cleanup_fd_ int pidfd = sys_pidfd_open(tid);

	return pidfd < 0 ? 0 : l->each(l->arg, tid);
}

int cgroupfs_each_own_pid(int dirfd, cgroupfs_pid_fn *each, void *arg)
{
	struct leaders leaders = { each, arg };
	int r = each_number(dirfd, "cgroup.procs", each, arg);

	/* A threaded cgroup lists threads alone. */
	return r == -EOPNOTSUPP ? each_number(dirfd, "cgroup.threads", pass_leader, &leaders) : r;
}

static int each_pid_below(int dirfd, cgroupfs_pid_fn *each, void *arg, unsigned depth)
{
	int r = cgroupfs_each_own_pid(dirfd, each, arg), fd;
	struct dirent *d;
	DIR *dir;

	if (r != 0 || depth == LIST_DEPTH_MAX)
		return r ? r : -ELOOP;
	fd = open_below(dirfd, "."); /* an offset of its own */
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		close_fdp(&fd);
		return neg_errno();
	}
	while (r == 0 && (d = readdir(dir))) {
		_cleanup_fd_ int child = -1;

		if (d->d_type != DT_DIR || d->d_name[0] == '.')
			continue;
		child = open_below(dirfd, d->d_name);
		if (child >= 0)
			r = each_pid_below(child, each, arg, depth + 1);
		else if (child != -ENOENT)
			r = child;
		r = r == -ENOENT ? 0 : r; /* removed while we looked */
	}
	closedir(dir);
	return r;
}

int cgroupfs_each_pid(int dirfd, cgroupfs_pid_fn *each, void *arg)
{
	return each_pid_below(dirfd, each, arg, 0);
}

/* The number is used at once, and the pidfd is only kept when the process is still in the list: a
 * number that was given to another process in between is not signalled. */
struct recheck {
	pid_t wanted;
	int dirfd, sig;
	unsigned *killed;
};

static int is_same(void *arg, pid_t pid)
{
	return pid == ((const struct recheck *)arg)->wanted ? 1 : 0;
}

static int signal_one(void *arg, pid_t pid)
{
	struct recheck *look = arg;
	_cleanup_fd_ int pidfd = sys_pidfd_open(pid);

	look->wanted = pid;
	if (pidfd >= 0 && cgroupfs_each_pid(look->dirfd, is_same, look) == 1 &&
	    sys_pidfd_send_signal(pidfd, look->sig) == 0)
		++*look->killed;
	return 0;
}

int cgroupfs_signal(int dirfd, int sig)
{
	unsigned reached = 0;
	struct recheck look = { .dirfd = dirfd, .sig = sig, .killed = &reached };

	return cgroupfs_each_pid(dirfd, signal_one, &look);
}

/* Where cgroup.kill is missing: frozen processes cannot fork, so one round finds all of them. */
static int kill_each(int dirfd)
{
	bool was_frozen = cgroupfs_get_event(dirfd, "frozen") == 1;
	unsigned killed = 1;
	int r = 0;

	/* Ignored: what cannot be frozen in time is killed all the same, in more rounds. */
	if (!was_frozen)
		(void)cgroupfs_freeze(dirfd, true, FREEZE_MS);
	for (int i = 0; i < KILL_ROUNDS && killed > 0 && r == 0; i++) {
		struct recheck look = { .dirfd = dirfd, .sig = SIGKILL, .killed = &killed };

		killed = 0;
		r = cgroupfs_each_pid(dirfd, signal_one, &look);
		if (i == 0) /* never left frozen; the dead can only go when thawed before 5.2.1 */
			(void)cgroupfs_write(dirfd, "cgroup.freeze", "0");
		if (killed > 0 && cgroupfs_wait_event(dirfd, "populated", false, 20) == 0)
			break;
	}
	return r;
}

int cgroupfs_kill(int dirfd)
{
	int r = cgroupfs_write(dirfd, "cgroup.kill", "1"); /* Linux 5.14; also when frozen */

	return r == -ENOENT || r == -EOPNOTSUPP ? kill_each(dirfd) : r;
}
