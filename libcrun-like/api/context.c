/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * davit_context: what holds for every operation with it.
 */
#include "container/context.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/export.h"
#include "api/options.h"
#include "base/fmt.h"
#include "config-davit.h"
#include "container/trace.h"
#include "davit-command.h"
#include "kernel/namespace.h"

/* Root of a made user namespace has /run/davit only when nobody gave it a place of its own: /run is
 * rarely its. */
static char *default_root(const char *runtime_dir, bool is_rootless)
{
	bool has_dir = runtime_dir && runtime_dir[0] == '/';
	char text[4096];

	if (geteuid() == 0 && !(is_rootless && has_dir))
		return strdup("/run/davit");
	if (has_dir)
		fmt(text, sizeof(text), "%s/davit", runtime_dir);
	else
		fmt(text, sizeof(text), "/tmp/davit-%u", (unsigned)geteuid());
	return strdup(text);
}

/* A relative one is the caller's: what is kept of it has to hold in other directories, too. In the
 * root directory everything would be a container of that name. */
static int take_root(const char *root, char **ret, struct err *e)
{
	char text[2 * PATH_MAX], here[PATH_MAX];

	if (!*root)
		return err_kind(e, ERR_USAGE, EINVAL, "the state root is an empty path");
	if (root[0] == '/' && !root[strspn(root, "/.")])
		return err_kind(e, ERR_USAGE, EINVAL, "the state root is the root directory");
	if (root[0] != '/' && !getcwd(here, sizeof(here)))
		return err_set(e, errno, "find the current directory for the state root %s", root);
	fmt(text, sizeof(text), "%s%s%s", root[0] == '/' ? "" : here, root[0] == '/' ? "" : "/",
	    root);
	*ret = strdup(text);
	return *ret ? 0 : err_set(e, ENOMEM, "make a context");
}

static int check_manager(const char *manager, struct err *e)
{
	static const char *const known[] = { "cgroupfs", "systemd", "disabled" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(manager, known[i]) == 0)
			return 0;
	return err_kind(e, ERR_USAGE, EINVAL, "unknown cgroup manager \"%s\"", manager);
}

static void take_systemd(struct davit_context *ctx, const struct davit_context_options *o,
			 const struct davit_command_options *own)
{
	if (o->runtime_dir && o->runtime_dir[0] == '/')
		ctx->runtime_dir = strdup(o->runtime_dir);
	if (own->helper_dir)
		ctx->helper_dir = strdup(own->helper_dir);
	ctx->systemd = (struct systemd_host){ .helper_dir = ctx->helper_dir,
					      .runtime_dir = ctx->runtime_dir,
					      .environment = ctx->environment };
}

static int fill(struct davit_context *ctx, const struct davit_context_options *o,
		const struct davit_command_options *own, struct err *e)
{
	const char *program = o->program ? o->program : DAVIT_PROGRAM;
	const char *manager = o->cgroup_manager ? o->cgroup_manager : "cgroupfs";

	if (check_manager(manager, e) < 0)
		return -e->code;
	ctx->is_rootless = geteuid() != 0 || !namespace_user_is_first();
	if (o->root && take_root(o->root, &ctx->root, e) < 0)
		return -e->code;
	if (!o->root)
		ctx->root = default_root(o->runtime_dir, ctx->is_rootless);
	ctx->cgroup_manager = strdup(manager);
	ctx->name = strdup(own->name ? own->name : "davit");
	if (o->notify_socket && *o->notify_socket)
		ctx->notify_socket = strdup(o->notify_socket);
	if (DAVIT_TEST_BUILD && own->fault)
		ctx->fault = strdup(own->fault);
	if (o->seccomp_receiver && o->seccomp_receiver[0])
		ctx->seccomp_receiver = strdup(o->seccomp_receiver);
	ctx->program = own->is_davit ? NULL : strdup(program);
	ctx->caller = -1;
	if (!ctx->root || !ctx->cgroup_manager || !ctx->name || (!ctx->program && !own->is_davit))
		return err_set(e, ENOMEM, "make a context");
	ctx->environment = o->environment;
	ctx->log = o->log;
	ctx->log_arg = o->log_arg;
	ctx->log_level = o->log_level;
	ctx->has_default_root = !o->root;
	ctx->private_fds = own->private_fds;
	ctx->private_fd_count = own->private_fd_count;
	take_systemd(ctx, o, own);
	return own->trace ? trace_new(own->trace, &ctx->trace, e) : 0;
}

int davit_command_context_new(const struct davit_context_options *options,
			      const struct davit_command_options *own, struct davit_context **ret,
			      struct davit_error *err)
{
	struct davit_context *ctx = calloc(1, sizeof(*ctx));
	struct davit_context_options o;
	struct err e = { 0 };

	if (!ctx) {
		err_set(&e, ENOMEM, "make a context");
		return error_export(err, &e);
	}
	if (options_take(&o, sizeof(o), options, "davit_context_options", &e) < 0 ||
	    fill(ctx, &o, own, &e) < 0) {
		davit_context_free(ctx);
		return error_export(err, &e);
	}
	*ret = ctx;
	return error_export(err, &e);
}

int davit_context_new(const struct davit_context_options *options, struct davit_context **ret,
		      struct davit_error *err)
{
	const struct davit_command_options none = { 0 };

	return davit_command_context_new(options, &none, ret, err);
}

void davit_context_free(struct davit_context *ctx)
{
	struct err e = { 0 };

	if (!ctx)
		return;
	if (ctx->trace && trace_write(ctx->trace, &e) < 0)
		context_log(ctx, DAVIT_LOG_WARNING, "%s: %s", e.msg, errno_words(e.code));
	trace_free(ctx->trace);
	free(ctx->root);
	free(ctx->cgroup_manager);
	free(ctx->runtime_dir);
	free(ctx->helper_dir);
	free(ctx->name);
	free(ctx->notify_socket);
	free(ctx->seccomp_receiver);
	free(ctx->fault);
	free(ctx->program);
	free(ctx);
}

const char *davit_context_root(const struct davit_context *ctx)
{
	return ctx ? ctx->root : "";
}
