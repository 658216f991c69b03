/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create, start and run: ranges of the step table, and what is left to do around them.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "container/ready.h"
#include "container/store.h"
#include "container/trace.h"
#include "kernel/process.h"
#include "lifecycle/lifecycle.h"
#include "operation/operation.h"
#include "setup/process/stdio.h"

enum {
	RUN_LOCK_MSEC = 10000,
	CGROUP_END_MSEC = 10000
};

/* A signal that asks us to stop must not leave half a container behind: the driver takes it between
 * two rows, the last time before the commit. What comes later finds the work done. */
void operation_hold_signals(struct run *run)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	run->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, &run->old_mask);
}

void operation_release_signals(struct run *run)
{
	close_fdp(&run->signal_fd);
	sigprocmask(SIG_SETMASK, &run->old_mask, NULL);
}

static size_t find_row(const char *name)
{
	size_t row = 0;

	while (strcmp(life_steps[row].name, name) != 0)
		row++;
	return row;
}

/* The first row of the start. */
static size_t start_row(void)
{
	return find_row("agent");
}

/* That at which INIT waits for it. */
static size_t await_row(void)
{
	return find_row("await-start");
}

/* The commit: INIT may now wait for `start` on its own. Nobody waits for an answer. */
static int commit(struct run *run, struct err *e)
{
	struct message m = { .kind = MESSAGE_COMMIT, .row = (uint32_t)await_row() };
	int r;

	if (drive_check_signals(run, e) < 0)
		return -e->code;
	r = channel_send(run->channel, &m);
	return r < 0 ? err_kind(e, ERR_KILLED, -r,
				"the container's first process ended before it was started")
		     : 0;
}

static void run_poststop(struct run *run)
{
	struct hook_input input;

	if (!run->plan->hooks.poststop.count)
		return;
	input = run_hook_input(run, "stopped", 0);
	hooks_run_all(&run->plan->hooks.poststop, &input, context_warn_hook, (void *)run->ctx);
}

/*
 * After a failure, poststop hooks are due when others may have run before it, to undo what those
 * did; a failing hook sends the container there in any case (runtime.md#lifecycle, steps 3 to 9, 12
 * and 13).
 */
static bool is_poststop_due(const struct run *run, const struct err *e)
{
	const struct hooks *h = &run->plan->hooks;

	if (e->kind == ERR_HOOK)
		return true;
	return run->pid > 0 &&
	       h->prestart.count + h->create_runtime.count + h->create_container.count > 0;
}

static int open_bundle(struct run *run, struct err *e)
{
	run->bundle_fd = open(run->plan->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return run->bundle_fd < 0 ? err_set(e, errno, "open the bundle %s", run->plan->bundle) : 0;
}

/* Everything is at hand here: the same end as `delete`, without reading the state again. */
static int destroy_after_run(struct run *run, struct err *e)
{
	const struct intel_rdt_made rdt = intel_rdt_made(&run->plan->rdt);
	const struct cgroup_ref ref = run_cgroup(run);

	run_use_reserve(run);
	/* Somebody else may have deleted it meanwhile, or be about to. */
	if (store_lock(run->state_dirfd, RUN_LOCK_MSEC, e) < 0) {
		if (e->kind == ERR_NOT_FOUND)
			*e = (struct err){ 0 };
		return -e->code;
	}
	/* Before the cgroup, which may be a mount point in it. */
	if (run->place.inode && root_place_detach(run->state_dirfd, &run->place, e) < 0)
		return -e->code;
	if (ref.path && cgroup_destroy(&ref, CGROUP_END_MSEC, e) < 0)
		return -e->code;
	if (intel_rdt_remove(&rdt, e) < 0)
		return -e->code;
	if (store_remove(run->root_dirfd, run->plan->id, run->state_dirfd, e) < 0)
		return -e->code;
	run_poststop(run);
	return 0;
}

static int finish_run(struct run *run, const struct davit_create_options *o, int *ret_status,
		      struct err *e)
{
	const struct foreground_program program = { .pidfd = run->pidfd,
						    .pid = run->pid,
						    .adopts = !o->no_subreaper,
						    .ctx = run->ctx,
						    .ready = &run->notify_fd };
	struct span span;

	/* Or its network namespace would outlive the container as long as we wait. */
	net_devices_close(&run->plan->net_devices);
	if (run->plan->is_detached && run->notify_fd < 0)
		return 0;
	/* While the program runs, others may pause, signal and delete it. */
	store_unlock(run->state_dirfd);
	if (run->plan->is_detached) {
		ready_wait(run->ctx, run->notify_fd, run->pid, run->pidfd, run->signal_fd);
		return 0;
	}
	span = span_begin();
	foreground_wait(&run->foreground, &program, ret_status, e);
	trace_add_span(run->ctx->trace, "wait", where_name(HOST), &span);
	if (e->code || o->keep)
		return -e->code;
	span = span_begin();
	destroy_after_run(run, e);
	trace_add_span(run->ctx->trace, "destroy", where_name(HOST), &span);
	return -e->code;
}

static int drive_all(struct run *run, struct err *e)
{
	size_t start = start_row();

	if (drive(run, 0, start, e) < 0)
		return -e->code;
	if (run->verb == VERB_CREATE)
		return commit(run, e);
	if (!run->plan->config->process) {
		err_field(e, EINVAL, "/process", "there is no process to run");
		drive_undo(run);
		return -e->code;
	}
	return drive(run, start, run->step_count, e);
}

int operation_create(const struct davit_context *ctx, const struct davit_create_options *options,
		     enum verb verb, int *ret_status, char *hook_output, struct err *e)
{
	struct plan plan = { .is_resumable = verb == VERB_CREATE };
	struct run run;

	run_init(&run, ctx, &plan, verb);
	run.hook_output = hook_output;
	run.steps = life_steps;
	run.step_count = life_step_count;
	if (store_check_id(options->id ? options->id : "", e) < 0 || stdio_prepare_host(e) < 0 ||
	    plan_take_options(&plan, ctx, options, e) < 0 || open_bundle(&run, e) < 0)
		goto out;
	operation_hold_signals(&run);
	if (run_take_reserve(&run, e) < 0)
		goto release;
	if (drive_all(&run, e) < 0) {
		drive_undo(&run);
		if (is_poststop_due(&run, e))
			run_poststop(&run);
	}
	/* Still held: what came meanwhile is for the program. */
	if (!e->code && verb == VERB_RUN)
		finish_run(&run, options, ret_status, e);
release:
	operation_release_signals(&run);
out:
	run_release(&run);
	plan_release(&plan);
	return -e->code;
}

/* The container's own copy of its configuration: later edits of the bundle have no effect
 * (runtime.md#lifecycle, 2). */
static int load_plan(struct plan *plan, const struct container *c, struct err *e)
{
	const struct hook_environments env = { .runtime = plan->ctx->environment };
	struct oci_config *config;
	struct oci_state state = { .oci_version = OCI_VERSION,
				   .id = c->id,
				   .bundle = c->state->bundle };
	char *text;

	if (store_read_file(&plan->arena, c->dirfd, "config.json", &text, &plan->text_len, e) < 0 ||
	    oci_config_decode(&plan->arena, text, plan->text_len, "config.json", &config, e) < 0 ||
	    hooks_prepare(&plan->arena, config->hooks, &env, &plan->hooks, e) < 0)
		return -e->code;
	plan->text = text;
	plan->config = config;
	plan->id = c->id;
	plan->bundle = c->state->bundle;
	plan->seccomp.receiver = c->state->seccomp_receiver;
	plan->seccomp.has_listener = plan->seccomp.receiver != NULL;
	state.annotations = config->annotations;
	if (config->hooks && hook_state_prepare(&plan->arena, &state, &plan->hook_state, e) < 0)
		return -e->code;
	return config->process ? 0
			       : err_field(e, EINVAL, "/process", "there is no process to start");
}

static int resume(struct run *run, const struct container *c, struct err *e)
{
	char path[64];
	int r;

	if (run->ctx->notify_socket && ready_has_dir(c->dirfd) &&
	    ready_listen(c->dirfd, &run->notify_fd, e) < 0)
		return -e->code;
	store_socket_path(c->dirfd, STORE_START_SOCKET, path, sizeof(path));
	r = channel_connect(path, &run->channel);
	if (r < 0)
		return err_set(e, -r, "connect to the start socket of %s", c->id);
	run->is_resuming = true;
	run->pid = c->pid;
	run->start_time = *c->state->start_time;
	run->pidfd = fcntl(c->pidfd, F_DUPFD_CLOEXEC, 3);
	operation_hold_signals(run);
	if (drive(run, start_row(), run->step_count, e) == 0 && run->notify_fd >= 0) {
		/* A program that is not ready yet may be deleted. */
		store_unlock(c->dirfd);
		ready_wait(run->ctx, run->notify_fd, run->pid, run->pidfd, run->signal_fd);
	}
	operation_release_signals(run);
	return -e->code;
}

/* A container whose startContainer or poststart hook failed is stopped and destroyed
 * (runtime.md#lifecycle, 7 and 9). So is one that fails when its program is executing already: an
 * error must not leave it running. */
static bool is_to_be_destroyed(const struct run *run, const struct err *e)
{
	return e->kind == ERR_HOOK || strcmp(e->step, "poststart") == 0 || run->has_lost_agent;
}

int operation_start(const struct davit_context *ctx, const char *id, char *hook_output,
		    struct err *e)
{
	struct plan plan = { .ctx = ctx };
	struct err ignored = { 0 };
	struct container c;
	struct run run;

	run_init(&run, ctx, &plan, VERB_START);
	run.hook_output = hook_output;
	run.steps = life_steps;
	run.step_count = life_step_count;
	if (container_open(ctx, id, CONTAINER_LOCK, &c, e) < 0)
		goto out;
	if (c.status != STATUS_CREATED) {
		err_kind(e, ERR_STATUS, EINVAL, "cannot start container %s: it is %s, not created",
			 id, status_word(c.status));
		goto out;
	}
	if (load_plan(&plan, &c, e) < 0)
		goto out;
	run.bundle_fd = open(plan.bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run.bundle_fd < 0) /* gone: hooks must not run in the caller's directory instead */
		run.bundle_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (plan.hooks.poststart.count && step_hook_files(&run, e) < 0)
		goto out;
	resume(&run, &c, e);
out:
	container_close(&c);
	run_release(&run);
	plan_release(&plan);
	if (is_to_be_destroyed(&run, e))
		operation_delete(ctx, id, true, &ignored);
	return -e->code;
}
