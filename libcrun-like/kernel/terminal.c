/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See terminal.h.
 */
#include "kernel/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "kernel/process.h"
#include "kernel/sys.h"

bool terminal_is_one(int fd)
{
	return isatty(fd) == 1;
}

int terminal_open(int *ret_fd)
{
	int fd = STDIN_FILENO;

	while (fd <= STDERR_FILENO && !terminal_is_one(fd))
		fd++;
	if (fd <= STDERR_FILENO) {
		fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	} else {
		/* Nothing is read from it: O_NONBLOCK is for a FIFO under this name. */
		fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && !terminal_is_one(fd)) {
			close(fd);
			return -ENOTTY;
		}
	}
	if (fd < 0)
		return neg_errno();
	*ret_fd = fd;
	return 0;
}

bool terminal_get_size(int fd, unsigned short *ret_rows, unsigned short *ret_columns)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return false;
	*ret_rows = size.ws_row;
	*ret_columns = size.ws_col;
	return true;
}

void terminal_copy_size(int from_fd, int to_fd)
{
	struct winsize size;

	/* Ignored: one of the two has gone meanwhile. */
	if (ioctl(from_fd, TIOCGWINSZ, &size) == 0)
		(void)ioctl(to_fd, TIOCSWINSZ, &size);
}

/* As we have left it. No shell edits its line with signals off too, so this is nobody else's. */
static bool is_raw(int fd)
{
	struct termios now;

	return tcgetattr(fd, &now) == 0 && !(now.c_lflag & (ISIG | ICANON | ECHO));
}

/* TCSANOW: waiting for output to be read could take forever. */
static void put_back(int fd, const struct termios *saved)
{
	if (is_raw(fd))
		(void)tcsetattr(fd, TCSANOW, saved);
}

/*
 * A session of its own: then it is no background job, which may not set modes, and what is sent to
 * the group of the runtime does not reach it. A byte from the runtime: all is well.
 */
static _Noreturn void stand_guard(int fd, int socket_end, const struct termios *saved)
{
	char byte;
	ssize_t n;

	setsid();
	process_set_name("davit:terminal");
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(socket_end, STDOUT_FILENO) < 0)
		_exit(1);
	/* A lock, a channel or a stream of the caller's must not live on in us. */
	if (sys_close_range(STDERR_FILENO, ~0U, 0) < 0)
		_exit(1);
	while ((n = read(STDOUT_FILENO, &byte, 1)) < 0 && errno == EINTR)
		;
	if (n != 1)
		put_back(STDIN_FILENO, saved);
	_exit(0);
}

static int post_guard(struct terminal *t)
{
	struct clone_args args = { 0 }; /* no signal at its end: it is not the caller's child */
	sigset_t all, old;
	int ends[2];
	pid_t pid;

	/* No pipe: to write to one without a reader may end us. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return neg_errno();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = sys_clone3(&args);
	if (pid == 0) {
		/* Both may stand where they are put. */
		int fd = fcntl(t->fd, F_DUPFD_CLOEXEC, 3), end = fcntl(ends[0], F_DUPFD_CLOEXEC, 3);

		stand_guard(fd, end, &t->saved);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return pid;
	}
	t->guard = ends[1];
	t->guard_pid = pid;
	return 0;
}

int terminal_make_raw(int fd, struct terminal *ret)
{
	struct terminal t = { .fd = fd, .guard = -1 };
	int r;

	if (tcgetattr(fd, &t.saved) < 0)
		return neg_errno();
	t.raw = t.saved;
	cfmakeraw(&t.raw);
	/* The container's terminal leaves newlines alone, so this one makes them whole lines. */
	t.raw.c_oflag = t.saved.c_oflag;
	r = post_guard(&t);
	if (r < 0)
		return r;
	*ret = t;
	while (tcsetattr(fd, TCSANOW, &t.raw) < 0) {
		if (errno == EINTR)
			continue;
		r = neg_errno();
		terminal_restore(ret);
		return r;
	}
	return 0;
}

bool terminal_make_raw_again(const struct terminal *t)
{
	pid_t group = tcgetpgrp(t->fd); /* -1: not our controlling one, which has no jobs */

	if (group >= 0 && group != getpgrp())
		return false;
	(void)tcsetattr(t->fd, TCSANOW, &t->raw); /* ignored: it has gone meanwhile */
	return true;
}

void terminal_follow(struct terminal *t, int master)
{
	struct termios theirs;
	tcflag_t wanted;

	if (t->fd < 0 || tcgetattr(master, &theirs) < 0)
		return;
	wanted = t->saved.c_oflag;
	if (!(theirs.c_oflag & OPOST))
		wanted &= ~(tcflag_t)OPOST;
	if (wanted == t->raw.c_oflag)
		return;
	t->raw.c_oflag = wanted;
	(void)terminal_make_raw_again(t); /* else when it is ours again */
}

void terminal_restore(struct terminal *t)
{
	sigset_t stop, old;

	if (t->fd < 0)
		return;
	/* Else a job in the background would be stopped here. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stop, &old);
	put_back(t->fd, &t->saved);
	sigprocmask(SIG_SETMASK, &old, NULL);
	/* Ignored: it was killed, and there is nothing left to guard. */
	(void)send(t->guard, "", 1, MSG_NOSIGNAL);
	close_fdp(&t->guard);
	while (waitpid(t->guard_pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	t->fd = -1;
}
