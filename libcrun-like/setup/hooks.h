/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hooks (config.md#posix-platform-hooks): programs run one after the other with the container's
 * state on stdin. hooks_run() works in HOST and in INIT alike (no heap); which namespaces a kind
 * runs in, and what a failure means, is the caller's.
 */
#ifndef DAVIT_SETUP_HOOKS_H
#define DAVIT_SETUP_HOOKS_H

#include "base/arena.h"
#include "base/err.h"
#include "oci-spec/config.h"
#include "setup/hook_output.h"

struct hook_op {
	const char *path;
	char **argv, **envp;
	int64_t timeout; /* seconds; 0: none */
};

struct hook_ops {
	const char *kind; /* as in config.json: "createRuntime" */
	struct hook_op *ops;
	size_t count;
};

struct hooks {
	struct hook_ops prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

/* What every hook of a run gets. */
struct hook_input {
	const char *state; /* JSON, hook_state_fill()'s */
	size_t len;
	int cwd_fd; /* the bundle for hooks of the host; -1: the caller's own */
	/* kernel/child.h's: as whom the hook runs; NULL: as the caller. */
	int (*become)(void *arg);
	void *become_arg;
	int keep_fd;
	const int *files; /* hook_output_open()'s, or NULL */
	char *output; /* HOOK_OUTPUT_TEXT bytes: what a failing hook printed, to be put behind its
			 error; may be NULL */
};

/* What hooks without an env get; each NULL-terminated, NULL: nothing. */
struct hook_environments {
	char **runtime;   /* hooks whose path is the runtime's */
	char **container; /* startContainer hooks: the program's */
};

/*
 * @config may be NULL. Without args: the path alone. An env that is there is the whole environment,
 * also an empty one; without it (execv's semantics) the hook has that of whoever runs it, where its
 * PATH is. A startContainer hook is a file of the image: it gets the program's, never the
 * runtime's.
 */
int hooks_prepare(struct arena *a, const struct oci_hooks *config,
		  const struct hook_environments *env, struct hooks *ret, struct err *e);

/*
 * Runs them in order, and stops at the first that fails (ERR_HOOK). Hooks are counted from 0, as
 * runc does: `error running createRuntime hook #0: exit status 1`. SIGCHLD must not be ignored.
 */
int hooks_run(const struct hook_ops *hooks, const struct hook_input *input, struct err *e);

/* Runs them all; each failure goes to @warn, with what the hook printed (poststop: L9). */
typedef void hooks_warn_fn(void *arg, const struct err *failure, const char *output);
void hooks_run_all(const struct hook_ops *hooks, const struct hook_input *input,
		   hooks_warn_fn *warn, void *arg);

#endif
