/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See relay.h.
 */
#include "kernel/relay.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/fmt.h"

void relay_init(struct relay *r, int from, int to, char *ring)
{
	*r = (struct relay){ .from = from, .to = to, .ring = ring };
}

short relay_read_events(const struct relay *r)
{
	return r->from >= 0 && r->len < RELAY_SIZE ? POLLIN : 0;
}

short relay_write_events(const struct relay *r)
{
	return r->to >= 0 && r->len > 0 ? POLLOUT : 0;
}

ssize_t relay_read(struct relay *r)
{
	size_t at = (r->start + r->len) % RELAY_SIZE;
	size_t room = at < r->start ? r->start - at : RELAY_SIZE - at;
	ssize_t n;

	if (!relay_read_events(r))
		return -EAGAIN;
	n = read(r->from, r->ring + at, room);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : neg_errno();
	if (n == 0)
		r->from = -1;
	else if (r->to >= 0)
		r->len += (size_t)n;
	return n;
}

/* How much goes without waiting into what would wait: poll(2) has said that there is some room. */
static size_t safe_size(int fd, size_t len)
{
	enum {
		PIPE_ROOM = 4096, /* PIPE_BUF */
		TTY_ROOM = 1
	};
	struct stat st;
	size_t most = len;

	if (fcntl(fd, F_GETFL) & O_NONBLOCK || fstat(fd, &st) < 0)
		return len;
	if (S_ISFIFO(st.st_mode))
		most = PIPE_ROOM;
	else if (S_ISCHR(st.st_mode) && isatty(fd))
		most = TTY_ROOM;
	return len < most ? len : most;
}

static ssize_t write_some(int fd, const char *text, size_t len)
{
	ssize_t n = send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n < 0 && errno == ENOTSOCK ? write(fd, text, safe_size(fd, len)) : n;
}

void relay_write(struct relay *r)
{
	size_t span = r->len < RELAY_SIZE - r->start ? r->len : RELAY_SIZE - r->start;
	ssize_t n;

	if (!relay_write_events(r))
		return;
	n = write_some(r->to, r->ring + r->start, span);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		r->to = -1;
		r->len = 0;
		return;
	}
	r->start = (r->start + (size_t)n) % RELAY_SIZE;
	r->len -= (size_t)n;
}

int relay_open_again(int fd, int flags, int *ret_fd)
{
	char path[40];
	struct stat st;
	int again = -1;

	if (fstat(fd, &st) < 0)
		return neg_errno();
	fmt(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (S_ISFIFO(st.st_mode) || isatty(fd))
		again = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again < 0)
		again = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (again < 0)
		return neg_errno();
	*ret_fd = again;
	return 0;
}
