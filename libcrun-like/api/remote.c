/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See remote.h. The caller may have threads, locks, a large heap, secrets and descriptors: a clone
 * of it would copy page tables for milliseconds, keep other threads' locks and sockets open, and
 * show its executable and its memory to the container. So davit is started from its sealed file,
 * gets the call as a file in memory and answers over a socket (container/caller.h); nothing else of
 * the caller gets there.
 */
#include "api/remote.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "api/options.h"
#include "base/fmt.h"
#include "config-davit.h"
#include "container/caller.h"
#include "kernel/process.h"
#include "kernel/seal.h"
#include "kernel/spawn.h"
#include "kernel/sys.h"

enum {
	BORN_MAX = 8,
	PRESERVED_MAX = 65536,
	OWN_FDS = 3 /* socket, call, extra: in this order, behind what the program gets */
};

struct born {
	pid_t pid;
	int pidfd;
};

struct remote {
	const struct davit_context *ctx;
	int sock, call, program, streams[3];
	int pidfd;
	struct born born[BORN_MAX]; /* our children, that nobody has waited for */
	size_t born_count;
};

/* Descriptors are told by their numbers there, and context and outputs are not for others. */
static void complete(struct call *c, const struct davit_context *ctx)
{
	fmt(c->version, sizeof(c->version), "%s", DAVIT_VERSION_TEXT);
	c->size = sizeof(*c);
	c->context = (struct davit_context_options){
		.size = sizeof(c->context),
		.root = ctx->root,
		.runtime_dir = ctx->runtime_dir,
		.cgroup_manager = ctx->cgroup_manager,
		.log_level = ctx->log ? ctx->log_level : DAVIT_LOG_ERROR,
		.notify_socket = ctx->notify_socket,
		.seccomp_receiver = ctx->seccomp_receiver,
		.environment = ctx->environment,
	};
	c->create.streams = c->exec.streams = NULL;
	c->create.process = c->exec.process = NULL;
}

/* --- starting it ----------------------------------------------------------------------------- */

static int check_fds(const struct remote_fds *fds, struct err *e)
{
	if (fds->preserved > PRESERVED_MAX)
		return err_kind(e, ERR_USAGE, EINVAL, "%u descriptors are more than there can be",
				fds->preserved);
	for (unsigned i = 0; i < fds->preserved; i++)
		if (fcntl((int)(3 + i), F_GETFD) < 0)
			return err_set(e, errno, "preserve descriptor %u", 3 + i);
	for (size_t i = 0; fds->streams && i < 3; i++)
		if (fds->streams[i] >= 0 && fcntl(fds->streams[i], F_GETFD) < 0)
			return err_set(e, errno, "take descriptor %d as standard stream %zu",
				       fds->streams[i], i);
	if (fds->extra > 0 && fcntl(fds->extra, F_GETFD) < 0)
		return err_set(e, errno, "take descriptor %d as the %s", fds->extra,
			       fds->extra_name);
	return 0;
}

/* A stream that the caller has closed stays closed: davit puts /dev/null there. Before we open
 * anything, which would get such a number. */
static void take_streams(struct remote *r, const struct remote_fds *fds)
{
	for (int i = 0; i < 3; i++) {
		r->streams[i] = fds->streams ? fds->streams[i] : i;
		if (fcntl(r->streams[i], F_GETFD) < 0)
			r->streams[i] = -1;
	}
}

static int spawn_davit(struct remote *r, const struct call *c, const struct remote_fds *fds,
		       int its_sock, struct err *e)
{
	size_t first = 3 + fds->preserved, count = first + OWN_FDS;
	_cleanup_free_ char *room = calloc(count, sizeof(int));
	int *list = (int *)(void *)room, code;
	char number[16], *argv[] = { (char *)"davit",           (char *)"--api",    number,
				     (char *)call_verb_word(c), (char *)call_id(c), NULL };
	char *nothing[] = { NULL };
	struct spawn s = { .program = r->program,
			   .argv = argv,
			   .envp = r->ctx->environment ? r->ctx->environment : nothing,
			   .fds = list,
			   .fd_count = count };
	pid_t pid;

	if (!list)
		return err_set(e, ENOMEM, "start %s", r->ctx->program);
	fmt(number, sizeof(number), "%zu", first);
	for (int i = 0; i < (int)first; i++)
		list[i] = i < 3 ? r->streams[i] : i;
	list[first] = its_sock;
	list[first + 1] = r->call;
	list[first + 2] = fds->extra > 0 ? fds->extra : -1;
	code = spawn_program(&s, &pid, &r->pidfd);
	if (code == 0)
		return 0;
	err_set(e, -code, "start %s", r->ctx->program);
	return code == -ENOENT ? err_hint(e, "it is a program of libdavit's, and has to be there")
			       : -e->code;
}

static int begin(struct remote *r, struct call *c, const struct remote_fds *fds, struct err *e)
{
	int pair[2], code;

	complete(c, r->ctx);
	take_streams(r, fds);
	if (check_fds(fds, e) < 0 || call_write(c, &r->call, e) < 0)
		return -e->code;
	code = seal_open(r->ctx->program, &r->program);
	if (code < 0) {
		err_set(e, -code, "open %s", r->ctx->program);
		return err_hint(e, "libdavit starts it for each call that makes processes");
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, errno, "make a socket pair");
	r->sock = pair[0];
	spawn_davit(r, c, fds, pair[1], e);
	close(pair[1]);
	close_fdp(&r->call);
	close_fdp(&r->program);
	return -e->code;
}

/* --- listening to it ------------------------------------------------------------------------- */

static void keep_born(struct remote *r, pid_t pid, int *pidfd)
{
	if (r->born_count < BORN_MAX && *pidfd >= 0)
		r->born[r->born_count++] = (struct born){ pid, take_fd(pidfd) };
}

static void forget_born(struct remote *r, size_t i)
{
	close_fdp(&r->born[i].pidfd);
	r->born[i] = r->born[--r->born_count];
}

static int reap(struct remote *r, struct caller_message *m)
{
	m->kind = CALLER_REAPED;
	m->code = -ECHILD;
	for (size_t i = 0; i < r->born_count; i++) {
		if (r->born[i].pid != m->pid)
			continue;
		m->code = process_wait(r->born[i].pidfd, &m->status, &m->signal);
		forget_born(r, i);
		break;
	}
	return caller_send(r->sock, m, -1);
}

/* Nothing that a call has made outlives its failure. */
static void end_born(struct remote *r)
{
	int status, sig;

	while (r->born_count) {
		(void)sys_pidfd_send_signal(r->born[0].pidfd, SIGKILL); /* it has ended, else */
		(void)process_wait(r->born[0].pidfd, &status, &sig);    /* somebody else has */
		forget_born(r, 0);
	}
}

/* The process of the container becomes the caller's own affair. */
static void give_process(struct remote *r, pid_t pid, struct davit_process *to)
{
	for (size_t i = 0; i < r->born_count; i++) {
		if (r->born[i].pid != pid)
			continue;
		if (to && to->size >= offsetof(struct davit_process, pidfd))
			to->pid = pid;
		if (to && to->size >= offsetof(struct davit_process, pidfd) + sizeof(to->pidfd))
			to->pidfd = take_fd(&r->born[i].pidfd);
		forget_born(r, i);
		return;
	}
}

static void take_result(struct remote *r, const struct caller_message *m, struct remote_answer *ret,
			struct err *e)
{
	ret->status = m->status;
	fmt(ret->output, sizeof(ret->output), "%s", m->text);
	if (m->err.code)
		err_import(e, &m->err);
	else
		give_process(r, m->pid, ret->process);
}

/* 1: it was the last one. */
static int take(struct remote *r, struct caller_message *m, int *fd, struct remote_answer *ret,
		struct err *e)
{
	switch ((enum caller_kind)m->kind) {
	case CALLER_LOG:
		if (r->ctx->log && m->level <= r->ctx->log_level)
			r->ctx->log(r->ctx->log_arg, (enum davit_log_level)m->level, m->text);
		return 0;
	case CALLER_BORN:
		keep_born(r, m->pid, fd);
		return 0;
	case CALLER_REAP:
		(void)reap(r, m); /* whoever asked is gone, else: the next message is the end */
		return 0;
	case CALLER_RESULT:
		take_result(r, m, ret, e);
		return 1;
	case CALLER_REAPED:
	default:
		err_kind(e, ERR_STATE, EPROTO, "unexpected message %u from %s", m->kind,
			 r->ctx->program);
		return 1;
	}
}

/* False: davit has ended, and there is nothing to hear any more. An end of file would say so, too,
 * unless another thread's fork(2) has copied the other end of the socket meanwhile. */
static bool await_message(const struct remote *r)
{
	struct pollfd p[2] = { { .fd = r->sock, .events = POLLIN },
			       { .fd = r->pidfd, .events = POLLIN } };

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return p[0].revents != 0 || poll(p, 1, 0) > 0;
}

static void listen_to(struct remote *r, struct remote_answer *ret, struct err *e)
{
	struct caller_message m;
	int fd = -1, code, is_last = 0;

	while (!is_last) {
		code = await_message(r) ? caller_receive(r->sock, &m, &fd) : 0;
		if (code <= 0) {
			err_kind(e, ERR_KILLED, code < 0 ? -code : ECHILD,
				 "the davit that was started for the call has ended without an "
				 "answer");
			err_hint(e, "is %s the davit of this libdavit (%s)?", r->ctx->program,
				 DAVIT_VERSION_TEXT);
			return;
		}
		is_last = take(r, &m, &fd, ret, e);
		close_fdp(&fd);
	}
}

int remote_call(const struct davit_context *ctx, struct call *c, const struct remote_fds *fds,
		struct remote_answer *ret, struct err *e)
{
	struct remote r = { .ctx = ctx, .sock = -1, .call = -1, .program = -1, .pidfd = -1 };
	int status, sig;

	if (ret->process && options_check_size(ret->process, "davit_process", e) < 0)
		return -e->code;
	if (begin(&r, c, fds, e) == 0)
		listen_to(&r, ret, e);
	close_fdp(&r.sock);
	/* Somebody else's waitpid(2) for any child may have been faster. */
	if (r.pidfd >= 0)
		(void)process_wait(r.pidfd, &status, &sig);
	end_born(&r);
	close_fdp(&r.pidfd);
	close_fdp(&r.call);
	close_fdp(&r.program);
	return -e->code;
}
