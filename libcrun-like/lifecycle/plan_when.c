/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When a row of the step tables is active: pure questions about the plan.
 */
#include <sched.h>
#include <string.h>

#include "lifecycle/plan_rows.h"

bool plan_has_seccomp(const struct plan *p)
{
	return p->seccomp.count > 0 || plan_has_filter(p);
}

/* Not of `create`: nothing is notified of before the start. */
bool plan_has_agent(const struct plan *p)
{
	return p->seccomp.has_listener && !p->is_resumable;
}

bool plan_has_joined(const struct plan *p)
{
	return p->ns.joined_count > 0;
}

bool plan_joins_in_init(const struct plan *p)
{
	return p->ns.joined_count > 0 && !p->has_middle;
}

bool plan_has_mount_maps(const struct plan *p)
{
	return mounts_have_idmaps(&p->mounts);
}

bool plan_has_host_sources(const struct plan *p)
{
	return p->has_host_sources;
}

/* A joined mount namespace is somebody else's, and no place to look for the host's files. */
bool plan_locks_sources(const struct plan *p)
{
	return p->has_host_sources && namespaces_has_new(&p->ns, CLONE_NEWNS);
}

bool plan_has_root_place(const struct plan *p)
{
	return p->rootfs.way == ROOTFS_CHROOT;
}

bool plan_has_console_socket(const struct plan *p)
{
	return p->console_socket != NULL;
}

bool plan_has_pidfd_socket(const struct plan *p)
{
	return p->pidfd_socket != NULL;
}

bool plan_has_notify_socket(const struct plan *p)
{
	return p->ctx->notify_socket != NULL;
}

bool plan_has_terminal(const struct plan *p)
{
	return p->has_terminal;
}

/* In the foreground: HOST itself shows it. */
bool plan_shows_terminal(const struct plan *p)
{
	return p->has_terminal && !p->console_socket;
}

bool plan_has_no_terminal(const struct plan *p)
{
	return !p->has_terminal;
}

/* Whoever took the terminal at the socket may be about to tell. */
bool plan_waits_for_size(const struct plan *p)
{
	return p->has_terminal && p->console_socket && !console_has_size(&p->console);
}

bool plan_has_cgroup(const struct plan *p)
{
	return p->cgroup.path && !p->cgroup.unit.name;
}

bool plan_has_unit(const struct plan *p)
{
	return p->cgroup.path && p->cgroup.unit.name;
}

bool plan_is_any(const struct plan *p)
{
	return true;
}

bool plan_has_device_filter(const struct plan *p)
{
	return p->cgroup.path && p->cgroup.devices.insns;
}

/* Nodes may always be made, and what the set-up itself opens is always allowed. A file system on a
 * block device, or a hook inside, is to meet the filter however fast INIT is. */
bool plan_opens_no_device(const struct plan *p)
{
	for (size_t i = 0; i < p->mounts.count; i++) {
		const struct mount_op *op = &p->mounts.items[i];

		if (op->kind == MOUNT_FS && op->source && op->source[0] == '/')
			return false;
	}
	return p->hooks.create_container.count == 0;
}

bool plan_has_cgroup_owner(const struct plan *p)
{
	return p->cgroup.path && p->handover.has_owner;
}

bool plan_has_sub_cgroup(const struct plan *p)
{
	return p->cgroup.path && p->handover.below;
}

bool plan_has_process_limit(const struct plan *p)
{
	return p->cgroup.path && cgroup_has_late_limits(&p->cgroup);
}

bool plan_is_resumable(const struct plan *p)
{
	return p->is_resumable;
}

bool plan_hands_out_namespaces(const struct plan *p)
{
	return p->is_resumable && p->ns.is_rootless;
}

bool plan_has_middle(const struct plan *p)
{
	return p->has_middle;
}

bool plan_enters_pid_ns_late(const struct plan *p)
{
	return p->enters_pid_ns_late;
}

bool plan_has_no_middle(const struct plan *p)
{
	return !p->has_middle;
}

bool plan_has_id_maps(const struct plan *p)
{
	return p->ns.uid_map_count > 0;
}

bool plan_has_rdt(const struct plan *p)
{
	return p->rdt.group != NULL;
}

bool plan_has_net_devices(const struct plan *p)
{
	return p->net_devices.count > 0;
}

bool plan_has_oom_score(const struct plan *p)
{
	return p->credentials.oom_score_adj != NULL;
}

bool plan_has_new_cgroup_ns(const struct plan *p)
{
	return namespaces_has_new(&p->ns, CLONE_NEWCGROUP);
}

bool plan_has_new_net_ns(const struct plan *p)
{
	return namespaces_has_new(&p->ns, CLONE_NEWNET);
}

bool plan_has_hostname(const struct plan *p)
{
	return p->config->hostname || p->config->domainname;
}

bool plan_has_create_container(const struct plan *p)
{
	return p->hooks.create_container.count > 0;
}

bool plan_has_start_container(const struct plan *p)
{
	return p->hooks.start_container.count > 0;
}

bool plan_has_poststart(const struct plan *p)
{
	return p->hooks.poststart.count > 0;
}

bool plan_has_hook_files(const struct plan *p)
{
	return p->config && p->config->hooks && hook_output_has_files(&p->config->annotations);
}

bool plan_has_sysctl(const struct plan *p)
{
	return p->sysctls.count > 0;
}

bool plan_has_masks(const struct plan *p)
{
	return (p->masks.masked && p->masks.masked->count) ||
	       (p->masks.readonly && p->masks.readonly->count);
}

bool plan_has_process(const struct plan *p)
{
	return p->config->process != NULL;
}

bool plan_has_limits(const struct plan *p)
{
	return p->credentials.limit_count > 0;
}

/* Root of a user namespace may raise none; root outside may. */
bool plan_has_host_limits(const struct plan *p)
{
	return plan_has_limits(p) && p->has_host_sources;
}

bool plan_has_time_offsets(const struct plan *p)
{
	return time_offsets_are_asked(&p->time_offsets);
}

/* In a user namespace nobody has the right to raise either. */
bool plan_has_host_scheduling(const struct plan *p)
{
	return scheduling_is_asked(&p->scheduling) && p->has_host_sources;
}

bool plan_has_own_scheduling(const struct plan *p)
{
	return scheduling_is_asked(&p->scheduling) && !p->has_host_sources;
}

bool plan_has_memory_policy(const struct plan *p)
{
	return p->memory_policy.asked != NULL;
}

bool plan_has_personality(const struct plan *p)
{
	return p->personality.domain != NULL;
}

bool plan_has_labels(const struct plan *p)
{
	return p->labels.apparmor || p->labels.selinux;
}

bool plan_has_keyring(const struct plan *p)
{
	return !p->no_new_keyring;
}

bool plan_has_pid_file(const struct plan *p)
{
	return p->pid_file != NULL;
}

bool plan_has_initial_cpus(const struct plan *p)
{
	return p->initial_cpus.is_given;
}

bool plan_has_final_cpus(const struct plan *p)
{
	return p->final_cpus.is_given;
}
