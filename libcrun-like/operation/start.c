/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * start: the rows that create has left to do, with INIT waiting at the first of them.
 */
#include <fcntl.h>
#include <unistd.h>

#include "container/ready.h"
#include "container/store.h"
#include "lifecycle/drive.h"
#include "lifecycle/lifecycle.h"
#include "operation/operation.h"

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

/* With INIT, which waits at the start socket. */
static int do_the_rest(struct run *run, const struct container *c, struct err *e)
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
	run_hold_signals(run);
	if (drive(run, step_find(run->steps, STEP_START), run->step_count, e) == 0 &&
	    run->notify_fd >= 0) {
		/* A program that is not ready yet may be deleted. */
		store_unlock(c->dirfd);
		ready_wait(run->ctx, run->notify_fd, run->pid, run->pidfd, run->signal_fd);
	}
	run_release_signals(run);
	return -e->code;
}

/* A container whose startContainer or poststart hook failed is stopped and destroyed
 * (runtime.md#lifecycle, 7 and 9). So is one that fails when its program is executing already: an
 * error must not leave it running. */
static bool is_to_be_destroyed(const struct run *run, const struct err *e)
{
	return e->kind == ERR_HOOK || run->has_lost_agent ||
	       (run->failed && run->failed->mark == STEP_POSTSTART);
}

/* The words are runc's, which scripts know. */
static void refuse_start(const struct container *c, struct err *e)
{
	if (c->status == STATUS_RUNNING)
		err_kind(e, ERR_STATUS, EINVAL, "cannot start an already running container: %s",
			 c->id);
	else if (c->status == STATUS_STOPPED)
		err_kind(e, ERR_STATUS, EINVAL, "cannot start a container that has stopped: %s",
			 c->id);
	else
		err_kind(e, ERR_STATUS, EINVAL, "cannot start a container in the %s state: %s",
			 status_word(c->status), c->id);
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
		refuse_start(&c, e);
		goto out;
	}
	if (load_plan(&plan, &c, e) < 0)
		goto out;
	run.bundle_fd = open(plan.bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run.bundle_fd < 0) /* gone: hooks must not run in the caller's directory instead */
		run.bundle_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (plan.hooks.poststart.count && step_hook_files(&run, e) < 0)
		goto out;
	/* The program is executing: nobody asks the socket any more. Left there, it refuses. */
	if (do_the_rest(&run, &c, e) == 0)
		(void)unlinkat(c.dirfd, STORE_START_SOCKET, 0);
out:
	container_close(&c);
	run_release(&run);
	plan_release(&plan);
	if (is_to_be_destroyed(&run, e))
		operation_delete(ctx, id, true, &ignored);
	return -e->code;
}
