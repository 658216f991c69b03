/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See notify.h.
 */
#include "kernel/notify.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/fmt.h"
#include "kernel/peer.h"

enum {
	MESSAGE_SIZE = 4096,
	MESSAGES_MAX = 64, /* in one go */
	SEND_SEC = 10,
	BARRIER_MSEC = 30000
};

/* A name that begins with "@" is an abstract one: a NUL stands there instead. */
static int make_address(const char *name, struct sockaddr_un *ret, socklen_t *ret_len)
{
	size_t len = strlen(name);

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (name[0] != '/' && name[0] != '@')
		return -EAFNOSUPPORT;
	if (len >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	memcpy(ret->sun_path, name, len);
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (name[0] == '@')
		ret->sun_path[0] = '\0';
	return 0;
}

/* @name's address comes with it. */
static int open_socket(const char *name, int flags, struct sockaddr_un *ret_address,
		       socklen_t *ret_len)
{
	int r = make_address(name, ret_address, ret_len), fd;

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0);
	return fd < 0 ? neg_errno() : fd;
}

int notify_bind(const char *path, int *ret_fd)
{
	struct sockaddr_un address;
	socklen_t len;
	_cleanup_fd_ int fd = open_socket(path, SOCK_NONBLOCK, &address, &len);

	if (fd < 0)
		return fd;
	if (bind(fd, (const struct sockaddr *)&address, len) < 0)
		return neg_errno();
	/* Whatever user the program is, and whatever our umask. */
	if (fchmodat(AT_FDCWD, path, 0777, 0) < 0)
		return neg_errno();
	*ret_fd = take_fd(&fd);
	return 0;
}

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (; *text; text += strspn(text, "\n")) {
		size_t span = strcspn(text, "\n");

		if (span == len && memcmp(text, line, len) == 0)
			return true;
		text += span;
	}
	return false;
}

bool notify_is_ready(int fd)
{
	char text[MESSAGE_SIZE + 1];
	bool is_ready = false;
	ssize_t n;

	/* Descriptors that come along (barriers of the program's own) are closed by the kernel. Who
	 * sends faster than we read must not keep us from everything else. */
	for (unsigned i = 0; i < MESSAGES_MAX; i++) {
		n = recv(fd, text, MESSAGE_SIZE, MSG_DONTWAIT);
		if (n < 0)
			break;
		text[n] = '\0';
		is_ready = is_ready || has_line(text, "READY=1");
	}
	return is_ready;
}

static int connect_to(const char *name, int *ret_fd)
{
	const struct timeval patience = { .tv_sec = SEND_SEC };
	struct sockaddr_un address;
	socklen_t len;
	_cleanup_fd_ int fd = open_socket(name, 0, &address, &len);

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, len) < 0)
		return neg_errno();
	*ret_fd = take_fd(&fd);
	return 0;
}

int notify_send(const char *address, pid_t pid, int *ret_barrier)
{
	_cleanup_fd_ int fd = -1;
	char main_pid[32];
	int ends[2], r = connect_to(address, &fd);

	if (r < 0)
		return r;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return neg_errno();
	fmt(main_pid, sizeof(main_pid), "MAINPID=%d", (int)pid);
	r = peer_send_message(fd, "READY=1", strlen("READY=1"), -1);
	if (r == 0)
		r = peer_send_message(fd, main_pid, strlen(main_pid), -1);
	/* Alone in its message, as the protocol wants it. */
	if (r == 0)
		r = peer_send_message(fd, "BARRIER=1", strlen("BARRIER=1"), ends[1]);
	close(ends[1]);
	if (r == 0)
		*ret_barrier = take_fd(&ends[0]);
	close_fdp(&ends[0]);
	return r;
}

void notify_await_barrier(int barrier)
{
	struct pollfd p = { .fd = barrier };

	/* Hung up, or not: there is nothing that could be done. */
	(void)poll(&p, 1, BARRIER_MSEC);
}
