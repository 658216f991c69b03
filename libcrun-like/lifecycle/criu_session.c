/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See criu_session.h.
 */
#include "lifecycle/criu_session.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/environment.h"
#include "base/signals.h"
#include "container/channel.h"
#include "kernel/caps.h"
#include "kernel/mount.h"
#include "kernel/peer.h"
#include "kernel/process.h"
#include "kernel/sys.h"
#include "lifecycle/birth.h"
#include "setup/process/affinity.h"

void criu_init(struct criu_session *s, const struct davit_context *ctx)
{
	*s = (struct criu_session){ .ctx = ctx, .sock = -1, .pidfd = -1 };
}

/* --- in the child ---------------------------------------------------------------------------- */

static int attach_one(const struct criu_attach *a, struct err *e)
{
	_cleanup_fd_ int target = open(a->path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	int r = target < 0 ? neg_errno() : mount_attach(a->fd, target);

	return r < 0 ? err_set(e, -r, "attach %s for criu", a->path) : 0;
}

/* Later mounts of the host still appear in it: criu may meet them in what it binds. */
static int leave_mounts(const struct criu_start *how, struct err *e)
{
	_cleanup_fd_ int root = -1;
	int r = unshare(CLONE_NEWNS) < 0 ? neg_errno() : 0;

	if (r == 0) {
		root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = root < 0 ? neg_errno() : mount_set_propagation(root, MS_SLAVE | MS_REC);
	}
	if (r < 0)
		return err_set(e, -r, "make a mount namespace for criu");
	return 0;
}

static int attach_all(const struct criu_start *how, struct err *e)
{
	for (size_t i = 0; i < how->attach_count; i++)
		if (attach_one(&how->attach[i], e) < 0)
			return -e->code;
	return 0;
}

/* criu finds folders that are named by descriptors in the /proc of who made its socket. It is to
 * find them in its own mount namespace, or it could mount nothing in them: so that is this process.
 */
static int make_socket(int control, int *ret_sock)
{
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return neg_errno();
	r = peer_send_fd(control, "criu", pair[0]);
	close(pair[0]);
	*ret_sock = pair[1];
	return r;
}

static int open_folder(const char *path, int *ret, struct err *e)
{
	*ret = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	return path && *ret < 0 ? err_set(e, errno, "open the folder %s", path) : 0;
}

static _Noreturn void become(const struct criu_start *how, struct criu_child *child, int control)
{
	struct message m = { .kind = MESSAGE_ERR };
	int r = make_socket(control, &child->sock);

	/* A dump makes nothing but images. What a restore makes has modes of its own, and the CPUs
	 * of its cgroup, as with create: criu gives it those that it has itself. */
	if (how->hides_images)
		(void)umask(077);
	else
		affinity_reset();
	if (r < 0)
		err_set(&m.err, -r, "make a socket for criu");
	/* Processes that are restored have the session keyring of who makes them. */
	if (how->keyring)
		r = process_new_keyring(how->keyring, how->keyring_owner);
	if (!m.err.code && r < 0)
		err_set(&m.err, -r, "make the session keyring %s", how->keyring);
	if (!m.err.code && leave_mounts(how, &m.err) == 0 &&
	    open_folder(how->image_path, &child->fds[0], &m.err) == 0 &&
	    open_folder(how->work_path, &child->fds[1], &m.err) == 0 &&
	    attach_all(how, &m.err) == 0)
		err_set(&m.err, -criu_become(child), "start %s", child->path);
	channel_send(control, &m);
	sys_exit(127);
}

/* --------------------------------------------------------------------------------------------- */

static int explain_missing(struct err *e)
{
	err_kind(e, ERR_UNSUPPORTED, ENOENT, "find criu, which checkpoint and restore need");
	return err_hint(e, "it is in the package criu; it was looked for in PATH");
}

static int spawn(struct criu_session *s, const struct criu_start *how, const char *path,
		 int control)
{
	struct clone_args args = { .flags = CLONE_PIDFD,
				   .exit_signal = SIGCHLD,
				   .pidfd = (uintptr_t)&s->pidfd };
	struct criu_child child = { .path = path,
				    .envp = s->ctx->environment,
				    .fds = { -1, -1 },
				    .fd_count = 2 + how->fd_count,
				    .keeps_group = how->keeps_group,
				    .dies_with_us = how->dies_with_us };
	uint64_t start_time;
	int r;

	memcpy(child.stdio, how->stdio, sizeof(child.stdio));
	memcpy(child.fds + 2, how->fds, how->fd_count * sizeof(*how->fds));
	r = birth_clone(how->cgroup_fd, -1, &args, &s->pid, &start_time);
	if (r == 0 && s->pid == 0)
		become(how, &child, control);
	return r;
}

/* Its socket comes first; then an error, or the end: execve has closed the channel. */
static int await_exec(struct criu_session *s, int control, struct err *e)
{
	struct pollfd p = { .fd = control, .events = POLLIN };
	struct message m;
	int r;

	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	r = peer_receive_fd(control, &s->sock);
	if (r == 0)
		r = channel_receive(control, &m);
	if (r > 0)
		err_import(e, &m.err);
	else if (r < 0)
		err_set(e, -r, "start criu");
	return -e->code;
}

/* Those that the caller holds back, of the sort that end a program. They stay pending. */
static int open_signals(void)
{
	sigset_t held, ending, wanted;

	signals_that_end(&ending);
	if (sigprocmask(SIG_BLOCK, NULL, &held) < 0)
		return -1;
	sigandset(&wanted, &held, &ending);
	return signalfd(-1, &wanted, SFD_CLOEXEC);
}

/* Processes that criu has made have its end of the socket, too: its death alone is no end of file.
 */
static int hear(struct criu_session *s, struct criu_reply *ret)
{
	_cleanup_fd_ int signals = s->ends_by_signals ? open_signals() : -1;
	struct pollfd p[3] = { { .fd = s->sock, .events = POLLIN },
			       { .fd = s->pidfd, .events = POLLIN },
			       { .fd = signals, .events = POLLIN } };

	while (poll(p, 3, -1) < 0 && errno == EINTR)
		;
	if (p[2].revents) {
		s->is_interrupted = true;
		criu_end(s, true);
		return 0;
	}
	return p[0].revents ? criu_receive(s->sock, ret) : 0;
}

/* @what: of criu. It ends after the answer, unless it @goes_on. */
static int ask(struct criu_session *s, enum criu_verb request, bool goes_on, const char *what,
	       struct criu_reply *ret, struct err *e)
{
	struct criu_reply reply = { .fd = -1 };
	int r = criu_send(s->sock, request, NULL, goes_on);

	if (r == 0)
		r = hear(s, &reply);
	close_fdp(&reply.fd);
	if (r <= 0 || reply.type != request || !reply.success)
		return err_kind(e, ERR_UNSUPPORTED, EPROTO, "ask criu %s: it gives no answer",
				what);
	*ret = reply;
	return 0;
}

static int check_version(struct criu_session *s, struct err *e)
{
	struct criu_reply reply;

	if (ask(s, CRIU_VERSION, true, "for its version", &reply, e) < 0)
		return -e->code;
	s->version = reply.version;
	if (s->version >= CRIU_OLDEST)
		return 0;
	err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP, "criu is too old: %u.%u, and 3.15 is needed",
		 s->version / 10000, s->version / 100 % 100);
	return err_hint(e, "a newer package criu");
}

int criu_start(struct criu_session *s, const struct criu_start *how, struct err *e)
{
	const char *search = environment_find(s->ctx->environment, "PATH");
	char path[PATH_MAX];
	int pair[2], r;

	if (criu_find(search ? search + strlen("PATH=") : NULL, path, sizeof(path)) < 0)
		return explain_missing(e);
	r = channel_pair(pair);
	if (r < 0)
		return err_set(e, -r, "make a channel to criu");
	r = spawn(s, how, path, pair[1]);
	close_fdp(&pair[1]);
	if (r < 0)
		err_set(e, -r, "start %s", path);
	else if (await_exec(s, pair[0], e) == 0)
		check_version(s, e);
	close_fdp(&pair[0]);
	if (e->code)
		criu_end(s, false);
	return -e->code;
}

/* The last that this criu is asked. */
static int check_needs(struct criu_session *s, unsigned needs, struct err *e)
{
	struct criu_reply reply;

	if (ask(s, CRIU_FEATURE_CHECK, false, "what it can do", &reply, e) < 0)
		return -e->code;
	if ((needs & CRIU_MEM_TRACK) && !reply.has_mem_track)
		return err_kind(
			e, ERR_UNSUPPORTED, EOPNOTSUPP,
			"--pre-dump, --parent-path: this kernel does not tell which pages were written to "
			"(CONFIG_MEM_SOFT_DIRTY)");
	if ((needs & CRIU_LAZY_PAGES) && !reply.has_lazy_pages)
		return err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP,
				"--lazy-pages: this kernel cannot hand memory over when it is used "
				"(userfaultfd)");
	return 0;
}

/*
 * criu can do without root's rights (CAP_CHECKPOINT_RESTORE, --unprivileged), but not for what has
 * namespaces: it would enter and make them, and mount in them, as nobody but the machine's root
 * may.
 */
static int check_rights(const struct criu_session *s, struct err *e)
{
	struct caps own;

	if (!s->ctx->is_rootless && (caps_get(&own) < 0 || (own.effective & 1ULL << CAP_SYS_ADMIN)))
		return 0;
	err_kind(e, ERR_UNSUPPORTED, EPERM,
		 "checkpoint and restore need root of this machine, with CAP_SYS_ADMIN");
	return err_hint(e, "criu cannot do it for the namespaces of a container without");
}

int criu_check(struct criu_session *s, unsigned needs, struct err *e)
{
	const struct criu_start start = { .cgroup_fd = -1, .stdio = { -1, -1, -1 } };

	if (check_rights(s, e) < 0 || criu_start(s, &start, e) < 0)
		return -e->code;
	if (needs)
		check_needs(s, needs, e);
	criu_end(s, false);
	return -e->code;
}

void criu_end(struct criu_session *s, bool at_once)
{
	close_fdp(&s->sock);
	if (s->pidfd < 0)
		return;
	if (at_once)
		sys_pidfd_send_signal(s->pidfd, SIGKILL);
	process_wait(s->pidfd, &s->status, &s->signal);
	close_fdp(&s->pidfd);
}

static int lose(struct criu_session *s, struct err *e)
{
	s->has_failed = true;
	criu_end(s, false);
	if (s->is_interrupted)
		return err_kind(e, ERR_KILLED, EINTR, "a signal came while criu was at work");
	if (s->signal)
		return err_kind(e, ERR_KILLED, ECHILD, "criu was killed by signal %d", s->signal);
	return err_kind(e, ERR_KILLED, ECHILD, "criu has ended before it was done");
}

/* criu has failed when it has been told so: it says it once more, when all is put back. */
static int refuse(struct criu_session *s)
{
	struct criu_reply last = { .fd = -1 };

	s->has_failed = true;
	(void)criu_send_answer(s->sock, false); /* gone: that is what was wanted */
	while (hear(s, &last) > 0) {
		close_fdp(&last.fd);
		if (last.type != CRIU_NOTIFY)
			break;
		(void)criu_send_answer(s->sock, false);
	}
	criu_end(s, false);
	return -1;
}

int criu_go_on(struct criu_session *s, struct err *e)
{
	return criu_send_answer(s->sock, true) < 0 ? lose(s, e) : 0;
}

static bool is_awaited(const struct criu_wait *w, const char *script)
{
	for (size_t i = 0; i < ARRAY_SIZE(w->until); i++)
		if (w->until[i] && strcmp(script, w->until[i]) == 0)
			return true;
	return false;
}

int criu_wait(struct criu_session *s, enum criu_verb request, const struct criu_wait *w,
	      struct criu_reply *ret, struct err *e)
{
	for (;;) {
		struct criu_reply reply = { .fd = -1 };
		int r = hear(s, &reply);

		if (r <= 0)
			return lose(s, e);
		*ret = reply;
		if (reply.type == CRIU_NOTIFY && w->notified && w->notified(w->arg, &reply, e) < 0)
			refuse(s);
		close_fdp(&reply.fd);
		ret->fd = -1;
		if (e->code)
			return -e->code;
		if (reply.type == CRIU_NOTIFY && is_awaited(w, reply.script))
			return 1;
		if (reply.type == CRIU_NOTIFY && criu_go_on(s, e) == 0)
			continue;
		if (e->code)
			return -e->code;
		if (reply.type == request && reply.success)
			return 0;
		s->has_failed = true;
		return err_kind(e, ERR_UNSUPPORTED, reply.code > 0 ? reply.code : EIO,
				"criu says nothing of the reason");
	}
}
