/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A seccomp filter's listener on its way from INIT to the agent, as HOST sees it: the connection is
 * there before INIT goes on, so that an agent that is not leaves everything as it was; the listener
 * comes when the filter is in force, with the program's execve being next. A startContainer hook is
 * under the filter too: each is one more listener, in a connection of its own.
 */
#include "lifecycle/lifecycle.h"
#include "lifecycle/status.h"
#include "setup/seccomp_agent.h"

int step_agent(struct run *run, struct err *e)
{
	return seccomp_agent_connect(run->plan->seccomp.receiver, &run->agent_fd, e);
}

/* The container, as it is while the program has not been executed yet (runtime.md#state). */
static struct oci_state state_of(const struct run *run, const int64_t *pid)
{
	const struct container *c = run->container;
	const struct oci_state s = {
		.oci_version = davit_oci_version(),
		.id = run->plan->id,
		.status = c ? status_word(c->status) : "created",
		.pid = pid,
		.bundle = c ? c->state->bundle : run->plan->bundle,
		.annotations = run->plan->config->annotations,
	};

	return s;
}

int run_pass_listener(struct run *run, int listener, struct err *e)
{
	const struct plan *p = run->plan;
	const struct oci_linux *l = p->config->linux_config;
	int64_t pid = run->container ? run->container->pid : run->pid;
	const struct oci_state state = state_of(run, &pid);
	const struct oci_process_state sent = {
		.oci_version = davit_oci_version(),
		.pid = run->pid,
		.metadata = l && l->seccomp ? l->seccomp->listener_metadata : NULL,
		.state = &state,
	};

	if (listener < 0)
		err_kind(e, ERR_STATE, EPROTO, "a seccomp listener was announced and has not come");
	else if (run->agent_fd >= 0 ||
		 seccomp_agent_connect(p->seccomp.receiver, &run->agent_fd, e) == 0)
		seccomp_agent_send(&run->plan->arena, p->seccomp.receiver, run->agent_fd, listener,
				   &sent, e);
	/* One message a connection. */
	close_fdp(&run->agent_fd);
	run->has_lost_agent = e->code != 0;
	return -e->code;
}
