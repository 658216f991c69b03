/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See examine.h. The rows are in the order of plan_prepare(), whose parts they are, with contexts
 * that take everything to be there: a machine that has all controllers, a caller that may do all.
 */
#include "lifecycle/examine.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/mount.h"
#include "setup/resources/cgroup_devices.h"
#include "setup/resources/cgroup_knobs.h"

static int examine_namespaces(struct plan *p, const struct err_sink *faults, struct err *e)
{
	return namespaces_prepare(&p->arena, p->config, &p->ns, e);
}

static const struct oci_resources *resources_of(const struct plan *p)
{
	return p->config->linux_config ? p->config->linux_config->resources : NULL;
}

static int examine_limits(struct plan *p, const struct err_sink *faults, struct err *e)
{
	const struct cgroup_host host = {
		.where = "",
		.controllers = "cpuset cpu io memory hugetlb pids rdma misc",
		.faults = *faults,
	};
	const struct cgroup_write *writes;

	return cgroup_knobs_prepare(&p->arena, resources_of(p), &host, &writes, e);
}

static int examine_device_rules(struct plan *p, const struct err_sink *faults, struct err *e)
{
	const struct oci_resources *res = resources_of(p);

	return cgroup_devices_prepare(&p->arena, res ? &res->devices : NULL, &p->cgroup.devices, e);
}

static int examine_handover(struct plan *p, const struct err_sink *faults, struct err *e)
{
	return cgroup_handover_prepare(p->config, &p->ns, &p->handover, e);
}

static int examine_mounts(struct plan *p, const struct err_sink *faults, struct err *e)
{
	const struct mounts_context ctx = {
		.bundle = p->bundle,
		.faults = *faults,
		.has_user_ns = namespaces_is_private(&p->ns, CLONE_NEWUSER),
		.has_cgroup_ns = namespaces_is_private(&p->ns, CLONE_NEWCGROUP),
		.has_net_ns = namespaces_is_private(&p->ns, CLONE_NEWNET),
		.has_pid_ns = namespaces_is_private(&p->ns, CLONE_NEWPID),
	};

	return mounts_prepare(&p->arena, p->config, &ctx, &p->mounts, e);
}

static int examine_devices(struct plan *p, const struct err_sink *faults, struct err *e)
{
	if (devices_prepare(&p->arena, p->config, namespaces_is_private(&p->ns, CLONE_NEWUSER),
			    &p->devices, e) < 0)
		return -e->code;
	devices_examine(&p->devices, faults);
	return 0;
}

static int examine_net_devices(struct plan *p, const struct err_sink *faults, struct err *e)
{
	return net_devices_prepare(&p->arena, p->config, false, &p->net_devices, e);
}

static int examine_sysctls(struct plan *p, const struct err_sink *faults, struct err *e)
{
	return sysctl_prepare(&p->arena, p->config, &p->sysctls, e);
}

static int examine_scheduling(struct plan *p, const struct err_sink *faults, struct err *e)
{
	return p->config->process ? scheduling_prepare(p->config->process, &p->scheduling, e) : 0;
}

static int examine_memory_policy(struct plan *p, const struct err_sink *faults, struct err *e)
{
	return memory_policy_prepare(&p->arena, p->config->linux_config, &p->memory_policy, e);
}

static int examine_personality(struct plan *p, const struct err_sink *faults, struct err *e)
{
	return personality_prepare(p->config->linux_config, &p->personality, e);
}

static int examine_user(struct plan *p, const struct err_sink *faults, struct err *e)
{
	return p->config->process && p->ns.uid_map_count
		       ? namespaces_check_user(&p->ns, &p->config->process->user, faults, e)
		       : 0;
}

/* Of a namespace that is there. */
static int examine_user_here(struct plan *p, const struct err_sink *faults, struct err *e)
{
	return p->config->process && !p->ns.uid_map_count
		       ? namespaces_check_user(&p->ns, &p->config->process->user, faults, e)
		       : 0;
}

static int examine_credentials(struct plan *p, const struct err_sink *faults, struct err *e)
{
	const struct credentials_context ctx = {
		.has_user_ns = namespaces_is_private(&p->ns, CLONE_NEWUSER),
	};

	return p->config->process ? credentials_prepare(&p->arena, p->config->process, &ctx,
							&p->credentials, e)
				  : 0;
}

static int examine_hooks(struct plan *p, const struct err_sink *faults, struct err *e)
{
	const struct hook_environments env = { NULL, NULL };

	return hooks_prepare(&p->arena, p->config->hooks, &env, &p->hooks, e);
}

static int examine_filter(struct plan *p, const struct err_sink *faults, struct err *e)
{
	return plan_filter(p, -1, e);
}

static int examine_rootfs(struct plan *p, const struct err_sink *faults, struct err *e)
{
	return rootfs_prepare(&p->arena, p->config, p->bundle, plan_way_in(p), &p->rootfs, e);
}

static int examine_labels(struct plan *p, const struct err_sink *faults, struct err *e)
{
	return p->config->process ? labels_prepare(&p->arena, p->config->process, &p->labels, e)
				  : 0;
}

/* Those of file systems that are the kernel's own: what others take hangs on devices and servers.
 */
static bool is_kernel_type(const char *type)
{
	static const char *const types[] = { "tmpfs", "proc", "sysfs", "devpts", "mqueue", NULL };
	size_t i = 0;

	while (types[i] && strcmp(types[i], type) != 0)
		i++;
	return types[i];
}

/* Whoever may not mount does not learn it. */
static void examine_file_system(const struct mount_op *op, const struct err_sink *faults)
{
	const struct mount_fs fs = {
		.type = op->type,
		.data = op->options.data,
		.superblock = op->options.superblock_set,
	};
	char message[MOUNT_MESSAGE_SIZE];
	int r = mount_try_options(&fs, message);
	struct err e = { 0 };

	if (r == -ENODEV) {
		err_kind(&e, ERR_UNSUPPORTED, ENODEV, "unknown file system type %s", op->type);
		err_at(&e, POINTER("/mounts/%zu/type", op->index));
	} else if (r < 0 && message[0] && is_kernel_type(op->type)) {
		err_field(&e, -r, POINTER("/mounts/%zu/options", op->index), "%s", message);
	}
	if (e.code)
		err_pass(faults, &e);
}

/* A source that a hook may still make is not missing. Without one: the mount has another fault. */
static void examine_source(const struct plan *p, const struct mount_op *op,
			   const struct err_sink *faults)
{
	struct stat st;
	struct err e = { 0 };

	if (!op->source || op->inside || p->hooks.prestart.count || p->hooks.create_runtime.count ||
	    lstat(op->source, &st) == 0 || (errno != ENOENT && errno != ENOTDIR))
		return;
	err_field(&e, errno, POINTER("/mounts/%zu/source", op->index), "mount source %s: %s",
		  op->source, errno_words(errno));
	err_pass(faults, &e);
}

static int examine_mounts_here(struct plan *p, const struct err_sink *faults, struct err *e)
{
	for (size_t i = 0; i < p->mounts.count; i++) {
		const struct mount_op *op = &p->mounts.items[i];

		if (op->kind == MOUNT_FS)
			examine_file_system(op, faults);
		else if (op->kind == MOUNT_BIND)
			examine_source(p, op, faults);
	}
	return 0;
}

/* Those whose failure is create's, and whose paths are the host's. */
static int examine_hook_files(struct plan *p, const struct err_sink *faults, struct err *e)
{
	const struct hook_ops *const kinds[] = { &p->hooks.prestart, &p->hooks.create_runtime,
						 &p->hooks.create_container };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (size_t j = 0; j < kinds[i]->count; j++) {
			const char *path = kinds[i]->ops[j].path;
			struct stat st;

			if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
				errno = EISDIR;
			else if (access(path, X_OK) == 0)
				continue;
			err_field(e, errno, POINTER("/hooks/%s/%zu/path", kinds[i]->kind, j),
				  "hook %s: %s", path, errno_words(errno));
			err_pass(faults, e);
		}
	}
	return 0;
}

struct row {
	int (*run)(struct plan *p, const struct err_sink *faults, struct err *e);
	bool is_of_host;
	const char *section; /* not looked at when there is a fault in it already; NULL: it is */
};

static const struct row rows[] = {
	{ examine_namespaces, false, NULL },      { examine_rootfs, true, "/root" },
	{ examine_limits, false, NULL },          { examine_device_rules, false, NULL },
	{ examine_handover, false, NULL },        { examine_mounts, false, NULL },
	{ examine_devices, false, NULL },         { examine_net_devices, false, NULL },
	{ examine_sysctls, false, NULL },         { examine_scheduling, false, NULL },
	{ examine_memory_policy, false, NULL },   { examine_personality, false, NULL },
	{ examine_labels, true, NULL },           { examine_user, false, NULL },
	{ examine_user_here, true, NULL },        { examine_credentials, false, NULL },
	{ examine_hooks, false, NULL },           { examine_hook_files, true, "/hooks" },
	{ examine_mounts_here, true, "/mounts" }, { examine_filter, false, "/linux/seccomp" },
};

struct examination {
	const struct examine *what;
	const struct row *row;
};

/* That this caller lacks rights, or that memory is scarce, is no fault of the document. */
static bool is_of_document(const struct err *e)
{
	return e->pointer[0] && e->kind != ERR_SYSTEM && e->code != EPERM;
}

static void tell(void *arg, const struct err *e)
{
	const struct examination *x = arg;

	if (x->row->is_of_host || is_of_document(e))
		x->what->found(x->what->arg, e);
}

void plan_examine(struct plan *plan, const struct examine *what)
{
	static const struct davit_context all_there = { .name = "davit" };
	const struct davit_context *given = plan->ctx;
	struct examination x = { .what = what };
	const struct err_sink faults = { tell, &x };

	plan->ctx = &all_there;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err e = { 0 };

		x.row = &rows[i];
		if ((rows[i].is_of_host && !what->with_host) ||
		    (rows[i].section && what->is_faulty(what->arg, rows[i].section)))
			continue;
		if (rows[i].run(plan, &faults, &e) < 0)
			tell(&x, &e);
	}
	plan->ctx = given;
}
