/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rows of HOST that concern other unix sockets of the caller's than the console's: who wants a
 * pidfd of the container's process, who wants to know when its program is ready, and the agent of a
 * seccomp filter with a listener.
 */
#include "container/ready.h"
#include "lifecycle/lifecycle.h"
#include "setup/receiver.h"
#include "setup/seccomp/seccomp_agent.h"

static struct receiver pidfd_receiver(const struct run *run)
{
	return (struct receiver){ "pidfd socket", "connect to pidfd socket",
				  run->plan->pidfd_socket };
}

int step_pidfd_socket(struct run *run, struct err *e)
{
	const struct receiver to = pidfd_receiver(run);

	return receiver_connect(&to, &run->pidfd_sock, e);
}

/* The words that come with it are runc's. */
int step_send_pidfd(struct run *run, struct err *e)
{
	const struct receiver to = pidfd_receiver(run);
	const struct receiver_item item = { "the pidfd", run->plan->is_exec ? "setns" : "standard",
					    run->pidfd };

	receiver_send(&to, run->pidfd_sock, &item, e);
	close_fdp(&run->pidfd_sock);
	return -e->code;
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
