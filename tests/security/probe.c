/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a hostile program inside a container tries, one attempt a word; it prints what came of it.
 *
 *   probe tty          take the terminal of descriptor 0, or put a character into it
 *   probe devices      make and open device nodes
 *   probe attach       for ever: print what of other processes in /proc could be opened
 *   probe exe          for ever: print whose executable could be opened for writing
 *   probe swap A B     for ever: exchange two names (also run on the host)
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (!strcmp(word, "tty"))
		return try_tty();
	if (!strcmp(word, "devices"))
		return try_devices();
	if (!strcmp(word, "attach"))
		return try_attach();
	if (!strcmp(word, "exe"))
		return try_exe();
	if (!strcmp(word, "swap") && argc == 4)
		return swap(argv[2], argv[3]);
	return 2;
}
