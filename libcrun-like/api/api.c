/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public calls of davit.h that are operations: with the caller's error object and memory.
 */
#include <string.h>

#include "api/export.h"
#include "api/options.h"
#include "api/remote.h"
#include "base/clock.h"
#include "base/escape.h"
#include "config-davit.h"
#include "davit-command.h"
#include "kernel/procfs.h"
#include "kernel/seal.h"
#include "lifecycle/document.h"
#include "operation/operation.h"

extern char **environ;

/* What makes processes is done by a davit of its own, unless this process is one. */
static bool is_remote(const struct davit_context *ctx)
{
	return ctx->program != NULL;
}

static int call_remote(struct davit_context *ctx, struct call *c, struct davit_error *err)
{
	const struct remote_fds none = { 0 };
	struct remote_answer answer = { 0 };
	struct err e = { 0 };

	remote_call(ctx, c, &none, &answer, &e);
	return error_export_output(err, &e, answer.output);
}

static int create_or_run(struct davit_context *ctx, const struct davit_create_options *o,
			 enum verb verb, int *ret_status, struct davit_error *err)
{
	struct remote_answer answer = { .process = o->process };
	struct operation_result result = { .hook_output = answer.output };
	struct err e = { 0 };

	if (is_remote(ctx)) {
		const struct remote_fds fds = { .streams = o->streams,
						.extra = o->console_fd,
						.extra_name = "console socket",
						.preserved = o->listen_fds + o->preserve_fds };
		struct call c = { .verb = verb == VERB_RUN ? CALL_RUN : CALL_CREATE, .create = *o };

		remote_call(ctx, &c, &fds, &answer, &e);
		*ret_status = answer.status;
	} else {
		operation_create(ctx, o, verb, &result, &e);
		*ret_status = result.status;
	}
	return error_export_output(err, &e, answer.output);
}

int davit_create(struct davit_context *ctx, const struct davit_create_options *options,
		 struct davit_error *err)
{
	struct davit_create_options o;
	struct err e = { 0 };
	int ignored;

	if (options_take(&o, sizeof(o), options, "davit_create_options", &e) < 0)
		return error_export(err, &e);
	return create_or_run(ctx, &o, VERB_CREATE, &ignored, err);
}

int davit_run(struct davit_context *ctx, const struct davit_create_options *options,
	      int *ret_status, struct davit_error *err)
{
	struct davit_create_options o;
	struct err e = { 0 };
	int status = 0, r;

	if (options_take(&o, sizeof(o), options, "davit_create_options", &e) < 0)
		return error_export(err, &e);
	r = create_or_run(ctx, &o, VERB_RUN, &status, err);
	if (ret_status)
		*ret_status = status;
	return r;
}

static int exec_remote(struct davit_context *ctx, const struct davit_exec_options *o,
		       int *ret_status, struct err *e)
{
	const struct remote_fds fds = { .streams = o->streams,
					.extra = o->console_fd,
					.extra_name = "console socket",
					.preserved = o->listen_fds + o->preserve_fds };
	struct remote_answer answer = { .process = o->process };
	struct call c = { .verb = CALL_EXEC, .exec = *o };

	remote_call(ctx, &c, &fds, &answer, e);
	*ret_status = answer.status;
	return -e->code;
}

int davit_exec(struct davit_context *ctx, const struct davit_exec_options *options, int *ret_status,
	       struct davit_error *err)
{
	struct operation_result result = { 0 };
	struct davit_exec_options o;
	struct err e = { 0 };

	if (options_take(&o, sizeof(o), options, "davit_exec_options", &e) < 0)
		return error_export(err, &e);
	if (is_remote(ctx))
		exec_remote(ctx, &o, &result.status, &e);
	else
		operation_exec(ctx, &o, &result, &e);
	if (ret_status)
		*ret_status = result.status;
	return error_export(err, &e);
}

static void checkpoint_remote(struct davit_context *ctx, const char *id,
			      const struct davit_checkpoint_options *o, char *output, struct err *e)
{
	const struct remote_fds fds = { .extra = (int)o->status_fd,
					.extra_name = "status descriptor" };
	struct remote_answer answer = { 0 };
	struct call c = { .verb = CALL_CHECKPOINT, .id = id, .checkpoint = *o };

	remote_call(ctx, &c, &fds, &answer, e);
	memcpy(output, answer.output, sizeof(answer.output));
}

int davit_checkpoint(struct davit_context *ctx, const char *id,
		     const struct davit_checkpoint_options *options, struct davit_error *err)
{
	char output[HOOK_OUTPUT_TEXT] = "";
	struct davit_checkpoint_options o;
	struct err e = { 0 };

	if (options_take(&o, sizeof(o), options, "davit_checkpoint_options", &e) < 0)
		return error_export(err, &e);
	if (is_remote(ctx))
		checkpoint_remote(ctx, id, &o, output, &e);
	else
		operation_checkpoint(ctx, id, &o, output, &e);
	return error_export_output(err, &e, output);
}

int davit_checkpoint_explain(struct davit_context *ctx, const char *id,
			     const struct davit_checkpoint_options *options,
			     davit_obstacle_fn *each, void *arg, struct davit_error *err)
{
	struct davit_checkpoint_options o;
	struct err e = { 0 };

	if (options_take(&o, sizeof(o), options, "davit_checkpoint_options", &e) == 0)
		operation_checkpoint_explain(ctx, id, &o, each, arg, &e);
	return error_export(err, &e);
}

static void restore_remote(struct davit_context *ctx, const struct davit_create_options *o,
			   const struct davit_checkpoint_options *options,
			   struct remote_answer *answer, struct err *e)
{
	const struct remote_fds fds = { .streams = o->streams,
					.extra = o->console_fd,
					.extra_name = "console socket" };
	struct call c = { .verb = CALL_RESTORE, .create = *o, .checkpoint = *options };

	remote_call(ctx, &c, &fds, answer, e);
}

int davit_restore(struct davit_context *ctx, const struct davit_create_options *container,
		  const struct davit_checkpoint_options *options, int *ret_status,
		  struct davit_error *err)
{
	struct remote_answer answer = { 0 };
	struct operation_result result = { .hook_output = answer.output };
	struct davit_checkpoint_options o;
	struct davit_create_options c;
	struct err e = { 0 };

	if (options_take(&c, sizeof(c), container, "davit_create_options", &e) < 0 ||
	    options_take(&o, sizeof(o), options, "davit_checkpoint_options", &e) < 0)
		return error_export(err, &e);
	if (is_remote(ctx)) {
		restore_remote(ctx, &c, &o, &answer, &e);
		result.status = answer.status;
	} else {
		operation_restore(ctx, &c, &o, &result, &e);
	}
	if (ret_status)
		*ret_status = result.status;
	return error_export_output(err, &e, answer.output);
}

int davit_start(struct davit_context *ctx, const char *id, struct davit_error *err)
{
	char output[HOOK_OUTPUT_TEXT] = "";
	struct err e = { 0 };

	if (is_remote(ctx))
		return call_remote(ctx, &(struct call){ .verb = CALL_START, .id = id }, err);
	operation_start(ctx, id, output, &e);
	return error_export_output(err, &e, output);
}

int davit_wait(struct davit_context *ctx, const char *id, int *ret_status, struct davit_error *err)
{
	struct err e = { 0 };
	int status = 0;

	operation_wait(ctx, id, &status, &e);
	if (ret_status)
		*ret_status = status;
	return error_export(err, &e);
}

int davit_kill(struct davit_context *ctx, const char *id, int signal, bool all,
	       struct davit_error *err)
{
	struct err e = { 0 };

	operation_kill(ctx, id, signal, all, &e);
	return error_export(err, &e);
}

int davit_delete(struct davit_context *ctx, const char *id, bool force, struct davit_error *err)
{
	struct err e = { 0 };

	if (is_remote(ctx))
		return call_remote(
			ctx, &(struct call){ .verb = CALL_DELETE, .id = id, .force = force }, err);
	operation_delete(ctx, id, force, &e);
	return error_export(err, &e);
}

int davit_pause(struct davit_context *ctx, const char *id, struct davit_error *err)
{
	struct err e = { 0 };

	operation_pause(ctx, id, true, &e);
	return error_export(err, &e);
}

int davit_resume(struct davit_context *ctx, const char *id, struct davit_error *err)
{
	struct err e = { 0 };

	operation_pause(ctx, id, false, &e);
	return error_export(err, &e);
}

int davit_update(struct davit_context *ctx, const char *id,
		 const struct davit_update_options *options, struct davit_error *err)
{
	struct davit_update_options o;
	struct err e = { 0 };

	if (options_take(&o, sizeof(o), options, "davit_update_options", &e) < 0)
		return error_export(err, &e);
	if (is_remote(ctx))
		return call_remote(
			ctx, &(struct call){ .verb = CALL_UPDATE, .id = id, .update = o }, err);
	operation_update(ctx, id, &o, &e);
	return error_export(err, &e);
}

static int change_mounts(struct davit_context *ctx, struct call *c, struct davit_error *err)
{
	struct err e = { 0 };

	if (is_remote(ctx))
		return call_remote(ctx, c, err);
	operation_mounts_change(ctx, c->id, c->mounts, c->mounts_len, c->verb == CALL_MOUNTS_ADD,
				&e);
	return error_export(err, &e);
}

int davit_mounts_add(struct davit_context *ctx, const char *id, const char *mounts, size_t len,
		     struct davit_error *err)
{
	struct call c = { .verb = CALL_MOUNTS_ADD, .id = id, .mounts = mounts, .mounts_len = len };

	return change_mounts(ctx, &c, err);
}

int davit_mounts_remove(struct davit_context *ctx, const char *id, const char *mounts, size_t len,
			struct davit_error *err)
{
	struct call c = {
		.verb = CALL_MOUNTS_REMOVE, .id = id, .mounts = mounts, .mounts_len = len
	};

	return change_mounts(ctx, &c, err);
}

typedef int describe_fn(const struct davit_context *ctx, const char *id, struct arena *a,
			const char **ret_json, size_t *ret_len, struct err *e);

static int describe_container(describe_fn *operation, struct davit_context *ctx, const char *id,
			      char **ret_json, struct davit_error *err)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	const char *text = NULL;
	size_t len = 0;

	if (operation(ctx, id, &a, &text, &len, &e) == 0)
		export_json(text, len, ret_json, &e);
	arena_release(&a);
	return error_export(err, &e);
}

int davit_mounts_list(struct davit_context *ctx, const char *id, char **ret_json,
		      struct davit_error *err)
{
	return describe_container(operation_mounts_list, ctx, id, ret_json, err);
}

int davit_state(struct davit_context *ctx, const char *id, char **ret_json, struct davit_error *err)
{
	return describe_container(operation_state, ctx, id, ret_json, err);
}

int davit_inspect(struct davit_context *ctx, const char *id, struct davit_container_info **ret,
		  struct davit_error *err)
{
	struct err e = { 0 };

	operation_inspect(ctx, id, ret, &e);
	return error_export(err, &e);
}

int davit_list(struct davit_context *ctx, davit_list_fn *each, void *arg, struct davit_error *err)
{
	struct err e = { 0 };

	operation_list(ctx, each, arg, &e);
	return error_export(err, &e);
}

int davit_ps(struct davit_context *ctx, const char *id, davit_pid_fn *each, void *arg,
	     struct davit_error *err)
{
	struct err e = { 0 };

	operation_ps(ctx, id, each, arg, &e);
	return error_export(err, &e);
}

int davit_events(struct davit_context *ctx, const char *id,
		 const struct davit_events_options *options, davit_event_fn *each, void *arg,
		 struct davit_error *err)
{
	struct davit_events_options o;
	struct err e = { 0 };

	if (options_take(&o, sizeof(o), options, "davit_events_options", &e) == 0)
		operation_events(ctx, id, &o, each, arg, &e);
	return error_export(err, &e);
}

struct fault_sink {
	davit_fault_fn *each;
	void *arg;
};

static bool export_fault(void *arg, const struct err *fault)
{
	const struct fault_sink *to = arg;
	struct davit_error err = { 0 };

	error_export(&err, fault);
	return to->each(to->arg, &err) == 0;
}

int davit_validate(const struct davit_validate_options *options, davit_fault_fn *each, void *arg,
		   size_t *ret_faults, struct davit_error *err)
{
	struct davit_validate_options o;
	struct fault_sink to = { each, arg };
	struct err e = { 0 };
	size_t faults = 0;

	if (options_take(&o, sizeof(o), options, "davit_validate_options", &e) == 0)
		operation_validate(&o, export_fault, &to, &faults, &e);
	if (ret_faults)
		*ret_faults = faults;
	return error_export(err, &e);
}

int davit_plan(struct davit_context *ctx, const struct davit_create_options *options,
	       davit_plan_fn *each, void *arg, struct davit_error *err)
{
	struct davit_create_options o;
	struct err e = { 0 };

	if (options_take(&o, sizeof(o), options, "davit_create_options", &e) == 0)
		operation_plan(ctx, &o, each, arg, &e);
	return error_export(err, &e);
}

int davit_command_read_document(const char *path, char **ret_text, size_t *ret_len,
				struct davit_error *err)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	const char *text;
	char *copy;
	size_t len;

	if (document_read(&a, path, &text, &len, &e) == 0) {
		copy = malloc(len + 1);
		if (copy) {
			memcpy(copy, text, len);
			copy[len] = '\0';
			*ret_text = copy;
			*ret_len = len;
		} else {
			err_set(&e, ENOMEM, "read %s", path);
		}
	}
	arena_release(&a);
	return error_export(err, &e);
}

int davit_command_seal(char **argv, struct davit_error *err)
{
	struct err e = { 0 };
	int r = 0;

	if (!seal_is_done()) {
		r = seal_execute(argv, environ);
		err_set(&e, -r, "protect the runtime's executable");
		if (!procfs_is_there())
			err_hint(&e, PROCFS_MISSING);
	}
	return error_export(err, &e);
}

_Static_assert((int)DAVIT_COMMAND_PIECE_SIZE == ESCAPE_PIECE, "one size");
_Static_assert((int)DAVIT_COMMAND_TIME_SIZE == CLOCK_TEXT_SIZE, "one size");

size_t davit_command_escape(const char *text, char ret[DAVIT_COMMAND_PIECE_SIZE])
{
	return escape_piece(text, ret);
}

void davit_command_time(char ret[DAVIT_COMMAND_TIME_SIZE])
{
	clock_text(clock_nsec(CLOCK_REALTIME), ret);
}

const char *davit_version(void)
{
	return DAVIT_VERSION_TEXT;
}

unsigned davit_version_number(void)
{
	return DAVIT_VERSION_NUMBER;
}

const char *davit_oci_version(void)
{
	return OCI_VERSION;
}
