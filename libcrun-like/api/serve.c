/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The other side of remote.c: the davit that libdavit has started for one call. Its descriptors are
 * the streams of the container, those that the container gets as well, and then three: the socket,
 * the call, and one that the call names: the console's socket, or where criu tells its status.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "api/call.h"
#include "api/export.h"
#include "base/signals.h"
#include "container/caller.h"
#include "davit-command.h"
#include "kernel/sys.h"
#include "operation/operation.h"

static void send_log(void *arg, enum davit_log_level level, const char *message)
{
	struct caller_message m = { .kind = CALLER_LOG, .level = level };

	strncpy(m.text, message, sizeof(m.text) - 1);
	(void)caller_send(*(const int *)arg, &m, -1); /* the result cannot be told, then, either */
}

/* When the caller ends, it is as if somebody had asked us to stop: what is half done is undone. And
 * no signal may cut off the end of what is done. */
static bool begin(int sock)
{
	struct pollfd p = { .fd = sock };
	sigset_t held;

	signals_that_end(&held);
	sigprocmask(SIG_SETMASK, &held, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	/* It may have ended before we asked to be told. */
	return poll(&p, 1, 0) == 0;
}

static void do_mounts(const struct davit_context *ctx, const struct call *c, struct err *e)
{
	operation_mounts_change(ctx, c->id, c->mounts, c->mounts_len, c->verb == CALL_MOUNTS_ADD,
				e);
}

static void do_call(const struct davit_context *ctx, const struct call *c, int extra,
		    struct caller_message *m)
{
	struct davit_create_options create = c->create;
	struct davit_exec_options exec = c->exec;
	struct davit_checkpoint_options checkpoint = c->checkpoint;
	struct operation_result result = { .hook_output = m->text };

	create.console_fd = create.console_fd > 0 ? extra : 0;
	exec.console_fd = exec.console_fd > 0 ? extra : 0;
	checkpoint.status_fd = checkpoint.status_fd ? (unsigned)extra : 0;
	switch (c->verb) {
	case CALL_CREATE:
		operation_create(ctx, &create, VERB_CREATE, &result, &m->err);
		break;
	case CALL_RUN:
		operation_create(ctx, &create, VERB_RUN, &result, &m->err);
		break;
	case CALL_CHECKPOINT:
		operation_checkpoint(ctx, c->id, &checkpoint, m->text, &m->err);
		break;
	case CALL_RESTORE:
		operation_restore(ctx, &create, &c->checkpoint, &result, &m->err);
		break;
	case CALL_START:
		operation_start(ctx, c->id, m->text, &m->err);
		break;
	case CALL_EXEC:
		operation_exec(ctx, &exec, &result, &m->err);
		break;
	case CALL_DELETE:
		operation_delete(ctx, c->id, c->force, &m->err);
		break;
	case CALL_MOUNTS_ADD:
	case CALL_MOUNTS_REMOVE:
		do_mounts(ctx, c, &m->err);
		break;
	case CALL_UPDATE:
		operation_update(ctx, c->id, &c->update, &m->err);
		break;
	}
	m->status = result.status;
	m->pid = result.pid;
}

static void answer(int *sock, const char *helper_dir, const struct call *c,
		   struct caller_message *m)
{
	const struct davit_command_options own = { .is_davit = true,
						   .private_fds = sock,
						   .private_fd_count = 1,
						   .helper_dir = helper_dir };
	struct davit_context_options options = c->context;
	struct davit_error failure = { 0 };
	struct davit_context *ctx = NULL;

	options.log = send_log;
	options.log_arg = sock;
	if (davit_command_context_new(&options, &own, &ctx, &failure) < 0) {
		m->err = failure.err;
		return;
	}
	ctx->caller = *sock;
	do_call(ctx, c, *sock + 2, m);
	davit_context_free(ctx);
}

int davit_command_serve(int sock, const char *helper_dir)
{
	static const int own_fds = 3;
	struct caller_message m = { .kind = CALLER_RESULT };
	const struct call *c;
	int call = sock + 1;

	/* Else it was not libdavit that has started us. */
	if (fcntl(sock, F_GETFD) < 0 || fcntl(call, F_GETFD) < 0)
		return -1;
	for (int i = 0; i < own_fds; i++)
		(void)fcntl(sock + i, F_SETFD, FD_CLOEXEC); /* there is none, else */
	if (!begin(sock))
		return -1;
	call_read(call, &c, &m.err);
	close(call);
	if (!m.err.code)
		answer(&sock, helper_dir, c, &m);
	return caller_send(sock, &m, -1) < 0 ? -1 : 0;
}
