/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See pty.h.
 */
#include "kernel/pty.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>

#include "base/clock.h"
#include "kernel/rootpath.h"

enum {
	MODE_TTY = 0620,
};

/* 0 when @fd is the multiplexer of a devpts. */
static int check_ptmx(int fd, struct stat *st)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, st) < 0)
		return neg_errno();
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st->st_mode) ||
	    st->st_rdev != makedev(5, 2))
		return -ENOTTY;
	return 0;
}

/* Looked at before it is opened for real, since opening a device can have effects, and after. */
static int open_master(int rootfd, int *ret_fd)
{
	static const char path[] = "/dev/pts/ptmx";
	_cleanup_fd_ int seen = rootpath_open_nofollow(rootfd, path, O_PATH), fd = -1;
	struct stat before, after;
	int r;

	if (seen < 0)
		return seen;
	r = check_ptmx(seen, &before);
	if (r < 0)
		return r;
	fd = rootpath_open_nofollow(rootfd, path, O_RDWR | O_NOCTTY);
	if (fd < 0)
		return fd;
	r = check_ptmx(fd, &after);
	if (r < 0)
		return r;
	if (before.st_dev != after.st_dev || before.st_ino != after.st_ino)
		return -ESTALE;
	*ret_fd = take_fd(&fd);
	return 0;
}

int pty_open_peer(int master, int *ret_fd)
{
	_cleanup_fd_ int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return neg_errno();
	*ret_fd = take_fd(&fd);
	return 0;
}

int pty_open(int rootfd, struct pty *ret)
{
	_cleanup_fd_ int master = -1, slave = -1;
	int unlocked = 0, r;
	unsigned number = 0;

	r = open_master(rootfd, &master);
	if (r < 0)
		return r;
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ioctl(master, TIOCGPTN, &number) < 0)
		return neg_errno();
	r = pty_open_peer(master, &slave);
	if (r < 0)
		return r;
	*ret = (struct pty){ .master = take_fd(&master),
			     .slave = take_fd(&slave),
			     .number = number };
	return 0;
}

void pty_close(struct pty *pty)
{
	close_fdp(&pty->master);
	close_fdp(&pty->slave);
}

int pty_chown(const struct pty *pty, uid_t uid)
{
	if (fchown(pty->slave, uid, (gid_t)-1) < 0 || fchmod(pty->slave, MODE_TTY) < 0)
		return neg_errno();
	return 0;
}

int pty_set_size(const struct pty *pty, unsigned short rows, unsigned short columns)
{
	const struct winsize size = { .ws_row = rows, .ws_col = columns };

	return ioctl(pty->slave, TIOCSWINSZ, &size) < 0 ? neg_errno() : 0;
}

int pty_keep_newlines(const struct pty *pty)
{
	struct termios modes;

	if (tcgetattr(pty->slave, &modes) < 0)
		return neg_errno();
	modes.c_oflag &= ~(tcflag_t)ONLCR;
	return tcsetattr(pty->slave, TCSANOW, &modes) < 0 ? neg_errno() : 0;
}

/* A terminal that cannot be asked (it has hung up) is not worth a wait either. */
static bool has_size(int slave)
{
	struct winsize size;

	return ioctl(slave, TIOCGWINSZ, &size) < 0 || size.ws_row || size.ws_col;
}

/* By the signal, which is kept for us while it is blocked. It is sent before the size is set, but
 * nobody reads the size in between. */
void pty_await_size(int slave, int msec)
{
	const int64_t end = clock_msec() + msec;
	sigset_t winch, old;

	sigemptyset(&winch);
	sigaddset(&winch, SIGWINCH);
	sigprocmask(SIG_BLOCK, &winch, &old);
	for (int64_t left = msec; left > 0 && !has_size(slave); left = end - clock_msec())
		(void)sigtimedwait(&winch, NULL, &(struct timespec){ .tv_nsec = left * 1000000 });
	sigprocmask(SIG_SETMASK, &old, NULL);
}

int pty_become(int slave)
{
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return neg_errno();
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(slave, fd) < 0)
			return neg_errno();
	}
	return 0;
}
