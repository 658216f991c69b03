/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create and run: ranges of the step table, and what is left to do around them.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "container/ready.h"
#include "container/store.h"
#include "container/trace.h"
#include "kernel/process.h"
#include "kernel/sys.h"
#include "lifecycle/drive.h"
#include "lifecycle/lifecycle.h"
#include "operation/operation.h"
#include "setup/process/stdio.h"

enum {
	RUN_LOCK_MSEC = 10000,
	CGROUP_END_MSEC = 10000
};

/* The commit: INIT may now wait for `start` on its own. Nobody waits for an answer. */
static int commit(struct run *run, struct err *e)
{
	struct message m = { .kind = MESSAGE_COMMIT,
			     .row = (uint32_t)step_find(life_steps, STEP_AWAIT_START) };
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

/* What nobody waits for is ended, as runc does; a pid file would name somebody else soon. */
static void give_up(struct run *run)
{
	struct pollfd program = { .fd = run->pidfd, .events = POLLIN };
	struct err e = { 0 };

	sys_pidfd_send_signal(run->pidfd, SIGKILL);
	poll(&program, 1, CGROUP_END_MSEC);
	if (run->plan->pid_file)
		undo_pid_file(run);
	if (destroy_after_run(run, &e) < 0)
		context_warn_failure((void *)run->ctx, &e);
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
	net_devices_close(&run->own_plan->net_devices);
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
	if (o->keep)
		return -e->code;
	if (e->code) {
		give_up(run);
		return -e->code;
	}
	span = span_begin();
	destroy_after_run(run, e);
	trace_add_span(run->ctx->trace, "destroy", where_name(HOST), &span);
	return -e->code;
}

static int drive_all(struct run *run, struct err *e)
{
	size_t start;

	if (run->verb == VERB_RESTORE)
		return drive(run, 0, run->step_count, e);
	start = step_find(run->steps, STEP_START);
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

static void choose_steps(struct run *run)
{
	bool is_restore = run->verb == VERB_RESTORE;

	run->steps = is_restore ? restore_steps : life_steps;
	run->step_count = is_restore ? restore_step_count : life_step_count;
}

/* @restore: of a restore alone. */
static int make_container(const struct davit_context *ctx,
			  const struct davit_create_options *options, enum verb verb,
			  const struct davit_checkpoint_options *restore,
			  struct operation_result *ret, struct err *e)
{
	struct plan plan = { .is_resumable = verb == VERB_CREATE };
	struct run run;

	run_init(&run, ctx, &plan, verb);
	run.hook_output = ret->hook_output;
	if (verb == VERB_CREATE || (verb == VERB_RUN && options->detach))
		run.caller = ctx->caller;
	run.restore.options = restore;
	choose_steps(&run);
	if (store_check_id(options->id ? options->id : "", e) < 0 || stdio_prepare_host(e) < 0 ||
	    plan_take_options(&plan, ctx, options, e) < 0 || open_bundle(&run, e) < 0)
		goto out;
	run_hold_signals(&run);
	if (run_take_reserve(&run, e) < 0)
		goto release;
	if (drive_all(&run, e) < 0) {
		drive_undo(&run);
		if (is_poststop_due(&run, e))
			run_poststop(&run);
	}
	/* Still held: what came meanwhile is for the program. */
	if (!e->code && verb != VERB_CREATE)
		finish_run(&run, options, &ret->status, e);
	ret->pid = e->code ? 0 : run.pid;
release:
	run_release_signals(&run);
out:
	run_release(&run);
	plan_release(&plan);
	return -e->code;
}

int operation_create(const struct davit_context *ctx, const struct davit_create_options *options,
		     enum verb verb, struct operation_result *ret, struct err *e)
{
	return make_container(ctx, options, verb, NULL, ret, e);
}

int operation_restore(const struct davit_context *ctx, const struct davit_create_options *options,
		      const struct davit_checkpoint_options *restore, struct operation_result *ret,
		      struct err *e)
{
	return make_container(ctx, options, VERB_RESTORE, restore, ret, e);
}
