/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp_agent.h.
 */
#include "setup/seccomp/seccomp_agent.h"

#include "kernel/peer.h"

int seccomp_agent_connect(const char *path, int *ret_sockfd, struct err *e)
{
	int r = peer_connect(path, PEER_START_MSEC, ret_sockfd);

	if (r == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, ETIMEDOUT,
				"seccomp agent %s did not accept within %d seconds", path,
				PEER_DEADLINE_SEC);
	return r < 0 ? err_set(e, -r, "failed to connect with seccomp agent %s", path) : 0;
}

int seccomp_agent_send(struct arena *a, const char *path, int sockfd, int listener,
		       const struct oci_process_state *state, struct err *e)
{
	const char *names[] = { "seccompFd" };
	struct oci_process_state s = *state;
	const char *text;
	size_t len;
	int r;

	s.fds = (struct oci_strings){ names, ARRAY_SIZE(names) };
	text = oci_process_state_encode(a, &s, &len);
	if (!text)
		return err_set(e, ENOMEM, "encode the state for the seccomp agent");
	r = peer_send_fd(sockfd, text, listener);
	if (r == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, ETIMEDOUT,
				"seccomp agent %s did not take the listener within %d seconds",
				path, PEER_DEADLINE_SEC);
	return r < 0 ? err_set(e, -r, "send the listener to seccomp agent %s", path) : 0;
}
