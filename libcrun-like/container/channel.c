/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See channel.h. Nothing here allocates: INIT uses all of it.
 */
#include "container/channel.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "base/fmt.h"
#include "kernel/peer.h"

enum {
	PEER_PATIENCE = 1,
	CONNECT_TRIES = 100,
	CONNECT_PAUSE_NSEC = 10000000
};

int channel_send(int fd, const struct message *m)
{
	bool has_err = m->kind == MESSAGE_ERR || m->kind == MESSAGE_OUTPUT;
	struct message copy = *m;

	copy.version = CHANNEL_VERSION;
	while (send(fd, &copy, has_err ? sizeof(copy) : (size_t)MESSAGE_SIZE, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return neg_errno();
	return 0;
}

int channel_receive(int fd, struct message *m)
{
	unsigned tries = 0;
	ssize_t n;

	memset(m, 0, sizeof(*m));
	/* The commit is not answered: INIT gives up only when memory stays scarce. */
	while ((n = recv(fd, m, sizeof(*m), 0)) < 0)
		if (!peer_may_receive_again(errno, &tries))
			return errno == ECONNRESET ? 0 : neg_errno();
	if (n == 0)
		return 0;
	return (size_t)n < MESSAGE_SIZE ? -EPROTO : 1;
}

int channel_receive_fd(int fd, struct message *m, int *ret_fd)
{
	ssize_t n;

	memset(m, 0, sizeof(*m));
	n = peer_receive_message(fd, m, sizeof(*m), ret_fd);
	if (n <= 0)
		return (int)n;
	return (size_t)n < MESSAGE_SIZE ? -EPROTO : 1;
}

int channel_pair(int ret_fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0 ? neg_errno() : 0;
}

static int make_address(const char *path, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return fmt(ret->sun_path, sizeof(ret->sun_path), "%s", path) < sizeof(ret->sun_path)
		       ? 0
		       : -ENAMETOOLONG;
}

int channel_listen(const char *path, int *ret_fd)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;

	if (fd < 0)
		return neg_errno();
	if (make_address(path, &address) < 0)
		return -ENAMETOOLONG;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return neg_errno();
	if (listen(fd, SOMAXCONN) < 0)
		return neg_errno();
	*ret_fd = take_fd(&fd);
	return 0;
}

int channel_connect(const char *path, int *ret_fd)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;

	if (fd < 0)
		return neg_errno();
	if (make_address(path, &address) < 0)
		return -ENAMETOOLONG;
	for (unsigned i = 0; connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0;
	     i++) {
		/* A queue full of others who only look whether somebody listens. */
		if (errno != EAGAIN || i == CONNECT_TRIES)
			return neg_errno();
		nanosleep(&(struct timespec){ .tv_nsec = CONNECT_PAUSE_NSEC }, NULL);
	}
	if (fcntl(fd, F_SETFL, 0) < 0)
		return neg_errno();
	*ret_fd = take_fd(&fd);
	return 0;
}

/* A peer that has connected and says nothing (a `state` that was stopped, say) must not keep others
 * out. */
static bool set_patience(int fd, time_t seconds)
{
	const struct timeval t = { .tv_sec = seconds };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) == 0;
}

/* Room for all descriptors of a message, aligned as a header of a control message wants it. */
union fds_control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
};

/* Whoever asks goes away unanswered when it cannot be told. */
static void give(int fd, const struct channel_gift *gift)
{
	const struct message m = { .version = CHANNEL_VERSION, .kind = MESSAGE_NAMESPACES };
	union fds_control control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)&m, .iov_len = MESSAGE_SIZE };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = CMSG_SPACE(gift->count * sizeof(int)) };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(gift->count * sizeof(int));
	if (gift->count)
		memcpy(CMSG_DATA(&control.header), gift->fds, gift->count * sizeof(int));
	else
		msg.msg_control = NULL, msg.msg_controllen = 0;
	(void)sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool is_resume(int fd, const struct channel_gift *gift)
{
	struct message m;

	if (channel_receive(fd, &m) != 1)
		return false;
	if (m.kind == MESSAGE_NAMESPACES)
		give(fd, gift);
	if (m.kind != MESSAGE_RESUME)
		return false;
	if (m.version == CHANNEL_VERSION)
		return true;
	m = (struct message){ .kind = MESSAGE_ERR };
	err_kind(&m.err, ERR_UNSUPPORTED, EPROTO,
		 "the container was created by another version of davit");
	channel_send(fd, &m);
	return false;
}

int channel_await_resume(int listen_fd, const struct channel_gift *gift, int *ret_fd)
{
	for (;;) {
		_cleanup_fd_ int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
			return neg_errno();
		/* A peer that vanishes without a word only wanted to know whether somebody listens.
		 */
		if (fd >= 0 && set_patience(fd, PEER_PATIENCE) && is_resume(fd, gift) &&
		    set_patience(fd, 0)) {
			*ret_fd = take_fd(&fd);
			return 0;
		}
	}
}

static int take_gift(int fd, int ret_fds[static CHANNEL_FDS_MAX], size_t *ret_count)
{
	union fds_control control = { 0 };
	struct message m;
	struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	const struct cmsghdr *c;

	if (recvmsg(fd, &msg, MSG_CMSG_CLOEXEC) < (ssize_t)MESSAGE_SIZE)
		return -ENODATA;
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -ENODATA;
	*ret_count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(ret_fds, CMSG_DATA(c), *ret_count * sizeof(int));
	return 0;
}

int channel_ask_namespaces(const char *path, int ret_fds[static CHANNEL_FDS_MAX], size_t *ret_count)
{
	const struct message m = { .kind = MESSAGE_NAMESPACES };
	_cleanup_fd_ int fd = -1;
	int r = channel_connect(path, &fd);

	if (r == 0)
		r = channel_send(fd, &m);
	if (r == 0 && !set_patience(fd, PEER_PATIENCE))
		r = neg_errno();
	return r < 0 ? r : take_gift(fd, ret_fds, ret_count);
}

union batch_control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(CHANNEL_BATCH * sizeof(int))];
};

int channel_send_fds(int fd, const int *fds, const int *places, size_t count)
{
	union batch_control control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)places, count * sizeof(*places) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = CMSG_SPACE(count * sizeof(int)) };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	/* Nobody reads yet: where there is no room there will be none. */
	while (sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return neg_errno();
	return 0;
}

static int take_places(const int *fds, const int *places, size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		if (r == 0 && dup3(fds[i], places[i], O_CLOEXEC) < 0)
			r = neg_errno();
		close(fds[i]);
	}
	return r;
}

/* 1: there may be more; 0: that was all. */
static int take_batch(int fd)
{
	int fds[CHANNEL_BATCH], places[CHANNEL_BATCH];
	union batch_control control = { 0 };
	struct iovec iov = { places, sizeof(places) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	size_t count;
	int r;

	if (n <= 0)
		return n == 0 ? 0 : errno == EINTR ? 1 : neg_errno();
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -EMFILE; /* there was no room for one of them */
	count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(c), count * sizeof(int));
	r = take_places(fds, places, count);
	if (r == 0 && count != (size_t)n / sizeof(int))
		r = -EMFILE;
	return r < 0 ? r : 1;
}

int channel_take_fds(int fd)
{
	int r;

	do
		r = take_batch(fd);
	while (r > 0);
	return r;
}
