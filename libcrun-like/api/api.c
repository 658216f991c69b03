/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public calls of davit.h that are operations: with the caller's error object and memory.
 */
#include <string.h>

#include "api/export.h"
#include "api/options.h"
#include "config-davit.h"
#include "davit-command.h"
#include "kernel/procfs.h"
#include "kernel/seal.h"
#include "lifecycle/document.h"
#include "operation/operation.h"

extern char **environ;

int davit_create(struct davit_context *ctx, const struct davit_create_options *options,
		 struct davit_error *err)
{
	char output[HOOK_OUTPUT_TEXT] = "";
	struct davit_create_options o;
	struct err e = { 0 };

	if (options_take(&o, sizeof(o), options, "davit_create_options", &e) == 0)
		operation_create(ctx, &o, VERB_CREATE, NULL, output, &e);
	return error_export_output(err, &e, output);
}

int davit_run(struct davit_context *ctx, const struct davit_create_options *options,
	      int *ret_status, struct davit_error *err)
{
	char output[HOOK_OUTPUT_TEXT] = "";
	struct davit_create_options o;
	struct err e = { 0 };

	*ret_status = 0;
	if (options_take(&o, sizeof(o), options, "davit_create_options", &e) == 0)
		operation_create(ctx, &o, VERB_RUN, ret_status, output, &e);
	return error_export_output(err, &e, output);
}

int davit_exec(struct davit_context *ctx, const struct davit_exec_options *options, int *ret_status,
	       struct davit_error *err)
{
	struct davit_exec_options o;
	struct err e = { 0 };

	*ret_status = 0;
	if (options_take(&o, sizeof(o), options, "davit_exec_options", &e) == 0)
		operation_exec(ctx, &o, ret_status, &e);
	return error_export(err, &e);
}

int davit_start(struct davit_context *ctx, const char *id, struct davit_error *err)
{
	char output[HOOK_OUTPUT_TEXT] = "";
	struct err e = { 0 };

	operation_start(ctx, id, output, &e);
	return error_export_output(err, &e, output);
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

	if (options_take(&o, sizeof(o), options, "davit_update_options", &e) == 0)
		operation_update(ctx, id, &o, &e);
	return error_export(err, &e);
}

int davit_mounts_add(struct davit_context *ctx, const char *id, const char *mounts, size_t len,
		     struct davit_error *err)
{
	struct err e = { 0 };

	operation_mounts_change(ctx, id, mounts, len, true, &e);
	return error_export(err, &e);
}

int davit_mounts_remove(struct davit_context *ctx, const char *id, const char *mounts, size_t len,
			struct davit_error *err)
{
	struct err e = { 0 };

	operation_mounts_change(ctx, id, mounts, len, false, &e);
	return error_export(err, &e);
}

int davit_mounts_list(struct davit_context *ctx, const char *id, char **ret_json,
		      struct davit_error *err)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	const char *text = NULL;
	size_t len = 0;

	if (operation_mounts_list(ctx, id, &a, &text, &len, &e) == 0)
		export_json(text, len, ret_json, &e);
	arena_release(&a);
	return error_export(err, &e);
}

int davit_state(struct davit_context *ctx, const char *id, char **ret_json, struct davit_error *err)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	const char *text = NULL;
	size_t len = 0;

	if (operation_state(ctx, id, &a, &text, &len, &e) == 0)
		export_json(text, len, ret_json, &e);
	arena_release(&a);
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

struct receiver {
	davit_fault_fn *each;
	void *arg;
};

static void export_fault(void *arg, const struct err *fault)
{
	const struct receiver *to = arg;
	struct davit_error err = { 0 };

	error_export(&err, fault);
	to->each(to->arg, &err);
}

int davit_validate(const struct davit_validate_options *options, davit_fault_fn *each, void *arg,
		   size_t *ret_faults, struct davit_error *err)
{
	struct davit_validate_options o;
	struct receiver to = { each, arg };
	struct err e = { 0 };

	*ret_faults = 0;
	if (options_take(&o, sizeof(o), options, "davit_validate_options", &e) == 0)
		operation_validate(&o, export_fault, &to, ret_faults, &e);
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

const char *davit_version(void)
{
	return DAVIT_VERSION;
}

const char *davit_oci_version(void)
{
	return OCI_VERSION;
}
