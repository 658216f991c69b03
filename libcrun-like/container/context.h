/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The context of davit.h, and how the library says something without printing: through its log.
 */
#ifndef DAVIT_CONTAINER_CONTEXT_H
#define DAVIT_CONTAINER_CONTEXT_H

#include "base/err.h"
#include "davit.h"
#include "setup/hook_output.h"
#include "setup/resources/systemd_unit.h"

enum {
	ERROR_TEXT_SIZE = 1024 + HOOK_OUTPUT_TEXT /* one line of an error, or of the log */
};

struct trace;

struct davit_context {
	char *root;
	char *cgroup_manager;
	char *runtime_dir;           /* may be NULL */
	char *helper_dir;            /* may be NULL */
	struct systemd_host systemd; /* made of these */
	char *name;
	char *notify_socket;    /* the service manager's; NULL: nobody wants to know */
	char *fault;            /* NULL but in test builds */
	struct trace *trace;    /* of every operation with this context; NULL: nobody wants it */
	char *seccomp_receiver; /* of profiles that name none; may be NULL */
	char **environment;     /* of hooks without one; the caller's, may be NULL */
	char *program;          /* who does what makes processes; NULL: this process is davit */
	int caller;             /* of such a process: the socket (container/caller.h); else -1 */
	const int *private_fds; /* children close them first; the caller's */
	size_t private_fd_count;
	davit_log_fn *log;
	void *log_arg;
	enum davit_log_level log_level;
	bool is_rootless;      /* an ordinary user, or root of a user namespace that was made */
	bool has_default_root; /* nobody named one */
};

/* log.c */
void context_log(const struct davit_context *ctx, enum davit_log_level level, const char *format,
		 ...) PRINTF_LIKE(3, 4);
/* The shape that setup/ takes for warnings; @arg is the context. */
void context_warn(void *arg, const char *text);
void context_inform(void *arg, const char *text);
/* The same for a failure that is only to be told of; of a hook, with what it printed. */
void context_warn_failure(void *arg, const struct err *failure);
void context_warn_hook(void *arg, const struct err *failure, const char *output);

#endif
