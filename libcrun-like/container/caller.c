/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See caller.h.
 */
#include "container/caller.h"

#include <string.h>

#include "kernel/peer.h"
#include "kernel/process.h"

int caller_send(int sock, const struct caller_message *m, int passed)
{
	return peer_send_message(
		sock, m, offsetof(struct caller_message, text) + strlen(m->text) + 1, passed);
}

int caller_receive(int sock, struct caller_message *m, int *ret_fd)
{
	ssize_t n;

	memset(m, 0, offsetof(struct caller_message, text) + 1);
	n = peer_receive_message(sock, m, sizeof(*m), ret_fd);
	if (n <= 0)
		return (int)n;
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
