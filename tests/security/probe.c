/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a hostile program inside a container tries, one attempt a word; it prints what came of it.
 *
 *   probe tty          take the terminal of descriptor 0, or put a character into it
 *   probe devices      make and open device nodes
 *   probe attach       for ever: print what of other processes in /proc could be opened
 *   probe reach FILE   for ever: print what of other processes in /proc leads to FILE of the host,
 *                      to a cgroup or a namespace, or is a file that this container has not
 *   probe exe          for ever: print whose executable could be opened for writing
 *   probe session      print the number of the session keyring
 *   probe swap A B     for ever: exchange two names (also run on the host)
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

static void report(const char *what, int result)
{
	printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "ok");
	fflush(stdout);
}

static int try_tty(void)
{
	report("TIOCSTI", ioctl(STDIN_FILENO, TIOCSTI, "x"));
	report("TIOCSCTTY", ioctl(STDIN_FILENO, TIOCSCTTY, 0));
	report("TIOCSCTTY steal", ioctl(STDIN_FILENO, TIOCSCTTY, 1));
	report("/dev/tty", open("/dev/tty", O_RDWR));
	printf("sid: %d\n", (int)getsid(0));
	return 0;
}

static int try_devices(void)
{
	static const struct {
		mode_t type;
		unsigned major, minor;
	} rows[] = {
		{ S_IFBLK, 8, 0 }, { S_IFCHR, 1, 1 }, { S_IFCHR, 10, 200 }, { S_IFCHR, 1, 3 }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[40], what[80];

		snprintf(path, sizeof(path), "/tmp/%u-%u", rows[i].major, rows[i].minor);
		snprintf(what, sizeof(what), "mknod %u:%u", rows[i].major, rows[i].minor);
		report(what,
		       mknod(path, rows[i].type | 0666, makedev(rows[i].major, rows[i].minor)));
		/* Made by the test, from outside, when it could not be made here. */
		snprintf(path, sizeof(path), "/nodes/%u-%u", rows[i].major, rows[i].minor);
		snprintf(what, sizeof(what), "open %u:%u", rows[i].major, rows[i].minor);
		report(what, open(path, O_RDWR | O_NONBLOCK));
	}
	return 0;
}

static void attach_one(const char *pid)
{
	static const char *const names[] = {
		"root", "cwd", "exe", "fd", "mem", "environ", "ns/mnt"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[80];
		int fd;

		snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, names[i]);
		fd = open(path, O_RDONLY | O_NONBLOCK);
		if (fd < 0)
			continue;
		printf("opened %s\n", path);
		fflush(stdout);
		close(fd);
	}
}

static int try_attach(void)
{
	printf("polling\n");
	fflush(stdout);
	for (;;) {
		DIR *dir = opendir("/proc");
		struct dirent *d;

		while (dir && (d = readdir(dir)))
			if (d->d_name[0] >= '1' && d->d_name[0] <= '9' &&
			    atoi(d->d_name) != getpid())
				attach_one(d->d_name);
		if (dir)
			closedir(dir);
	}
}

static unsigned long own_mounts[256];
static size_t own_count;

static void read_own_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];

	own_count = 0;
	while (f && own_count < 256 && fgets(line, sizeof(line), f))
		own_mounts[own_count++] = strtoul(line, NULL, 10);
	if (f)
		fclose(f);
}

static int is_own_mount(unsigned long id)
{
	for (size_t i = 0; i < own_count; i++)
		if (own_mounts[i] == id)
			return 1;
	return 0;
}

static int look(int fd, struct statx *ret)
{
	return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID | STATX_INO | STATX_TYPE, ret);
}

/* A folder of another process, or one above it, holds the host's file; or is of a cgroup that is
 * mounted nowhere here. */
static int leads_out(int fd, const char *mark)
{
	int cur = dup(fd), out = 0;
	struct statfs fs;
	struct statx at;

	for (int i = 0; i < 40 && cur >= 0 && !out; i++) {
		int above = openat(cur, "..", O_PATH);

		out = faccessat(cur, mark, F_OK, AT_EACCESS) == 0 ||
		      (fstatfs(cur, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC &&
		       look(cur, &at) == 0 && !is_own_mount(at.stx_mnt_id));
		close(cur);
		cur = above;
	}
	close(cur);
	return out;
}

static int is_foreign(int fd, const char *mark)
{
	struct statfs fs;
	struct statx at;

	if (look(fd, &at) < 0 || fstatfs(fd, &fs) < 0)
		return 0;
	if (S_ISDIR(at.stx_mode))
		return leads_out(fd, mark + 1);
	if (!S_ISREG(at.stx_mode) || is_own_mount(at.stx_mnt_id))
		return 0;
	read_own_mounts();
	return !is_own_mount(at.stx_mnt_id);
}

static void reach_one(const char *path, const char *mark)
{
	int fd = open(path, O_PATH);
	char name[200] = "";

	if (fd < 0)
		return;
	if (is_foreign(fd, mark)) {
		readlink(path, name, sizeof(name) - 1);
		printf("reached %s %s\n", path, name);
		fflush(stdout);
	}
	close(fd);
}

/* The standard streams are the caller's gift. */
static void reach_descriptors(const char *pid, const char *mark)
{
	char path[80];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", pid, d->d_name);
		if (atoi(d->d_name) > 2)
			reach_one(path, mark);
	}
	if (dir)
		closedir(dir);
}

static int try_reach(const char *mark)
{
	int newest = 0;

	read_own_mounts();
	printf("polling\n");
	fflush(stdout);
	for (;;) {
		DIR *dir = opendir("/proc");
		struct dirent *d;

		while (dir && (d = readdir(dir))) {
			char path[80];

			if (atoi(d->d_name) <= 0 || atoi(d->d_name) == getpid())
				continue;
			snprintf(path, sizeof(path), "/proc/%.20s/root", d->d_name);
			reach_one(path, mark);
			snprintf(path, sizeof(path), "/proc/%.20s/cwd", d->d_name);
			reach_one(path, mark);
			reach_descriptors(d->d_name, mark);
			if (atoi(d->d_name) > newest) {
				newest = atoi(d->d_name);
				printf("saw %d\n", newest);
				fflush(stdout);
			}
		}
		if (dir)
			closedir(dir);
	}
}

/* A process of the runtime is a sealed file, or on a read-only mount. */
static int try_exe(void)
{
	unsigned long looked = 0;

	printf("polling\n");
	for (;;) {
		DIR *dir = opendir("/proc");
		struct dirent *d;

		while (dir && (d = readdir(dir))) {
			char path[80];
			int fd;

			if (d->d_name[0] < '1' || d->d_name[0] > '9')
				continue;
			snprintf(path, sizeof(path), "/proc/%.20s/exe", d->d_name);
			fd = open(path, O_RDWR);
			if (fd >= 0)
				printf("opened %s for writing\n", path);
			else if (errno == ETXTBSY || errno == EROFS || errno == EPERM)
				looked++;
			if (fd >= 0)
				close(fd);
		}
		if (dir)
			closedir(dir);
		if (looked > 1000 && looked < 1000000) {
			printf("looked\n");
			looked = 1000000;
		}
		fflush(stdout);
	}
}

static int swap(const char *a, const char *b)
{
	for (;;)
		if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) < 0 && errno != ENOENT)
			return 1;
}

/* The number of the session keyring that this process is in. */
static int show_session(void)
{
	enum {
		GET_KEYRING_ID = 0,
		SESSION = -3
	};

	printf("session %ld\n", syscall(SYS_keyctl, GET_KEYRING_ID, SESSION, 0));
	return 0;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (!strcmp(word, "tty"))
		return try_tty();
	if (!strcmp(word, "devices"))
		return try_devices();
	if (!strcmp(word, "attach"))
		return try_attach();
	if (!strcmp(word, "reach") && argc == 3)
		return try_reach(argv[2]);
	if (!strcmp(word, "exe"))
		return try_exe();
	if (!strcmp(word, "session"))
		return show_session();
	if (!strcmp(word, "swap") && argc == 4)
		return swap(argv[2], argv[3]);
	return 2;
}
