/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What `davit plan` says that a row would do.
 */
#include <string.h>

#include "lifecycle/plan_rows.h"

void plan_describe_config(const struct plan *p, const struct describe *d)
{
	describe(d, "%s, %zu bytes, OCI %s", p->config_path, p->text_len, p->config->oci_version);
}

void plan_describe_joined(const struct plan *p, const struct describe *d)
{
	namespaces_describe_joined(&p->ns, d);
}

void plan_describe_new(const struct plan *p, const struct describe *d)
{
	namespaces_describe_new(&p->ns, d);
}

void plan_describe_time_offsets(const struct plan *p, const struct describe *d)
{
	time_offsets_describe(&p->time_offsets, d);
}

void plan_describe_cgroup(const struct plan *p, const struct describe *d)
{
	cgroup_describe(&p->cgroup, d);
}

void plan_describe_cgroup_owner(const struct plan *p, const struct describe *d)
{
	const struct cgroup_handover owner = { .has_owner = true, .uid = p->handover.uid };

	cgroup_handover_describe(&owner, d);
}

void plan_describe_sub_cgroup(const struct plan *p, const struct describe *d)
{
	const struct cgroup_handover below = { .below = p->handover.below };

	cgroup_handover_describe(&below, d);
}

void plan_describe_root(const struct plan *p, const struct describe *d)
{
	rootfs_describe(&p->rootfs, d);
}

void plan_describe_mounts(const struct plan *p, const struct describe *d)
{
	mounts_describe(&p->mounts, d);
}

void plan_describe_devices(const struct plan *p, const struct describe *d)
{
	devices_describe(&p->devices, d);
}

void plan_describe_rdt(const struct plan *p, const struct describe *d)
{
	intel_rdt_describe(&p->rdt, d);
}

void plan_describe_net_devices(const struct plan *p, const struct describe *d)
{
	net_devices_describe(&p->net_devices, d);
}

void plan_describe_pidfd_socket(const struct plan *p, const struct describe *d)
{
	describe(d, "%s", p->pidfd_socket);
}

void plan_describe_console(const struct plan *p, const struct describe *d)
{
	console_describe(&p->console, d);
}

void plan_describe_sysctl(const struct plan *p, const struct describe *d)
{
	sysctl_describe(&p->sysctls, d);
}

void plan_describe_masks(const struct plan *p, const struct describe *d)
{
	masks_describe(&p->masks, d);
}

void plan_describe_scheduling(const struct plan *p, const struct describe *d)
{
	scheduling_describe(&p->scheduling, d);
}

void plan_describe_memory_policy(const struct plan *p, const struct describe *d)
{
	memory_policy_describe(&p->memory_policy, d);
}

void plan_describe_personality(const struct plan *p, const struct describe *d)
{
	personality_describe(&p->personality, d);
}

void plan_describe_credentials(const struct plan *p, const struct describe *d)
{
	const struct credentials *c = &p->credentials;

	describe(d, "uid %u, gid %u, %zu more groups%s%s%s", c->uid, c->gid,
		 c->keep_groups ? 0 : c->group_count, c->keep_groups ? " than the caller's" : "",
		 c->no_new_privs ? ", no_new_privs" : "",
		 p->seccomp.count ? ", seccomp filter" : "");
}

void plan_describe_program(const struct plan *p, const struct describe *d)
{
	describe(d, "%s in %s", p->program.argv[0], p->program.cwd);
}

void plan_describe_labels(const struct plan *p, const struct describe *d)
{
	labels_describe(&p->labels, d);
}

void plan_describe_hostname(const struct plan *p, const struct describe *d)
{
	if (p->config->hostname)
		describe(d, "hostname %s", p->config->hostname);
	if (p->config->domainname)
		describe(d, "domainname %s", p->config->domainname);
}

void plan_describe_hook_files(const struct plan *p, const struct describe *d)
{
	hook_output_describe_files(&p->config->annotations, d);
}

void plan_describe_filter(const struct plan *p, const struct describe *d)
{
	describe(d, "%u instructions%s%s", (unsigned)p->seccomp.count,
		 p->seccomp.has_listener ? ", listener to " : "",
		 p->seccomp.has_listener ? p->seccomp.receiver : "");
}
