/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp_agent.h.
 */
#include "setup/seccomp/seccomp_agent.h"

#include "setup/receiver.h"

/* The words are runc's. */
static struct receiver receiver_of(const char *path)
{
	return (struct receiver){ "seccomp agent", "failed to connect with seccomp agent", path };
}

int seccomp_agent_connect(const char *path, int *ret_sockfd, struct err *e)
{
	const struct receiver to = receiver_of(path);

	return receiver_connect(&to, ret_sockfd, e);
}

int seccomp_agent_send(struct arena *a, const char *path, int sockfd, int listener,
		       const struct oci_process_state *state, struct err *e)
{
	const struct receiver to = receiver_of(path);
	const char *names[] = { "seccompFd" };
	struct oci_process_state s = *state;
	const char *text;
	size_t len;

	s.fds = (struct oci_strings){ names, ARRAY_SIZE(names) };
	text = oci_process_state_encode(a, &s, &len);
	if (!text)
		return err_set(e, ENOMEM, "encode the state for the seccomp agent");
	return receiver_send(&to, sockfd, &(struct receiver_item){ "the listener", text, listener },
			     e);
}
