/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rows of HOST that hand things of the host over to a container that is being made: its cgroup,
 * its class of service,
 * network devices.
 */
#include <sched.h>

#include "lifecycle/lifecycle.h"

int step_device_filter(struct run *run, struct err *e)
{
	return cgroup_attach_devices(&run->plan->cgroup, run->cgroup_fd, e);
}

/* One that was there before is its owner's to give. */
int step_cgroup_owner(struct run *run, struct err *e)
{
	if (run->cgroup_was_there)
		return 0;
	return cgroup_handover_chown(&run->plan->handover, run->cgroup_fd, e);
}

int step_sub_cgroup(struct run *run, struct err *e)
{
	return cgroup_handover_enter(&run->plan->handover, run->cgroup_fd, run->pid, e);
}

int step_rdt(struct run *run, struct err *e)
{
	return intel_rdt_create(&run->own_plan->arena, &run->own_plan->rdt, e);
}

void undo_rdt(struct run *run)
{
	intel_rdt_undo(&run->own_plan->rdt);
}

int step_rdt_process(struct run *run, struct err *e)
{
	return intel_rdt_add_process(&run->plan->rdt, run->pid, e);
}

int step_net_devices(struct run *run, struct err *e)
{
	struct plan *p = run->own_plan;
	const struct namespace_join *joined = namespaces_find_joined(&p->ns, CLONE_NEWNET);

	if (net_devices_move(&p->arena, &p->net_devices, joined ? joined->fd : run->pidfd, e) < 0)
		undo_net_devices(run);
	return -e->code;
}

void undo_net_devices(struct run *run)
{
	net_devices_return(&run->own_plan->net_devices, context_warn_failure, (void *)run->ctx);
}
