/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See caller.h.
 */
#include "container/caller.h"

#include <string.h>
#include <sys/socket.h>

#include "kernel/process.h"

/* Aligned as a header of a control message wants it. */
union fd_control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int caller_send(int sock, const struct caller_message *m, int passed)
{
	union fd_control control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)m,
			     .iov_len =
				     offsetof(struct caller_message, text) + strlen(m->text) + 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (passed >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &passed, sizeof(passed));
	}
	while (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return neg_errno();
	return 0;
}

int caller_receive(int sock, struct caller_message *m, int *ret_fd)
{
	union fd_control control = { 0 };
	struct iovec iov = { .iov_base = m, .iov_len = sizeof(*m) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	const struct cmsghdr *c;
	ssize_t n;

	memset(m, 0, offsetof(struct caller_message, text) + 1);
	*ret_fd = -1;
	while ((n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC)) < 0)
		if (errno != EINTR)
			return errno == ECONNRESET ? 0 : neg_errno();
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	if (n == 0)
		return 0;
	if ((size_t)n <= offsetof(struct caller_message, text) || ((const char *)m)[n - 1]) {
		close_fdp(ret_fd);
		return -EPROTO;
	}
	return 1;
}

int caller_tell_born(int sock, pid_t pid, int pidfd)
{
	const struct caller_message m = { .kind = CALLER_BORN, .pid = pid };

	return sock < 0 ? 0 : caller_send(sock, &m, pidfd);
}

int caller_wait(int sock, pid_t pid, int pidfd, int *ret_status, int *ret_signal)
{
	struct caller_message m = { .kind = CALLER_REAP, .pid = pid };
	int ignored = -1, r;

	if (sock < 0)
		return process_wait(pidfd, ret_status, ret_signal);
	r = caller_send(sock, &m, -1);
	if (r == 0)
		r = caller_receive(sock, &m, &ignored);
	close_fdp(&ignored);
	if (r <= 0 || m.kind != CALLER_REAPED)
		return r < 0 ? r : -EPROTO;
	*ret_status = m.status;
	*ret_signal = m.signal;
	return m.code;
}
