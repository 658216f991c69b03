/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See helper.h.
 */
#include "kernel/helper.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fmt.h"
#include "config-davit.h"
#include "kernel/child.h"
#include "kernel/namespace.h"

enum {
	KILL_WAIT_MS = 2000
};

/* In a user namespace the owner of what root of the host has installed is nobody, as is every other
 * user; so there the folder alone counts, which is the executable's own or the installation's. */
static bool is_trusted(const struct stat *st)
{
	bool is_first = namespace_user_is_first();

	if (is_first && st->st_uid != 0 && st->st_uid != geteuid())
		return false;
	return (st->st_mode & (is_first && geteuid() == 0 ? 022 : 002)) == 0;
}

static int open_in(const char *dir, const char *name, int *ret_fd)
{
	_cleanup_fd_ int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (dirfd < 0)
		return neg_errno();
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? -EPERM : neg_errno();
	if (fstat(dirfd, &st) < 0)
		return neg_errno();
	if (!is_trusted(&st))
		return -EPERM;
	if (fstat(fd, &st) < 0)
		return neg_errno();
	if (!S_ISREG(st.st_mode) || !is_trusted(&st))
		return -EPERM;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* A sealed process has no folder: its executable is "/", or a memfd. */
static bool find_own_dir(char buf[static PATH_MAX])
{
	static const char gone[] = " (deleted)";
	ssize_t n = readlink("/proc/self/exe", buf, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return false;
	buf[n] = '\0';
	if ((size_t)n >= sizeof(gone) && strcmp(buf + n - (sizeof(gone) - 1), gone) == 0)
		return false;
	slash = strrchr(buf, '/');
	if (!slash || slash == buf)
		return false;
	*slash = '\0';
	return true;
}

int helper_open(const char *dir, const char *name, int *ret_fd)
{
	char own[PATH_MAX], beside[PATH_MAX + 32];
	int r = -ENOENT, last = -ENOENT;

	if (!dir && find_own_dir(own))
		dir = own;
	if (dir) {
		r = open_in(dir, name, ret_fd);
		last = r == -EPERM ? r : last;
		if (r < 0) {
			fmt(beside, sizeof(beside), "%s/../libexec/davit", dir);
			r = open_in(beside, name, ret_fd);
			last = r == -EPERM ? r : last;
		}
	}
	if (r < 0)
		r = open_in(DAVIT_LIBEXECDIR, name, ret_fd);
	return r == -ENOENT ? last : r;
}

struct running {
	struct child child;
	int socket; /* our end */
	const char *message;
	size_t left;
	char *answer;
	size_t got, size;
	int64_t deadline;
};

static void write_some(struct running *h)
{
	ssize_t n = send(h->socket, h->message, h->left, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		h->message += n;
		h->left -= (size_t)n;
	}
	/* A helper that has gone says so by its end. */
	if (n < 0)
		h->left = 0;
	/* End of file is the end of the message. */
	if (h->left == 0)
		(void)shutdown(h->socket, SHUT_WR);
}

/* 1: end of file. */
static int read_some(struct running *h)
{
	char more;
	bool is_full = h->got + 1 >= h->size;
	ssize_t n = recv(h->socket, is_full ? &more : h->answer + h->got,
			 is_full ? 1 : h->size - 1 - h->got, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : neg_errno();
	if (n == 0)
		return 1;
	if (is_full)
		return -EFBIG;
	h->got += (size_t)n;
	return 0;
}

static int talk(struct running *h)
{
	int r = 0;

	while (r == 0) {
		struct pollfd p = { .fd = h->socket,
				    .events = (short)(POLLIN | (h->left ? POLLOUT : 0)) };
		int64_t left = h->deadline - clock_msec();

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) < 0) {
			if (errno != EINTR)
				return neg_errno();
			continue;
		}
		if (h->left && p.revents & POLLOUT)
			write_some(h);
		else
			r = read_some(h);
	}
	return r < 0 ? r : 0;
}

/* Waits until the helper has ended, and kills it at the deadline. */
static int wait_for_end(struct running *h)
{
	struct pollfd p = { .fd = h->child.pidfd, .events = POLLIN };
	int64_t left = h->deadline - clock_msec();
	int code = 0, signal = 0, exec_errno = 0, r;

	if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0) {
		child_kill(&h->child);
		(void)poll(&p, 1, KILL_WAIT_MS);
	}
	r = (p.revents ? child_bury : child_reap)(&h->child, &code, &signal, &exec_errno);
	if (r == -EAGAIN) {
		child_abandon(&h->child);
		return -ETIMEDOUT;
	}
	if (r < 0)
		return r;
	if (exec_errno)
		return -(exec_errno & ~CHILD_BECOME);
	return code || signal ? -EPIPE : 0;
}

static int start(struct running *h, const struct helper_call *call)
{
	char path[32], *const argv[] = { (char *)(uintptr_t)call->name, NULL };
	struct child_spec spec = { .path = path, .argv = argv, .envp = call->envp, .cwd_fd = -1 };
	_cleanup_fd_ int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int pair[2], r;

	if (null < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return neg_errno();
	/* It is executed by this name, and closes then. */
	fmt(path, sizeof(path), "/proc/self/fd/%d", call->fd);
	spec.keep_fd = call->fd;
	spec.in = spec.out = pair[1];
	spec.err = null;
	r = child_spawn(&spec, &h->child);
	close(pair[1]);
	h->socket = pair[0];
	return r;
}

int helper_run(const struct helper_call *call, char *answer, size_t size)
{
	struct running h = { .socket = -1,
			     .message = call->message,
			     .left = call->len,
			     .answer = answer,
			     .size = size,
			     .deadline = clock_msec() + call->deadline_ms };
	int r = start(&h, call), end;

	if (r == 0) {
		r = talk(&h);
		if (r < 0)
			child_kill(&h.child);
		end = wait_for_end(&h);
		if (r == 0)
			r = end;
	}
	close_fdp(&h.socket);
	if (r < 0)
		return r;
	answer[h.got] = '\0';
	return (int)h.got;
}
