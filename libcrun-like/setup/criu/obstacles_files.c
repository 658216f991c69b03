/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See obstacles.h: open files, and what is mapped. Files may be those of a hostile file system:
 * they are never opened, and their attributes are those that the kernel has already
 * (AT_STATX_DONT_SYNC).
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fmt.h"
#include "kernel/mountinfo.h"
#include "kernel/sys.h"
#include "setup/criu/obstacles_parts.h"

enum {
	MEM_MAJOR = 1,
	TTY_MAJOR = 4,
	TTYAUX_MAJOR = 5,
	MISC_MAJOR = 10,
	TUN_MINOR = 200,
	AUTOFS_MINOR = 235,
	PTY_MASTER_MAJOR = 128,
	PTY_SLAVE_MAJOR = 136,
	PTY_LAST_MAJOR = 143,
	USB_SERIAL_MAJOR = 188,
	SERIAL_MAJOR = 204,
	GHOST_MAX = 1024 * 1024 /* of a removed file: criu's own limit */
};

struct open_file {
	pid_t pid;
	int fd;
	char link[PATH_MAX];
	struct sys_statx st;
	char info[4096]; /* of /proc/PID/fdinfo, as much as matters */
};

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void tell(struct obstacles *o, const struct open_file *f, const char *what)
{
	obstacle_tell(o, "process %d: descriptor %d, %s: %s", (int)f->pid, f->fd, f->link, what);
}

static bool is_terminal(unsigned major, unsigned minor)
{
	switch (major) {
	case TTY_MAJOR:
		return minor >= 1 && minor <= 63;
	case TTYAUX_MAJOR:
		return minor <= 2;
	case USB_SERIAL_MAJOR:
	case SERIAL_MAJOR:
		return true;
	default:
		return major >= PTY_MASTER_MAJOR && major <= PTY_LAST_MAJOR;
	}
}

static bool knows_device(unsigned major, unsigned minor)
{
	return major == MEM_MAJOR || is_terminal(major, minor) ||
	       (major == MISC_MAJOR && (minor == TUN_MINOR || minor == AUTOFS_MINOR));
}

static bool knows_anonymous(const char *link)
{
	static const char *const known[] = { "[eventfd]",  "[eventpoll]", "inotify", "[fanotify]",
					     "[signalfd]", "[timerfd]",   "[pidfd]", "bpf-map" };
	const char *name = strchr(link, ':') + 1;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (begins_with(name, known[i]))
			return true;
	return false;
}

static uint64_t find_value(const char *info, const char *name)
{
	const char *at = strstr(info, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* One of those that criu is told of as the first process's standard streams. */
static bool is_stream(const struct obstacles *o, const struct open_file *f)
{
	dev_t dev = makedev(f->st.on_device[0], f->st.on_device[1]);
	dev_t rdev = makedev(f->st.device[0], f->st.device[1]);
	char file[STREAM_KEY_SIZE], tty[STREAM_KEY_SIZE];

	fmt(file, sizeof(file), "file[%llx:%llx]",
	    (unsigned long long)find_value(f->info, "mnt_id:\t"), (unsigned long long)f->st.inode);
	fmt(tty, sizeof(tty), "tty[%llx:%llx]", (unsigned long long)rdev, (unsigned long long)dev);
	for (size_t i = 0; i < STREAMS; i++)
		if (strcmp(o->streams[i].key, file) == 0 || strcmp(o->streams[i].key, tty) == 0)
			return true;
	return false;
}

static bool has_mount(const struct obstacles *o, const struct open_file *f)
{
	uint64_t id = find_value(f->info, "mnt_id:\t");

	/* A process with mounts of its own: criu dumps those too. */
	if (obstacle_namespace(f->pid, "mnt") != obstacle_namespace(o->subject->init, "mnt"))
		return true;
	for (size_t i = 0; i < o->mounts.count; i++)
		if (o->mounts.items[i].id == id)
			return true;
	return false;
}

static bool is_removed(const struct open_file *f)
{
	static const char mark[] = " (deleted)";
	size_t len = strlen(f->link);

	return len > strlen(mark) && strcmp(f->link + len - strlen(mark), mark) == 0;
}

/* A file with a name: criu opens it by that name again. */
static void look_at_path(struct obstacles *o, const struct open_file *f)
{
	bool is_file = S_ISREG(f->st.mode);

	if (is_stream(o, f) || begins_with(f->link, "/memfd:"))
		return;
	if (!has_mount(o, f))
		tell(o, f, "it is not in a mount of the container's");
	else if (is_removed(f) && f->st.links > 0 && is_file && !o->options->link_remap)
		tell(o, f, "its name is gone, the file is not; --link-remap keeps it");
	else if (is_removed(f) && f->st.links == 0 && is_file && f->st.blocks * 512 > GHOST_MAX)
		tell(o, f, "it is removed, and larger than 1 MiB (ghost-limit of criu)");
}

static void look_at_device(struct obstacles *o, const struct open_file *f)
{
	unsigned major = f->st.device[0], minor = f->st.device[1];

	if (is_stream(o, f))
		return;
	if (S_ISBLK(f->st.mode) || !knows_device(major, minor))
		tell(o, f, "criu cannot restore an open device of this kind");
	else if (!is_terminal(major, minor) || has_mount(o, f))
		look_at_path(o, f);
	else if (!o->options->shell_job)
		tell(o, f, "it is a terminal of the caller's; --shell-job takes the restore's");
}

/* "lock:	1: POSIX  ADVISORY  WRITE 12 00:2e:35 0 EOF" */
static void look_at_locks(struct obstacles *o, const struct open_file *f)
{
	if (!o->options->file_locks && strstr(f->info, "\nlock:"))
		tell(o, f, "it has a lock; --file-locks keeps it");
}

static void keep_socket(struct obstacles *o, const struct open_file *f)
{
	if (o->socket_count < OBSTACLE_SOCKETS_MAX)
		o->sockets[o->socket_count++] =
			(struct obstacle_socket){ f->pid, f->fd, f->st.inode,
						  obstacle_namespace(f->pid, "net") };
}

static void look_at_file(struct obstacles *o, const struct open_file *f)
{
	look_at_locks(o, f);
	if (S_ISSOCK(f->st.mode))
		keep_socket(o, f);
	else if (S_ISCHR(f->st.mode) || S_ISBLK(f->st.mode))
		look_at_device(o, f);
	else if (begins_with(f->link, "anon_inode:")) {
		if (!knows_anonymous(f->link))
			tell(o, f, "criu cannot restore what this is");
	} else if (f->link[0] == '/')
		look_at_path(o, f);
}

/* False: it is closed again, or the process gone. */
static bool open_file_read(struct open_file *f)
{
	char path[64];
	ssize_t n;

	fmt(path, sizeof(path), "/proc/%d/fd/%d", (int)f->pid, f->fd);
	n = readlinkat(AT_FDCWD, path, f->link, sizeof(f->link) - 1);
	if (n < 0)
		return false;
	f->link[n] = '\0';
	if (sys_statx_known(path, &f->st) < 0)
		return false;
	/* Locks stand before what a kind of file has to say, which may be long. */
	return obstacle_read(f->info, sizeof(f->info), "/proc/%d/fdinfo/%d", (int)f->pid, f->fd);
}

void obstacles_in_files(struct obstacles *o, pid_t pid)
{
	struct open_file f = { .pid = pid };
	const struct dirent *entry;
	char path[64];
	DIR *dir;

	fmt(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && !o->is_over && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		f.fd = (int)strtol(entry->d_name, NULL, 10);
		if (open_file_read(&f))
			look_at_file(o, &f);
	}
	if (dir)
		closedir(dir);
}

/* --- what is mapped --------------------------------------------------------------------------- */

struct mapped {
	struct obstacles *o;
	pid_t pid;
	uint64_t inode; /* of the line before */
};

static bool can_be_mapped(const struct sys_statx *st, const char *path)
{
	if (S_ISREG(st->mode) || S_ISSOCK(st->mode) || strcmp(path, "/[aio]") == 0 ||
	    begins_with(path, "/[aio] "))
		return true;
	return S_ISCHR(st->mode) && st->device[0] == MEM_MAJOR && st->device[1] == 5;
}

static void tell_of_segment(const struct mapped *m, const char *path)
{
	if (obstacle_namespace(m->o->subject->init, "ipc") == obstacle_namespace(getpid(), "ipc"))
		obstacle_tell(m->o,
			      "process %d: shared memory of System V, %s, without an ipc namespace "
			      "of the container's",
			      (int)m->pid, path);
}

/* "7f...-7f... rw-s 00000000 00:01 12    /SYSV00000000 (deleted)" */
static void look_at_mapping(void *arg, char *line)
{
	struct mapped *m = arg;
	char range[40], path[PATH_MAX] = "", file[96];
	unsigned long long inode = 0;
	struct sys_statx st;

	if (sscanf(line, "%39s %*s %*s %*s %llu %4095[^\n]", range, &inode, path) < 3)
		return;
	/* Its inode is the number of the segment, from 0 on. */
	if (begins_with(path, "/SYSV")) {
		tell_of_segment(m, path);
		return;
	}
	if (!inode || path[0] == '[' || inode == m->inode)
		return;
	m->inode = inode;
	fmt(file, sizeof(file), "/proc/%d/map_files/%s", (int)m->pid, range);
	if (sys_statx_known(file, &st) == 0 && !can_be_mapped(&st, path))
		obstacle_tell(m->o, "process %d: %s is mapped, which is no file", (int)m->pid,
			      path);
}

void obstacles_in_mappings(struct obstacles *o, pid_t pid)
{
	struct mapped m = { o, pid, 0 };

	obstacle_each_line(o, look_at_mapping, &m, "/proc/%d/maps", (int)pid);
}
