/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See examine.h. The rows are in the order of plan_prepare(), whose parts they are, with contexts
 * that take everything to be there: a machine that has all controllers, a caller that may do all.
 */
#include "lifecycle/examine.h"

#include <sched.h>

#include "kernel/sys.h"
#include "setup/resources/cgroup_devices.h"
#include "setup/resources/cgroup_knobs.h"

static int examine_namespaces(struct plan *p, struct err *e)
{
	return namespaces_prepare(&p->arena, p->config, &p->ns, e);
}

static const struct oci_resources *resources_of(const struct plan *p)
{
	return p->config->linux_config ? p->config->linux_config->resources : NULL;
}

static int examine_limits(struct plan *p, struct err *e)
{
	static const struct cgroup_host host = {
		.where = "",
		.controllers = "cpuset cpu io memory hugetlb pids rdma misc",
	};
	const struct cgroup_write *writes;

	return cgroup_knobs_prepare(&p->arena, resources_of(p), &host, &writes, e);
}

static int examine_device_rules(struct plan *p, struct err *e)
{
	const struct oci_resources *res = resources_of(p);

	return cgroup_devices_prepare(&p->arena, res ? &res->devices : NULL, &p->cgroup.devices, e);
}

static int examine_handover(struct plan *p, struct err *e)
{
	return cgroup_handover_prepare(p->config, &p->ns, &p->handover, e);
}

static int examine_mounts(struct plan *p, struct err *e)
{
	const struct mounts_context ctx = {
		.bundle = p->bundle,
		.has_user_ns = namespaces_is_private(&p->ns, CLONE_NEWUSER),
		.has_cgroup_ns = namespaces_is_private(&p->ns, CLONE_NEWCGROUP),
		.has_net_ns = namespaces_is_private(&p->ns, CLONE_NEWNET),
		.has_pid_ns = namespaces_is_private(&p->ns, CLONE_NEWPID),
	};

	return mounts_prepare(&p->arena, p->config, &ctx, &p->mounts, e);
}

static int examine_devices(struct plan *p, struct err *e)
{
	return devices_prepare(&p->arena, p->config, namespaces_is_private(&p->ns, CLONE_NEWUSER),
			       &p->devices, e);
}

static int examine_masks(struct plan *p, struct err *e)
{
	return masks_prepare(p->config, &p->masks, e);
}

static int examine_net_devices(struct plan *p, struct err *e)
{
	return net_devices_prepare(&p->arena, p->config, false, &p->net_devices, e);
}

static int examine_sysctls(struct plan *p, struct err *e)
{
	return sysctl_prepare(&p->arena, p->config, &p->sysctls, e);
}

static int examine_console(struct plan *p, struct err *e)
{
	return console_prepare(p->config->process, true, NULL, &p->console, e);
}

static int examine_scheduling(struct plan *p, struct err *e)
{
	return p->config->process ? scheduling_prepare(p->config->process, &p->scheduling, e) : 0;
}

static int examine_memory_policy(struct plan *p, struct err *e)
{
	return memory_policy_prepare(&p->arena, p->config->linux_config, &p->memory_policy, e);
}

static int examine_personality(struct plan *p, struct err *e)
{
	return personality_prepare(p->config->linux_config, &p->personality, e);
}

static int examine_user(struct plan *p, struct err *e)
{
	return p->config->process && p->ns.uid_map_count
		       ? namespaces_check_user(&p->ns, &p->config->process->user, e)
		       : 0;
}

/* Of a namespace that is there. */
static int examine_user_here(struct plan *p, struct err *e)
{
	return p->config->process && !p->ns.uid_map_count
		       ? namespaces_check_user(&p->ns, &p->config->process->user, e)
		       : 0;
}

static int examine_credentials(struct plan *p, struct err *e)
{
	const struct credentials_context ctx = {
		.has_user_ns = namespaces_is_private(&p->ns, CLONE_NEWUSER),
	};

	return p->config->process ? credentials_prepare(&p->arena, p->config->process, &ctx,
							&p->credentials, e)
				  : 0;
}

static int examine_hooks(struct plan *p, struct err *e)
{
	const struct hook_environments env = { NULL, NULL };

	return hooks_prepare(&p->arena, p->config->hooks, &env, &p->hooks, e);
}

static int examine_filter(struct plan *p, struct err *e)
{
	return plan_filter(p, -1, e);
}

static int examine_rootfs(struct plan *p, struct err *e)
{
	return rootfs_prepare(&p->arena, p->config, p->bundle, plan_way_in(p), &p->rootfs, e);
}

static int examine_labels(struct plan *p, struct err *e)
{
	return p->config->process ? labels_prepare(&p->arena, p->config->process, &p->labels, e)
				  : 0;
}

/* Whoever may not mount does not learn it. */
static int examine_file_systems(struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->mounts.count; i++) {
		const struct mount_op *op = &p->mounts.items[i];
		_cleanup_fd_ int fd = op->kind == MOUNT_FS ? sys_fsopen(op->type) : -1;

		if (op->kind == MOUNT_FS && fd == -ENODEV) {
			err_kind(e, ERR_UNSUPPORTED, ENODEV, "unknown file system type %s",
				 op->type);
			return err_at(e, POINTER("/mounts/%zu/type", op->index));
		}
	}
	return 0;
}

struct row {
	int (*run)(struct plan *p, struct err *e);
	bool is_of_host;
};

static const struct row rows[] = {
	{ examine_namespaces, false },  { examine_rootfs, true },
	{ examine_limits, false },      { examine_device_rules, false },
	{ examine_handover, false },    { examine_mounts, false },
	{ examine_file_systems, true }, { examine_devices, false },
	{ examine_masks, false },       { examine_net_devices, false },
	{ examine_sysctls, false },     { examine_console, false },
	{ examine_scheduling, false },  { examine_memory_policy, false },
	{ examine_personality, false }, { examine_labels, true },
	{ examine_user, false },        { examine_user_here, true },
	{ examine_credentials, false }, { examine_hooks, false },
	{ examine_filter, false },
};

/* That this caller lacks rights, or that memory is scarce, is no fault of the document. */
static bool is_of_document(const struct err *e)
{
	return e->pointer[0] && e->kind != ERR_SYSTEM && e->code != EPERM;
}

void plan_examine(struct plan *plan, bool with_host, examine_fn *found, void *arg)
{
	static const struct davit_context all_there = { .name = "davit" };
	const struct davit_context *given = plan->ctx;

	plan->ctx = &all_there;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err e = { 0 };

		if (rows[i].is_of_host && !with_host)
			continue;
		if (rows[i].run(plan, &e) < 0 && (rows[i].is_of_host || is_of_document(&e)))
			found(arg, &e);
	}
	plan->ctx = given;
}
