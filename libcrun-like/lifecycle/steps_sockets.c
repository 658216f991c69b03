/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rows of HOST that concern other unix sockets of the caller's than the console's: who wants a
 * pidfd of the container's process, who wants to know when its program is ready, and the agent of a
 * seccomp filter with a listener.
 */
#include "container/ready.h"
#include "kernel/peer.h"
#include "lifecycle/lifecycle.h"
#include "setup/seccomp/seccomp_agent.h"

int step_pidfd_socket(struct run *run, struct err *e)
{
	const char *path = run->plan->pidfd_socket;
	int r = peer_connect(path, PEER_START_MSEC, &run->pidfd_sock);

	if (r == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, ETIMEDOUT,
				"pidfd socket %s did not accept within %d seconds", path,
				PEER_DEADLINE_SEC);
	return r < 0 ? err_set(e, -r, "connect to pidfd socket %s", path) : 0;
}

/* The words that come with it are runc's. */
int step_send_pidfd(struct run *run, struct err *e)
{
	const char *path = run->plan->pidfd_socket;
	int r = peer_send_fd(run->pidfd_sock, run->plan->is_exec ? "setns" : "standard",
			     run->pidfd);

	close_fdp(&run->pidfd_sock);
	if (r == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, ETIMEDOUT,
				"pidfd socket %s did not take the pidfd within %d seconds", path,
				PEER_DEADLINE_SEC);
	return r < 0 ? err_set(e, -r, "send the pidfd to pidfd socket %s", path) : 0;
}

/* The state directory's undo removes both. start makes a socket of its own. */
int step_notify_socket(struct run *run, struct err *e)
{
	if (ready_make_dir(run->state_dirfd, e) < 0)
		return -e->code;
	return run->verb == VERB_RUN ? ready_listen(run->state_dirfd, &run->notify_fd, e) : 0;
}

/* Before INIT goes on, so that an agent that is not leaves everything as it was. */
int step_agent(struct run *run, struct err *e)
{
	return seccomp_agent_connect(run->plan->seccomp.receiver, &run->agent_fd, e);
}
