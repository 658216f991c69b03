/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public calls of davit.h: operations with the caller's error object, and what only reads.
 */
#include <string.h>

#include "base/fmt.h"
#include "config-davit.h"
#include "container/store.h"
#include "kernel/procfs.h"
#include "kernel/seal.h"
#include "oci-spec/config.h"
#include "operation/operation.h"

extern char **environ;

int davit_create(struct davit_context *ctx, const struct davit_create_options *options,
		 struct davit_error *err)
{
	char output[HOOK_OUTPUT_TEXT] = "";
	struct err e = { 0 };

	operation_create(ctx, options, VERB_CREATE, NULL, output, &e);
	return error_export_output(err, &e, output);
}

int davit_run(struct davit_context *ctx, const struct davit_create_options *options,
	      int *ret_status, struct davit_error *err)
{
	char output[HOOK_OUTPUT_TEXT] = "";
	struct err e = { 0 };

	*ret_status = 0;
	operation_create(ctx, options, VERB_RUN, ret_status, output, &e);
	return error_export_output(err, &e, output);
}

int davit_exec(struct davit_context *ctx, const struct davit_exec_options *options, int *ret_status,
	       struct davit_error *err)
{
	struct err e = { 0 };

	*ret_status = 0;
	operation_exec(ctx, options, ret_status, &e);
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

int davit_state(struct davit_context *ctx, const char *id, char **ret_json, struct davit_error *err)
{
	struct err e = { 0 };
	struct container c;
	size_t len = 0;

	if (container_open(ctx, id, 0, &c, &e) == 0) {
		char *text = container_state_json(&c, true, &len);

		export_json(text, len, ret_json, &e);
	}
	container_close(&c);
	return error_export(err, &e);
}

int davit_seal_self(char **argv, struct davit_error *err)
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
