/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Controllers for the children of a cgroup (cgroupfs.h), and whether it can give any: the rule of
 * no internal processes, threaded domains, and moving processes out of the way.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/fmt.h"
#include "kernel/cgroupfs.h"
#include "kernel/file.h"

enum {
	LIST_SIZE = 512,
	TYPE_SIZE = 32,
	MOVE_ROUNDS = 32 /* of processes that fork meanwhile */
};

static int write_one(int dirfd, char sign, const char *name, size_t len)
{
	char text[40];

	fmt(text, sizeof(text), "%c%.*s", sign, (int)len, name);
	return cgroupfs_write(dirfd, "cgroup.subtree_control", text);
}

/* All by one write where the kernel takes it: each costs its grace periods. It takes all of a write
 * or nothing, without saying which, so that the one at fault is found one by one. */
static int write_missing(int dirfd, const char *names, const char *enabled)
{
	char text[LIST_SIZE];
	size_t at = 0;

	text[0] = '\0';
	for (size_t n; *(names += strspn(names, " ")); names += n) {
		n = strcspn(names, " ");
		if (!cgroupfs_has_word(enabled, names, n) && at + n + 3 < sizeof(text))
			at += fmt(text + at, sizeof(text) - at, "%s+%.*s", at ? " " : "", (int)n,
				  names);
	}
	return at ? cgroupfs_write(dirfd, "cgroup.subtree_control", text) : 0;
}

int cgroupfs_enable(int dirfd, const char *names, char ret_name[static 32])
{
	char enabled[LIST_SIZE];
	int r = file_read(dirfd, "cgroup.subtree_control", enabled, sizeof(enabled));

	ret_name[0] = '\0';
	if (r < 0 || write_missing(dirfd, names, enabled) == 0)
		return r < 0 ? r : 0;
	for (r = 0; r >= 0 && *(names += strspn(names, " ")); names += strcspn(names, " ")) {
		size_t n = strcspn(names, " ");

		if (cgroupfs_has_word(enabled, names, n))
			continue;
		r = write_one(dirfd, '+', names, n);
		if (r < 0)
			fmt(ret_name, 32, "%.*s", (int)n, names);
	}
	return r;
}

int cgroupfs_disable(int dirfd, const char *name)
{
	return write_one(dirfd, '-', name, strlen(name));
}

/* One that is in another pid namespace reads as 0, and counts. */
static int has_processes(int dirfd)
{
	_cleanup_fd_ int fd = openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char byte;
	ssize_t n = fd < 0 ? -1 : read(fd, &byte, 1);

	return n < 0 ? neg_errno() : n > 0;
}

int cgroupfs_get_room(int dirfd)
{
	char type[TYPE_SIZE];
	int r = file_read(dirfd, "cgroup.type", type, sizeof(type));

	if (r == -ENOENT) /* the root of the hierarchy */
		return CGROUPFS_ROOM;
	if (r < 0)
		return r;
	if (strcmp(type, "domain") != 0)
		return CGROUPFS_THREADED;
	r = has_processes(dirfd);
	return r < 0 ? r : r ? CGROUPFS_BUSY : CGROUPFS_ROOM;
}

int cgroupfs_make_usable(int dirfd)
{
	char type[TYPE_SIZE];
	int r = file_read(dirfd, "cgroup.type", type, sizeof(type));

	if (r < 0 || strcmp(type, "domain invalid") != 0)
		return r < 0 ? r : 0;
	return cgroupfs_write(dirfd, "cgroup.type", "threaded");
}

static int move_one(void *arg, pid_t pid)
{
	const int *to = arg;
	int r = cgroupfs_add_process(*to, pid);

	return r == -ESRCH ? 0 : r; /* it has ended */
}

int cgroupfs_move_all(int from_dirfd, int to_dirfd)
{
	int r = 1;

	for (int i = 0; i < MOVE_ROUNDS && r > 0; i++) {
		r = cgroupfs_each_own_pid(from_dirfd, move_one, &to_dirfd);
		if (r == 0)
			r = has_processes(from_dirfd);
	}
	return r > 0 ? -EBUSY : r;
}

bool cgroupfs_is_delegated(int dirfd)
{
	static const char *const marks[] = { "user.delegate", "trusted.delegate" };
	char value[1];

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (fgetxattr(dirfd, marks[i], value, sizeof(value)) == 1 && value[0] == '1')
			return true;
	return false;
}

bool cgroupfs_has_others(int dirfd, const char *one, const char *two)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	bool found = false;

	if (!dir) {
		close_fdp(&fd);
		return true; /* nobody knows */
	}
	while (!found && (d = readdir(dir)))
		found = d->d_type == DT_DIR && strcmp(d->d_name, ".") != 0 &&
			strcmp(d->d_name, "..") != 0 && !(one && strcmp(d->d_name, one) == 0) &&
			!(two && strcmp(d->d_name, two) == 0);
	closedir(dir);
	return found;
}
