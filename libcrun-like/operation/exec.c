/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * exec: one more program in a container. The table is beside the container's own (lifecycle.c), the
 * rows' functions are in steps_exec.c; here is what is around them.
 *
 * No lock is taken: many may execute something at the same time, and one in the foreground lasts. A
 * delete meanwhile kills what is in the cgroup, and its end makes ours fail.
 */
#include <signal.h>

#include "base/fmt.h"
#include "kernel/sys.h"
#include "lifecycle/drive.h"
#include "lifecycle/lifecycle.h"
#include "operation/operation.h"
#include "setup/process/stdio.h"

static int check_status(const struct container *c, const struct davit_exec_options *o,
			struct err *e)
{
	switch (c->status) {
	case STATUS_CREATED:
	case STATUS_RUNNING:
		return 0;
	case STATUS_PAUSED:
		if (o->ignore_paused)
			return 0;
		return err_kind(
			e, ERR_STATUS, EBUSY,
			"cannot exec in a paused container (use --ignore-paused to override)");
	case STATUS_CREATING:
		return err_kind(e, ERR_STATUS, EBUSY,
				"cannot exec in container %s: it is being created", c->id);
	case STATUS_STOPPED:
	default:
		return err_kind(e, ERR_STATUS, ESRCH,
				"cannot exec in a stopped container: container not running");
	}
}

static int take_options(struct plan *plan, const struct davit_context *ctx,
			const struct davit_exec_options *o, struct err *e)
{
	const char **env = arena_array(&plan->arena, 4, sizeof(*env));

	plan->ctx = ctx;
	plan->id = o->id;
	plan->pid_file = o->pid_file;
	plan->console_socket = o->console_fd > 0 ? PLAN_CONSOLE_FD : o->console_socket;
	plan->console_fd = o->console_fd;
	plan->pidfd_socket = o->pidfd_socket;
	plan->preserve_fds = o->preserve_fds + o->listen_fds;
	plan->is_detached = o->detach;
	plan->is_exec = true;
	if (!env)
		return err_set(e, ENOMEM, "take the options");
	if (o->listen_fds)
		plan->listen_pid = arena_alloc(&plan->arena, LISTEN_PID_SIZE);
	if (plan_add_sockets(plan, env, o->listen_fds, o->listen_fd_names, plan->listen_pid) < 0)
		return err_set(e, ENOMEM, "take the options");
	if (plan->listen_pid)
		fmt(plan->listen_pid, LISTEN_PID_SIZE, "LISTEN_PID=");
	plan->extra_env = env;
	return 0;
}

static int wait_for_program(struct run *run, int *ret_status, struct err *e)
{
	const struct foreground_program program = { .pidfd = run->pidfd, .pid = run->pid };

	/* What nobody waits for is ended, as runc does. */
	if (foreground_wait(&run->foreground, &program, ret_status, e) < 0)
		sys_pidfd_send_signal(run->pidfd, SIGKILL);
	return -e->code;
}

int operation_exec(const struct davit_context *ctx, const struct davit_exec_options *options,
		   struct operation_result *ret, struct err *e)
{
	struct plan plan = { .is_resumable = false };
	struct container c;
	struct run run;

	run_init(&run, ctx, &plan, VERB_EXEC);
	run.steps = exec_steps;
	run.step_count = exec_step_count;
	run.exec = options;
	if (options->detach)
		run.caller = ctx->caller;
	run.container = &c;
	if (stdio_prepare_host(e) < 0)
		return -e->code;
	if (container_open(ctx, options->id ? options->id : "", 0, &c, e) < 0 ||
	    check_status(&c, options, e) < 0 || take_options(&plan, ctx, options, e) < 0)
		goto out;
	run_hold_signals(&run);
	drive(&run, 0, run.step_count, e);
	/* Still held: what came meanwhile is for the program. */
	if (!e->code && plan_is_foreground(&plan))
		wait_for_program(&run, &ret->status, e);
	ret->pid = e->code ? 0 : run.pid;
	run_release_signals(&run);
out:
	container_close(&c);
	run_release(&run);
	plan_release(&plan);
	return -e->code;
}
