/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See plan.h. The order of the prepare_* functions matters where one reads what another has worked
 * out: namespaces first, the cgroup before the mounts (a cgroup mount without a cgroup namespace
 * shows the container's own).
 */
#include "lifecycle/plan.h"

#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "container/ready.h"
#include "kernel/caps.h"
#include "kernel/mount.h"
#include "kernel/terminal.h"
#include "lifecycle/document.h"
#include "oci-spec/json.h"
#include "setup/annotations.h"
#include "setup/seccomp/seccomp_needs.h"

int plan_add_sockets(struct plan *plan, const char **env, unsigned count, const char *names,
		     const char *pid)
{
	if (!count)
		return 0;
	env[0] = arena_printf(&plan->arena, "LISTEN_FDS=%u", count);
	env[1] = pid;
	if (names)
		env[2] = arena_printf(&plan->arena, "LISTEN_FDNAMES=%s", names);
	return env[0] && env[1] && (!names || env[2]) ? 0 : -ENOMEM;
}

/* Engines pass another pid in LISTEN_PID: it is the program that is meant, process 1 of its
 * namespace. */
static int take_environment(struct plan *plan, const struct davit_create_options *o)
{
	const char **env = arena_array(&plan->arena, 5, sizeof(*env));
	size_t n = 0;

	if (!env)
		return -ENOMEM;
	if (plan->ctx && plan->ctx->notify_socket) /* validate has no context */
		env[n++] = READY_ENV;
	plan->extra_env = env;
	return plan_add_sockets(plan, env + n, o->listen_fds, o->listen_fd_names, "LISTEN_PID=1");
}

int plan_take_options(struct plan *plan, const struct davit_context *ctx,
		      const struct davit_create_options *o, struct err *e)
{
	const char *bundle = o->bundle ? o->bundle : ".";
	char path[PATH_MAX];

	plan->ctx = ctx;
	plan->id = o->id;
	if (!realpath(bundle, path))
		return err_set(e, errno, "find the bundle \"%s\"", bundle);
	plan->bundle = arena_strdup(&plan->arena, path);
	plan->config_path = o->config ? arena_strdup(&plan->arena, o->config)
				      : arena_printf(&plan->arena, "%s/config.json", path);
	plan->config_name = o->config ? plan->config_path : "config.json";
	if (!plan->bundle || !plan->config_path)
		return err_set(e, ENOMEM, "take the options");
	plan->text = o->config_text;
	plan->text_len = o->config_len;
	plan->pid_file = o->pid_file;
	plan->console_socket = o->console_fd > 0 ? PLAN_CONSOLE_FD : o->console_socket;
	plan->console_fd = o->console_fd;
	plan->pidfd_socket = o->pidfd_socket;
	plan->preserve_fds = o->preserve_fds + o->listen_fds;
	if (take_environment(plan, o) < 0)
		return err_set(e, ENOMEM, "take the options");
	plan->no_pivot = o->no_pivot;
	plan->no_new_keyring = o->no_new_keyring;
	plan->is_detached = o->detach;
	return 0;
}

void plan_release(struct plan *plan)
{
	namespaces_close(&plan->ns);
	mounts_close(&plan->mounts);
	net_devices_close(&plan->net_devices);
	intel_rdt_close(&plan->rdt);
	arena_release(&plan->arena);
}

int plan_read(struct plan *plan, struct err *e)
{
	if (plan->text)
		return 0;
	if (document_read(&plan->arena, plan->config_path, &plan->text, &plan->text_len, e) == 0)
		return 0;
	/* Nobody named another file: who has none is shown how to get one, or how to name it. */
	if (strcmp(plan->config_path, plan->config_name) == 0)
		return -e->code;
	if (e->code == ENOENT)
		err_hint(e, "`%s spec` writes one", plan->ctx ? plan->ctx->name : "davit");
	else if (e->code == ENOTDIR)
		err_hint(e, "a bundle is a directory; --config takes a file");
	return -e->code;
}

int plan_decode(struct plan *plan, struct err *e)
{
	struct oci_config *config;

	if (plan_read(plan, e) < 0)
		return -e->code;
	if (oci_config_decode(&plan->arena, plan->text, plan->text_len, plan->config_name, &config,
			      e) < 0)
		return -e->code;
	plan->config = config;
	return 0;
}

int plan_check(struct plan *plan, struct err *e)
{
	if (oci_config_check(plan->config, oci_check_keep_first, e) == 0)
		return 0;
	oci_find_line(plan->text, plan->text_len, e);
	return -e->code;
}

static int prepare_cgroup(struct plan *plan, struct err *e)
{
	const struct cgroup_context ctx = {
		.id = plan->id,
		.manager = plan->ctx->cgroup_manager,
		.systemd = &plan->ctx->systemd,
		.rootless = plan->ctx->is_rootless,
		.warn = context_warn,
		.inform = context_inform,
		.warn_arg = (void *)plan->ctx,
	};

	if (cgroup_prepare(&plan->arena, plan->config, &ctx, &plan->cgroup, e) < 0)
		return -e->code;
	if (cgroup_handover_prepare(plan->config, &plan->ns, &plan->handover, e) < 0)
		return -e->code;
	if (plan->handover.below && !plan->cgroup.path)
		context_log(plan->ctx, DAVIT_LOG_WARNING,
			    "without a cgroup, the annotation %s has no effect",
			    annotation_name(ANNOTATION_DELEGATE_CGROUP));
	return 0;
}

enum rootfs_way plan_way_in(const struct plan *plan)
{
	if (!namespaces_is_private(&plan->ns, CLONE_NEWNS))
		return ROOTFS_CHROOT;
	return plan->no_pivot ? ROOTFS_MOVE : ROOTFS_PIVOT;
}

static int prepare_mounts(struct plan *plan, struct err *e)
{
	bool has_user_ns = namespaces_is_private(&plan->ns, CLONE_NEWUSER);
	struct mounts_context ctx = {
		.bundle = plan->bundle,
		/* Root of a made user namespace has no more rights in it than in a new one. */
		.has_user_ns = has_user_ns || plan->ctx->is_rootless,
		.has_callers_ids = !has_user_ns,
		.has_cgroup_ns = namespaces_is_private(&plan->ns, CLONE_NEWCGROUP),
		.has_net_ns = namespaces_is_private(&plan->ns, CLONE_NEWNET),
		.has_pid_ns = namespaces_is_private(&plan->ns, CLONE_NEWPID),
		.has_neighbours = namespaces_find_joined(&plan->ns, CLONE_NEWNS),
	};

	if (rootfs_prepare(&plan->arena, plan->config, plan->bundle, plan_way_in(plan),
			   &plan->rootfs, e) < 0)
		return -e->code;
	ctx.is_root_shared = rootfs_is_shared(&plan->rootfs);
	ctx.root = plan->rootfs.path;
	if (plan->config->linux_config && plan->config->linux_config->mount_label)
		ctx.has_selinux = labels_has_selinux();
	if (plan->cgroup.path) {
		ctx.cgroup_root = plan->cgroup.root;
		ctx.cgroup_path = arena_printf(&plan->arena, "%s/%s", plan->cgroup.root,
					       plan->cgroup.path + strspn(plan->cgroup.path, "/"));
		if (!ctx.cgroup_path)
			return err_set(e, ENOMEM, "prepare the mounts");
	}
	if (mounts_prepare(&plan->arena, plan->config, &ctx, &plan->mounts, e) < 0)
		return -e->code;
	if (devices_prepare(&plan->arena, plan->config, ctx.has_user_ns, &plan->devices, e) < 0)
		return -e->code;
	masks_prepare(plan->config, &plan->masks);
	if (net_devices_prepare(&plan->arena, plan->config, plan->ctx->is_rootless,
				&plan->net_devices, e) < 0)
		return -e->code;
	plan->has_host_sources = has_user_ns && geteuid() == 0;
	return sysctl_prepare(&plan->arena, plan->config, &plan->sysctls, e);
}

bool plan_is_foreground(const struct plan *plan)
{
	return !plan->is_resumable && !plan->is_detached;
}

static int check_terminal(const struct plan *plan, struct err *e)
{
	/* The words are runc's, which scripts know. */
	if (plan->has_terminal && !plan->console_socket && !plan_is_foreground(plan)) {
		err_field(e, EINVAL, "/process/terminal",
			  "cannot allocate tty if %s will detach without setting console socket",
			  plan->ctx->name);
		return err_hint(e, "use --console-socket, or ask for no terminal "
				   "(process.terminal, --tty)");
	}
	if (plan->console_socket && !plan->has_terminal) {
		err_field(e, EINVAL, "/process/terminal",
			  "cannot use console socket if %s will not detach or allocate tty",
			  plan->ctx->name);
		return err_hint(e, "set process.terminal to true, or leave --console-socket out");
	}
	return 0;
}

/* A filter that does more than refuse is not to be met for an explanation's sake. */
static bool is_filter_deadly(const struct oci_config *config)
{
	const struct oci_seccomp *s = config->linux_config ? config->linux_config->seccomp : NULL;
	const char *action = s ? s->default_action : NULL;

	return action && strcmp(action, "SCMP_ACT_ALLOW") && strcmp(action, "SCMP_ACT_LOG") &&
	       strcmp(action, "SCMP_ACT_ERRNO");
}

/* In the foreground a terminal begins as large as the caller's. */
static void take_size(struct plan *plan)
{
	_cleanup_fd_ int fd = -1;

	if (!plan->has_terminal || plan->console_socket || plan->console.rows ||
	    plan->console.columns)
		return;
	/* Where there is none, the step that wants it fails. */
	if (terminal_open(&fd) == 0)
		terminal_get_size(fd, &plan->console.rows, &plan->console.columns);
}

int plan_prepare_process(struct plan *plan, struct err *e)
{
	const struct oci_process *process = plan->config->process;
	const struct credentials_context ctx = {
		.has_user_ns = namespaces_is_private(&plan->ns, CLONE_NEWUSER),
		.keep_groups = plan->ns.keep_groups,
		/* A namespace of others may have setgroups(2) denied as well. */
		.is_rootless =
			plan->ctx->is_rootless || namespaces_find_joined(&plan->ns, CLONE_NEWUSER),
		.warn = context_warn,
		.warn_arg = (void *)plan->ctx,
	};

	plan->has_terminal = process && process->terminal && *process->terminal;
	console_prepare(process, !plan->is_exec, plan->console_socket, &plan->console);
	if (!plan->is_dry && check_terminal(plan, e) < 0)
		return -e->code;
	take_size(plan);
	if (!process)
		return 0;
	if (scheduling_prepare(process, &plan->scheduling, e) < 0 ||
	    memory_policy_prepare(&plan->arena, plan->config->linux_config, &plan->memory_policy,
				  e) < 0 ||
	    personality_prepare(plan->config->linux_config, &plan->personality, e) < 0)
		return -e->code;
	if (labels_prepare(&plan->arena, process, &plan->labels, e) < 0)
		return -e->code;
	if (namespaces_check_user(&plan->ns, &process->user, &(struct err_sink){ 0 }, e) < 0)
		return -e->code;
	if (credentials_prepare(&plan->arena, process, &ctx, &plan->credentials, e) < 0)
		return -e->code;
	if (program_prepare(&plan->arena, process, plan->extra_env, plan->preserve_fds,
			    &plan->program, e) < 0)
		return -e->code;
	plan->program.must_not_ask = is_filter_deadly(plan->config);
	return 0;
}

/* chroot(2) holds nobody who may call it again, and who may mount is in the host's mounts here. */
static void warn_of_root(const struct plan *plan)
{
	const struct credentials *c = &plan->credentials;
	uint64_t may = (c->bounding | c->caps.permitted) &
		       (1ULL << CAP_SYS_CHROOT | 1ULL << CAP_SYS_ADMIN);

	if (plan->rootfs.way == ROOTFS_CHROOT && plan->config->process && may)
		context_log(plan->ctx, DAVIT_LOG_WARNING,
			    "without a mount namespace the root file system does not hold a "
			    "program with %s",
			    may & 1ULL << CAP_SYS_ADMIN ? "CAP_SYS_ADMIN" : "CAP_SYS_CHROOT");
}

static int prepare_hooks(struct plan *plan, struct err *e)
{
	const struct oci_state state = {
		.oci_version = OCI_VERSION,
		.id = plan->id,
		.bundle = plan->bundle,
		.annotations = plan->config->annotations,
	};

	const struct hook_environments env = { plan->ctx->environment, plan->program.envp };

	if (hooks_prepare(&plan->arena, plan->config->hooks, &env, &plan->hooks, e) < 0)
		return -e->code;
	return plan->config->hooks ? hook_state_prepare(&plan->arena, &state, &plan->hook_state, e)
				   : 0;
}

static void warn_of_clock(void *arg, const char *pointer, unsigned line)
{
	static const char clocks[] = "/linux/timeOffsets/";
	const struct plan *plan = arg;

	if (!strncmp(pointer, clocks, strlen(clocks)) && !strchr(pointer + strlen(clocks), '/'))
		context_log(plan->ctx, DAVIT_LOG_WARNING,
			    "unknown clock %s: its offset is ignored (at %s, line %u)",
			    pointer + strlen(clocks), pointer, line);
}

/* An unknown member changes nothing, as everywhere; but whoever sets a clock wants it set. */
static void look_at_clocks(const struct plan *plan)
{
	const struct oci_linux *l = plan->config->linux_config;
	struct err ignored = { 0 }; /* it was read before */

	if (l && l->time_offsets && plan->text)
		oci_config_unknown_keys(plan->text, plan->text_len, plan->config_name,
					warn_of_clock, (void *)plan, &ignored);
}

int plan_prepare(struct plan *plan, struct err *e)
{
	look_at_clocks(plan);
	if (!plan->pidfd_socket)
		plan->pidfd_socket =
			annotation_find(&plan->config->annotations, ANNOTATION_PIDFD_RECEIVER);
	if (plan->ctx->notify_socket && !plan->is_dry &&
	    ready_prepare(&plan->arena, plan->ctx, plan->id, &plan->config, e) < 0)
		return -e->code;
	if (namespaces_prepare(&plan->arena, plan->config, &plan->ns, e) < 0)
		return -e->code;
	plan->ns.keep_groups = credentials_keep_groups(&plan->config->annotations);
	time_offsets_prepare(plan->config->linux_config, &plan->time_offsets);
	if (prepare_cgroup(plan, e) < 0 || prepare_mounts(plan, e) < 0)
		return -e->code;
	if (intel_rdt_prepare(&plan->arena, plan->config, plan->id, &plan->rdt, e) < 0)
		return -e->code;
	if (plan_prepare_process(plan, e) < 0 || prepare_hooks(plan, e) < 0)
		return -e->code;
	warn_of_root(plan);
	plan_choose_way_in(plan);
	return 0;
}

/*
 * A mount namespace of the root's tree alone: where nobody names the root by its path on the host
 * from inside before the pivot, as hooks do (createContainer are the host's programs; others enter
 * by the pid), and INIT can make its nodes, for which it would else take the host's.
 */
static bool may_stand_alone(const struct plan *plan)
{
	const struct namespaces *ns = &plan->ns;
	struct caps now;

	if (plan_way_in(plan) != ROOTFS_PIVOT || !namespaces_has_new(ns, CLONE_NEWNS) ||
	    plan->has_middle || plan->has_host_sources || plan->ctx->is_rootless ||
	    namespaces_is_private(ns, CLONE_NEWUSER))
		return false;
	if (plan_has_create_hooks(plan) || plan->hooks.create_container.count ||
	    rootfs_is_shared(&plan->rootfs) || !mounts_can_do_without_host(&plan->mounts))
		return false;
	return mount_can_make_namespace() && caps_get(&now) == 0 &&
	       now.effective & 1ULL << CAP_MKNOD;
}

/*
 * Who lives in a joined pid namespace and may ptrace there looks into each of its processes, so the
 * first process of ours comes into it when nothing of the host is in its reach any more. Not so
 * where hooks are to see that process before the pivot (its pid is theirs, runtime.md#state), nor
 * where a user namespace takes away the right to enter: then the helper does it, at once, and what
 * protects the process is that it is not dumpable.
 */
void plan_choose_way_in(struct plan *plan)
{
	const struct namespaces *ns = &plan->ns;
	bool joins_pid = namespaces_find_joined(ns, CLONE_NEWPID) != NULL;

	plan->enters_pid_ns_late = joins_pid && !plan_has_create_hooks(plan) &&
				   !plan->hooks.create_container.count &&
				   namespaces_may_enter_pid_late(ns);
	plan->has_middle = namespaces_need_middle(ns) ||
			   time_offsets_are_asked(&plan->time_offsets) ||
			   (joins_pid && !plan->enters_pid_ns_late);
	plan->mounts.pid_ns =
		plan->enters_pid_ns_late ? namespaces_find_joined(ns, CLONE_NEWPID)->fd : -1;
	plan->rootfs.way = may_stand_alone(plan) ? ROOTFS_ALONE : plan_way_in(plan);
}

int plan_filter(struct plan *plan, int cache_dirfd, struct err *e)
{
	struct seccomp_source source;

	seccomp_source_of(plan->config,
			  plan->ctx->seccomp_receiver ? plan->ctx->seccomp_receiver
						      : plan->seccomp_receiver,
			  &source);
	if (seccomp_prepare(&plan->arena, &source, cache_dirfd, &plan->seccomp, e) < 0)
		return -e->code;
	if (!plan->config->process)
		return 0;
	return seccomp_check_needs(&source, &plan->seccomp,
				   credentials_drop_after_filter(&plan->credentials), e);
}

bool plan_has_filter(const struct plan *plan)
{
	struct seccomp_source source;

	if (!plan->config)
		return false;
	seccomp_source_of(plan->config, NULL, &source);
	return seccomp_is_wanted(&source);
}

bool plan_has_create_hooks(const struct plan *plan)
{
	return plan->hooks.prestart.count + plan->hooks.create_runtime.count > 0;
}
