/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public calls of davit.h: operations with the caller's error object, and what only reads.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "config-davit.h"
#include "kernel/seal.h"
#include "lifecycle/operation.h"
#include "lifecycle/store.h"
#include "oci-spec/state.h"

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

char *container_state_json(struct container *c, bool pretty, size_t *ret_len)
{
	int64_t pid = c->pid;
	struct oci_state s = {
		.oci_version = davit_oci_version(),
		.id = c->id,
		.status = status_word(c->status),
		.bundle = "",
		.owner = "",
	};

	if (c->state) {
		s.bundle = c->state->bundle ? c->state->bundle : "";
		s.rootfs = c->state->rootfs;
		s.created = c->state->created;
		s.annotations = c->state->annotations;
		s.owner = c->state->owner ? c->state->owner : "";
	}
	/* runtime.md#state: REQUIRED when created or running, and nobody's number when stopped. */
	if (pid == 0 && c->status == STATUS_STOPPED)
		s.pid = &pid;
	else if (pid)
		s.pid = &pid;
	return oci_state_encode(&c->arena, &s, pretty, ret_len);
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

static int list_one(const struct davit_context *ctx, const char *id, davit_list_fn *each, void *arg)
{
	struct davit_list_entry entry = {
		.size = sizeof(entry), .id = id, .bundle = "", .rootfs = "", .created = ""
	};
	struct err e = { 0 };
	struct container c;
	size_t len = 0;

	entry.owner = "";
	if (container_open(ctx, id, CONTAINER_DAMAGED_OK, &c, &e) < 0)
		goto out; /* deleted meanwhile */
	entry.status = status_word(c.status);
	entry.pid = c.pid;
	if (c.state) {
		entry.bundle = c.state->bundle ? c.state->bundle : "";
		entry.rootfs = c.state->rootfs ? c.state->rootfs : "";
		entry.created = c.state->created ? c.state->created : "";
		entry.owner = c.state->owner ? c.state->owner : "";
	}
	entry.json = container_state_json(&c, false, &len);
	if (entry.json)
		each(arg, &entry);
out:
	container_close(&c);
	return 0;
}

/* A root that was named must be there; the default one may simply not have been needed yet. */
int davit_list(struct davit_context *ctx, davit_list_fn *each, void *arg, struct davit_error *err)
{
	_cleanup_fd_ int root = -1;
	struct err e = { 0 }, ignored = { 0 };
	const struct dirent *entry;
	DIR *dir;

	if (store_open_root(ctx->root, false, &root, &e) < 0) {
		if (e.kind == ERR_NOT_FOUND && ctx->has_default_root)
			e = (struct err){ 0 };
		return error_export(err, &e);
	}
	dir = fdopendir(root);
	if (!dir) {
		err_set(&e, errno, "list the state root %s", ctx->root);
		return error_export(err, &e);
	}
	root = -1;
	while ((entry = readdir(dir))) {
		ignored = (struct err){ 0 };
		if (store_check_id(entry->d_name, &ignored) == 0)
			list_one(ctx, entry->d_name, each, arg);
	}
	closedir(dir);
	return error_export(err, &e);
}

int davit_seal_self(char **argv, struct davit_error *err)
{
	struct err e = { 0 };
	int r = 0;

	if (!seal_is_done()) {
		r = seal_execute(argv, environ);
		err_set(&e, -r, "protect the runtime's executable");
	}
	return error_export(err, &e);
}

const char *davit_version(void)
{
	return DAVIT_VERSION;
}

const char *davit_oci_version(void)
{
	return "1.3.0";
}
