/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delete: a table of its own. The container's processes and cgroup first, the state last: what
 * cannot be removed keeps its state, so that the delete can be repeated (and never "exit 0 and
 * leak").
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "container/store.h"
#include "container/trace.h"
#include "kernel/cgroupfs.h"
#include "kernel/lock_holder.h"
#include "kernel/process.h"
#include "kernel/sys.h"
#include "operation/operation.h"
#include "setup/resources/intel_rdt.h"

enum {
	END_MSEC = 10000,
	AT_ONCE_MSEC = 200 /* of which so long alone */
};

struct deletion {
	const struct davit_context *ctx;
	struct container c;
	bool force;
};

struct delete_step {
	const char *name;
	int (*run)(struct deletion *d, struct err *e);
	const char *why;
};

/* A container whose state.json is gone looks like a create that was never finished, but that one
 * has nothing that lives. */
static int check_unfinished(const struct deletion *d, struct err *e)
{
	struct cgroup_ref ref;
	_cleanup_fd_ int cg = container_cgroup(&d->c, &ref) ? cgroup_open_ref(&ref) : -1;

	if (cg < 0 || cgroupfs_get_event(cg, "populated") != 1 || ref.was_there)
		return 0;
	err_kind(e, ERR_STATUS, EBUSY,
		 "cannot delete container %s: its create was not finished, but it has processes",
		 d->c.id);
	return err_hint(e, "`delete --force` ends them");
}

/* Whether the first process ends within @ms; an error of poll(2) is no reason to wait. */
static bool ends_within(const struct deletion *d, int ms)
{
	struct pollfd p = { .fd = d->c.pidfd, .events = POLLIN };
	int r;

	while ((r = poll(&p, 1, ms)) < 0 && errno == EINTR)
		;
	return r != 0;
}

/* The end takes its time: after `kill ID KILL`, or the program's last exit, it is on its way, which
 * nothing can stop. What comes next in a script is delete. */
static bool is_ending(const struct deletion *d)
{
	return d->c.pidfd >= 0 && process_is_ending(d->c.pid) && ends_within(d, END_MSEC);
}

static int check_status(struct deletion *d, struct err *e)
{
	if (!d->force && d->c.status == STATUS_STOPPED && !d->c.is_committed)
		return check_unfinished(d, e);
	if (d->force || d->c.status == STATUS_STOPPED || d->c.status == STATUS_CREATED)
		return 0;
	if (is_ending(d))
		return 0;
	err_kind(e, ERR_STATUS, EBUSY, "cannot delete container %s that is not stopped: %s",
		 d->c.id, status_word(d->c.status));
	return err_hint(e, "kill it first, or use `delete --force`");
}

/*
 * A first process is gone when all of its pid namespace are. Whoever traces one of them from
 * outside, and does not look, keeps it from that: criu does, of a restore that was killed, and
 * waits for the first process itself.
 */
static bool has_ended_in_time(const struct deletion *d)
{
	struct cgroup_ref ref;

	if (ends_within(d, AT_ONCE_MSEC))
		return true;
	if (container_cgroup(&d->c, &ref)) {
		ref.is_unfinished = !d->c.is_committed;
		cgroup_kill(&ref);
	}
	return ends_within(d, END_MSEC - AT_ONCE_MSEC);
}

static int end_init(struct deletion *d, struct err *e)
{
	int r;

	if (d->c.pidfd < 0)
		return 0;
	r = sys_pidfd_send_signal(d->c.pidfd, SIGKILL);
	if (r < 0 && r != -ESRCH)
		return err_set(e, -r, "end process %d of container %s", (int)d->c.pid, d->c.id);
	if (!has_ended_in_time(d))
		return err_kind(e, ERR_TIMEOUT, ETIMEDOUT,
				"process %d of container %s does not end", (int)d->c.pid, d->c.id);
	return 0;
}

/* Where @config puts the cgroup, as create worked it out. */
static int plan_cgroup(struct deletion *d, const struct oci_config *config, struct cgroup_plan *ret,
		       struct err *e)
{
	const struct cgroup_context ctx = { .id = d->c.id,
					    .manager = d->ctx->cgroup_manager,
					    .systemd = &d->ctx->systemd,
					    .rootless = d->ctx->is_rootless };

	return cgroup_prepare(&d->c.arena, config, &ctx, ret, e);
}

/*
 * Not the configuration either. What has the default cgroup is not killed: its mark has the id
 * alone to go by, which a container of another state root may have too. A directory that is empty
 * is what a create leaves that was killed in its first moment, when nothing else is there.
 */
static void warn_of_rest(struct deletion *d, bool is_damaged)
{
	static const struct oci_config none;
	struct cgroup_ref ref = { .owner = arena_printf(&d->c.arena, "%s ", d->c.id) };
	struct cgroup_plan plan = { 0 };
	struct err failure = { 0 };
	_cleanup_fd_ int fd = -1;

	if (ref.owner && plan_cgroup(d, &none, &plan, &failure) == 0 && plan.path) {
		ref.path = plan.path;
		fd = cgroup_open_ref(&ref);
	}
	if (fd >= 0 && cgroupfs_get_event(fd, "populated") == 1)
		context_log(d->ctx, DAVIT_LOG_WARNING,
			    "neither state nor configuration of container %s is left: the "
			    "processes in the cgroup %s, which may be its own, live on",
			    d->c.id, ref.path);
	else if (is_damaged)
		context_log(d->ctx, DAVIT_LOG_WARNING,
			    "neither state nor configuration of container %s can be read: if it "
			    "runs, it lives on",
			    d->c.id);
}

/* Neither state nor journal can be read: by config.json. */
static const char *guess_cgroup(struct deletion *d, struct systemd_unit *ret_unit, struct err *e)
{
	struct cgroup_plan plan = { 0 };
	struct err failure = { 0 };
	struct oci_config *config;
	char *text;
	size_t len;

	if (store_read_file(&d->c.arena, d->c.dirfd, "config.json", &text, &len, &failure) == 0 &&
	    oci_config_decode(&d->c.arena, text, len, "config.json", &config, &failure) == 0 &&
	    plan_cgroup(d, config, &plan, &failure) == 0) {
		*ret_unit = plan.unit;
		return plan.path;
	}
	if (is_shortage(failure.code))
		*e = failure;
	else
		warn_of_rest(d, failure.code != ENOENT);
	return NULL;
}

static int remove_cgroup(struct deletion *d, struct err *e)
{
	struct cgroup_ref ref;

	if (!d->c.state) {
		/* The mark begins with the id; when it was made is not known any more. */
		ref = (struct cgroup_ref){ .owner = arena_printf(&d->c.arena, "%s ", d->c.id) };
		ref.path = guess_cgroup(d, &ref.unit, e);
		if (!ref.path || !ref.owner)
			return -e->code;
	} else if (!container_cgroup(&d->c, &ref)) {
		return 0;
	}
	ref.is_unfinished = d->c.state && !d->c.is_committed;
	return cgroup_destroy(&ref, END_MSEC, e);
}

/* Of a state that cannot be read, what stands in its place is known by where it stands. */
static int remove_root(struct deletion *d, struct err *e)
{
	const struct root_place place = container_root_place(&d->c);

	return d->c.state && !place.inode ? 0 : root_place_detach(d->c.dirfd, &place, e);
}

struct poststop {
	struct hooks hooks;
	struct hook_state state;
	struct oci_map annotations;
};

/* Of another boot: resctrl is another one since, and what has the name is not ours. */
static int remove_rdt(struct deletion *d, struct err *e)
{
	const struct davit_state *s = d->c.state;
	char boot_id[BOOT_ID_SIZE];
	struct intel_rdt_made made;

	if (!s || !s->boot_id || process_boot_id(boot_id) < 0 || strcmp(boot_id, s->boot_id) != 0)
		return 0;
	made = (struct intel_rdt_made){ s->resctrl_group, s->resctrl_monitor };
	return intel_rdt_remove(&made, e);
}

/* Reads the hooks before the state goes; they run after it (runtime.md#lifecycle, 12 and 13). */
static void load_hooks(struct deletion *d, struct poststop *ret)
{
	const struct hook_environments env = { .runtime = d->ctx->environment };
	struct oci_state state = { .oci_version = OCI_VERSION, .id = d->c.id };
	struct oci_config *config;
	struct err ignored = { 0 };
	char *text;
	size_t len;

	if (!d->c.is_committed || !d->c.state)
		return;
	if (store_read_file(&d->c.arena, d->c.dirfd, "config.json", &text, &len, &ignored) < 0 ||
	    oci_config_decode(&d->c.arena, text, len, "config.json", &config, &ignored) < 0 ||
	    !config->hooks)
		return;
	state.bundle = d->c.state->bundle;
	state.annotations = ret->annotations = config->annotations;
	if (hook_state_prepare(&d->c.arena, &state, &ret->state, &ignored) < 0)
		return;
	hooks_prepare(&d->c.arena, config->hooks, &env, &ret->hooks, &ignored);
}

static void run_poststop(struct deletion *d, const struct poststop *p)
{
	int files[HOOK_STREAMS] = { -1, -1 };
	struct hook_input input = { .state = p->state.text, .files = files };
	struct err e = { 0 };

	input.cwd_fd = open(d->c.state->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (input.cwd_fd < 0) /* gone: not the caller's directory instead */
		input.cwd_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	input.len = hook_state_fill(&p->state, "stopped", 0);
	/* The container is gone: without a place to print to they run all the same. */
	if (hook_output_open(&p->annotations, input.cwd_fd, files, &e) < 0)
		context_warn_failure((void *)d->ctx, &e);
	hooks_run_all(&p->hooks.poststop, &input, context_warn_hook, (void *)d->ctx);
	close_fdp(&files[0]);
	close_fdp(&files[1]);
	close_fdp(&input.cwd_fd);
}

static int remove_state(struct deletion *d, struct err *e)
{
	struct poststop poststop = { 0 };

	load_hooks(d, &poststop);
	if (store_remove(d->c.root_dirfd, d->c.id, d->c.dirfd, e) < 0)
		return -e->code;
	if (poststop.hooks.poststop.count)
		run_poststop(d, &poststop);
	return 0;
}

static const struct delete_step delete_steps[] = {
	{ "check", check_status,
	  "a container that is not stopped is not deleted (runtime.md#delete)" },
	{ "kill", end_init, "by pidfd: never a process that only has the same number" },
	{ "root", remove_root,
	  "without a mount namespace: all that is mounted, by one detach; a cgroup that is a mount "
	  "point cannot be removed" },
	{ "cgroup", remove_cgroup,
	  "what is left in it is killed: processes may have outlived the first one" },
	{ "rdt", remove_rdt,
	  "what create made in resctrl, now that nobody is in it (config-linux.md#intelrdt)" },
	{ "state", remove_state,
	  "last, so that a failure before can be repeated; then the poststop hooks" },
};

/* Why the process that holds the lock may not be killed; NULL: it is a davit command with nothing
 * but this container in its hands. An embedding program, say, has more than that. */
static const char *reason_to_spare(pid_t pid, const char *id)
{
	if (pid == getpid())
		return "which is this program itself";
	if (process_is_ancestor(pid))
		return "which waits for this delete: it was started from there";
	if (!process_runs_our_program(pid) || !process_has_word(pid, id))
		return "which is no davit command for this container";
	return NULL;
}

/*
 * Another operation on the container hangs (a hook without a timeout, say) and keeps the lock.
 * Ending it is what --force is for; what it leaves is then cleaned as usual. Whoever only looks
 * like it lives on (C18).
 */
static int end_locker(const struct davit_context *ctx, const char *id, struct err *e)
{
	_cleanup_fd_ int root = -1;
	_cleanup_fd_ int dir = -1;
	_cleanup_fd_ int pidfd = -1;
	struct pollfd p = { .events = POLLIN };
	const char *reason;
	pid_t pid;

	if (store_open_root(ctx->root, false, &root, e) < 0 || store_open(root, id, &dir, e) < 0)
		return -e->code;
	if (lock_find_holder(dir, &pid, &pidfd) < 0)
		return 0; /* it has just ended, or nobody knows it: the lock is asked for again */
	reason = reason_to_spare(pid, id);
	if (!lock_is_held_by(dir, pid, pidfd))
		return 0;
	if (reason) {
		err_kind(e, ERR_TIMEOUT, EBUSY,
			 "cannot delete container %s: it is in use by process %d, %s", id, (int)pid,
			 reason);
		return err_hint(e, "it is not killed; end it first");
	}
	context_log(ctx, DAVIT_LOG_WARNING, "process %d holds container %s: it is killed", (int)pid,
		    id);
	sys_pidfd_send_signal(pidfd, SIGKILL);
	p.fd = pidfd;
	poll(&p, 1, END_MSEC);
	return 0;
}

static void do_steps(struct deletion *d, struct err *e)
{
	for (size_t i = 0; !e->code && i < ARRAY_SIZE(delete_steps); i++) {
		struct span span = span_begin();

		if (delete_steps[i].run(d, e) < 0 && !e->step[0])
			strncpy(e->step, delete_steps[i].name, sizeof(e->step) - 1);
		trace_add_span(d->ctx->trace, delete_steps[i].name, where_name(HOST), &span);
	}
}

int operation_delete_opened(const struct davit_context *ctx, struct container *c, struct err *e)
{
	struct deletion d = { .ctx = ctx, .c = *c, .force = true };

	do_steps(&d, e);
	container_close(&d.c);
	return -e->code;
}

int operation_delete(const struct davit_context *ctx, const char *id, bool force, struct err *e)
{
	struct deletion d = { .ctx = ctx, .force = force };
	unsigned flags = CONTAINER_LOCK | (force ? CONTAINER_DAMAGED_OK : 0);
	struct span opening = span_begin();

	container_open(ctx, id, flags, &d.c, e);
	if (force && e->kind == ERR_TIMEOUT) {
		*e = (struct err){ 0 };
		container_close(&d.c);
		if (end_locker(ctx, id, e) == 0)
			container_open(ctx, id, flags, &d.c, e);
	}
	trace_add_span(ctx->trace, "open", where_name(HOST), &opening);
	do_steps(&d, e);
	if (force && e->kind == ERR_NOT_FOUND) {
		*e = (struct err){ 0 };
		if (d.c.root_dirfd >= 0)
			store_sweep(d.c.root_dirfd, id, e);
	}
	container_close(&d.c);
	return -e->code;
}
