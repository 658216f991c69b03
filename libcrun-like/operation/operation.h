/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the public calls are made of: each operation once, for whatever calls it.
 */
#ifndef DAVIT_OPERATION_OPERATION_H
#define DAVIT_OPERATION_OPERATION_H

#include "container/status.h"
#include "lifecycle/examine.h"
#include "lifecycle/run.h"

struct operation_result {
	char *hook_output; /* HOOK_OUTPUT_TEXT bytes of the caller's, for what a failing hook
			      printed */
	int status;        /* of run and exec in the foreground: the program's exit status */
	pid_t pid;         /* else: of the process that was made, and lives on */
};

/* create.c: create and run. */
int operation_create(const struct davit_context *ctx, const struct davit_create_options *options,
		     enum verb verb, struct operation_result *ret, struct err *e);
/* create.c, too: criu makes the processes. */
int operation_restore(const struct davit_context *ctx, const struct davit_create_options *options,
		      const struct davit_checkpoint_options *restore, struct operation_result *ret,
		      struct err *e);
/* checkpoint.c. @output: HOOK_OUTPUT_TEXT bytes, for what criu's log says besides. */
int operation_checkpoint(const struct davit_context *ctx, const char *id,
			 const struct davit_checkpoint_options *options, char *output,
			 struct err *e);
/* checkpoint_explain.c: of a container that goes on. */
int operation_checkpoint_explain(const struct davit_context *ctx, const char *id,
				 const struct davit_checkpoint_options *options,
				 davit_obstacle_fn *each, void *arg, struct err *e);
/* start.c. @hook_output as above. */
int operation_start(const struct davit_context *ctx, const char *id, char *hook_output,
		    struct err *e);

/* exec.c */
int operation_exec(const struct davit_context *ctx, const struct davit_exec_options *options,
		   struct operation_result *ret, struct err *e);

/* kill.c */
int operation_kill(const struct davit_context *ctx, const char *id, int signal, bool all,
		   struct err *e);

/*
 * delete.c. @force: whatever state it is in, and no error when it does not exist. A container that
 * cannot be removed keeps its state, so that the call can be repeated.
 */
int operation_delete(const struct davit_context *ctx, const char *id, bool force, struct err *e);
/* The same with @force for one that is open and locked: never another that has its id meanwhile. It
 * is closed. */
int operation_delete_opened(const struct davit_context *ctx, struct container *c, struct err *e);

/* pause.c. @paused: freeze, else thaw. */
int operation_pause(const struct davit_context *ctx, const char *id, bool paused, struct err *e);

/* update.c */
int operation_update(const struct davit_context *ctx, const char *id,
		     const struct davit_update_options *options, struct err *e);

/* mounts_live.c. @add: into the container, else out of it. */
int operation_mounts_change(const struct davit_context *ctx, const char *id, const char *mounts,
			    size_t len, bool add, struct err *e);
int operation_mounts_list(const struct davit_context *ctx, const char *id, struct arena *a,
			  const char **ret_json, size_t *ret_len, struct err *e);

/* What changes nothing on the host: validate.c, plan.c */
typedef bool operation_fault_fn(void *arg, const struct err *fault); /* false: no more of them */
int operation_validate(const struct davit_validate_options *options, operation_fault_fn *each,
		       void *arg, size_t *ret_faults, struct err *e);
int operation_plan(const struct davit_context *ctx, const struct davit_create_options *options,
		   davit_plan_fn *each, void *arg, struct err *e);
/* state.c. Waits for the end; -ECHILD: its status is somebody else's. */
int operation_wait(const struct davit_context *ctx, const char *id, int *ret_status, struct err *e);
/* *ret is for free(). */
int operation_inspect(const struct davit_context *ctx, const char *id,
		      struct davit_container_info **ret, struct err *e);

/* What only reads: state.c, list.c, ps.c, events.c */
int operation_state(const struct davit_context *ctx, const char *id, struct arena *a,
		    const char **ret_json, size_t *ret_len, struct err *e);
int operation_list(const struct davit_context *ctx, davit_list_fn *each, void *arg, struct err *e);
int operation_ps(const struct davit_context *ctx, const char *id, davit_pid_fn *each, void *arg,
		 struct err *e);
int operation_events(const struct davit_context *ctx, const char *id,
		     const struct davit_events_options *options, davit_event_fn *each, void *arg,
		     struct err *e);

#endif
