/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See peer.h.
 */
#include "kernel/peer.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/clock.h"
#include "base/fmt.h"

enum {
	DEADLINE_MSEC = PEER_DEADLINE_SEC * 1000,
	RETRY_MSEC = 20
};

/* Room for one descriptor, aligned as a header of a control message wants it. */
union fd_control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* @path as an address. One that is too long (107 bytes) is given by its directory's fd, which is
 * kept open in *ret_dir meanwhile. */
static int make_address(const char *path, struct sockaddr_un *addr, int *ret_dir)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	/* An empty name would be an abstract address, and bind(2)'s automatic one. */
	if (!path[0])
		return -ENOENT;
	if (strlen(path) < sizeof(addr->sun_path)) {
		fmt(addr->sun_path, sizeof(addr->sun_path), "%s", path);
		return 0;
	}
	if (!slash || (size_t)(slash - path) >= sizeof(dir))
		return -ENAMETOOLONG;
	fmt(dir, sizeof(dir), "%.*s/", (int)(slash - path), path);
	*ret_dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir < 0)
		return neg_errno();
	if (fmt(addr->sun_path, sizeof(addr->sun_path), "/proc/self/fd/%d/%s", *ret_dir,
		slash + 1) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	return 0;
}

/* A unix socket never answers EINPROGRESS: when the listener's queue is full it is EAGAIN, without
 * anything to poll for. */
static int connect_until(int fd, const struct sockaddr_un *addr, int start_msec)
{
	const struct timespec pause = { .tv_nsec = RETRY_MSEC * 1000000L };
	long long begin = clock_msec();

	while (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0) {
		bool is_absent = errno == ENOENT || errno == ECONNREFUSED;
		long long waited = clock_msec() - begin;

		if (!is_absent && errno != EAGAIN && errno != EINTR)
			return neg_errno();
		if (is_absent && waited >= start_msec)
			return neg_errno();
		if (waited >= DEADLINE_MSEC)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

int peer_connect(const char *path, int start_msec, int *ret_fd)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	_cleanup_fd_ int dir = -1;
	struct sockaddr_un addr;
	int r;

	if (fd < 0)
		return neg_errno();
	r = make_address(path, &addr, &dir);
	if (r == 0)
		r = connect_until(fd, &addr, start_msec);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* One sendmsg(2): how many bytes were taken, 0 when it is to be tried again, or -errno. */
static ssize_t send_some(int sockfd, const struct msghdr *msg, long long deadline)
{
	ssize_t n = sendmsg(sockfd, msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	struct pollfd p = { .fd = sockfd, .events = POLLOUT };
	long long left = deadline - clock_msec();

	if (n >= 0)
		return n;
	if (errno != EAGAIN && errno != EINTR)
		return neg_errno();
	if (left <= 0)
		return -ETIMEDOUT;
	if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
		return neg_errno();
	return 0;
}

int peer_send_fd(int sockfd, const char *text, int passed)
{
	union fd_control control = { 0 };
	struct iovec iov = { .iov_base = (char *)(uintptr_t)text, .iov_len = strlen(text) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	long long deadline = clock_msec() + DEADLINE_MSEC;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &passed, sizeof(int));
	while (iov.iov_len > 0) {
		ssize_t n = send_some(sockfd, &msg, deadline);

		if (n < 0)
			return (int)n;
		if (n == 0)
			continue;
		/* The descriptor goes with the first bytes alone. */
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
		iov.iov_base = (char *)iov.iov_base + n;
		iov.iov_len -= (size_t)n;
	}
	return 0;
}

int peer_receive_fd(int sockfd, int *ret_fd)
{
	union fd_control control = { 0 };
	char text[64];
	struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	const struct cmsghdr *cmsg;

	if (recvmsg(sockfd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0)
		return neg_errno();
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
		return -ENODATA;
	memcpy(ret_fd, CMSG_DATA(cmsg), sizeof(int));
	return 0;
}

int peer_send_message(int sockfd, const void *data, size_t len, int passed)
{
	union fd_control control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (passed >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &passed, sizeof(passed));
	}
	while (sendmsg(sockfd, &msg, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return neg_errno();
	return 0;
}

bool peer_may_receive_again(int error, unsigned *tries)
{
	enum {
		TRIES_MAX = 3
	};

	return error == EINTR || ((error == ENOMEM || error == ECONNRESET) && ++*tries < TRIES_MAX);
}

ssize_t peer_receive_message(int sockfd, void *data, size_t size, int *ret_fd)
{
	union fd_control control = { 0 };
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	const struct cmsghdr *c;
	unsigned tries = 0;
	ssize_t n;

	*ret_fd = -1;
	while ((n = recvmsg(sockfd, &msg, MSG_CMSG_CLOEXEC)) < 0)
		if (!peer_may_receive_again(errno, &tries))
			return errno == ECONNRESET ? 0 : neg_errno();
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	return n;
}
