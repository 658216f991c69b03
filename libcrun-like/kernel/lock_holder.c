/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See lock_holder.h.
 */
#include "kernel/lock_holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "kernel/process.h"
#include "kernel/sys.h"

enum {
	LINE_SIZE = 256
};

/* "1: FLOCK  ADVISORY  WRITE 4711 fd:00:4242 0 EOF": pid, then device and inode of the file. Who
 * only waits has an arrow before FLOCK. */
static bool parse_lock(const char *line, ino_t inode, pid_t *ret_pid)
{
	unsigned long long found;
	unsigned major, minor;
	int pid;

	if (sscanf(line, "%*d: FLOCK ADVISORY WRITE %d %x:%x:%llu", &pid, &major, &minor, &found) !=
	    4)
		return false;
	if (found != inode || pid <= 1)
		return false;
	*ret_pid = pid;
	return true;
}

/* The locks of one open file description, as /proc/PID/fdinfo/FD lists them. */
static bool holds_lock(pid_t pid, const char *number, ino_t inode)
{
	char path[64], line[LINE_SIZE];
	bool is_found = false;
	pid_t ignored;
	FILE *f;

	fmt(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)pid, number);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!is_found && fgets(line, sizeof(line), f))
		is_found = strncmp(line, "lock:", 5) == 0 && parse_lock(line + 5, inode, &ignored);
	fclose(f);
	return is_found;
}

/* Whether one of the descriptors of @pid is that very file, and holds the lock. */
static bool has_locked(pid_t pid, const struct stat *file)
{
	const struct dirent *entry;
	bool is_found = false;
	struct stat st;
	char path[40];
	DIR *dir;

	fmt(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && !is_found && (entry = readdir(dir)))
		is_found = entry->d_name[0] != '.' &&
			   fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
			   st.st_dev == file->st_dev && st.st_ino == file->st_ino &&
			   holds_lock(pid, entry->d_name, file->st_ino);
	if (dir)
		closedir(dir);
	return is_found;
}

/* The numbers of a /proc that is another pid namespace's mean other processes to us. */
static bool has_own_proc(void)
{
	char text[16], own[16];
	ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	fmt(own, sizeof(own), "%d", (int)getpid());
	return strcmp(text, own) == 0;
}

bool lock_is_held_by(int fd, pid_t pid, int pidfd)
{
	struct stat st;

	/* The end last: what was read before it was of the process that the pidfd pins. */
	return fstat(fd, &st) == 0 && has_locked(pid, &st) && !process_has_ended(pidfd);
}

int lock_find_holder(int fd, pid_t *ret_pid, int *ret_pidfd)
{
	char line[LINE_SIZE];
	bool is_found = false;
	struct stat st;
	pid_t pid;
	FILE *f;

	if (!has_own_proc())
		return -ESRCH;
	if (fstat(fd, &st) < 0)
		return neg_errno();
	f = fopen("/proc/locks", "re");
	if (!f)
		return neg_errno();
	while (!is_found && fgets(line, sizeof(line), f)) {
		_cleanup_fd_ int pidfd = -1;

		if (!parse_lock(line, st.st_ino, &pid))
			continue;
		pidfd = sys_pidfd_open(pid);
		if (pidfd < 0 || !lock_is_held_by(fd, pid, pidfd))
			continue;
		is_found = true;
		*ret_pid = pid;
		*ret_pidfd = take_fd(&pidfd);
	}
	fclose(f);
	return is_found ? 0 : -ESRCH;
}
