/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver (drive.h): one sequencer, HOST, that walks the rows; and the loop of the processes
 * that do their rows when they are told. No synchronisation point is written anywhere else. Because
 * this is the only driver, these exist once: the timing of each row, fault injection, the "step X
 * in init" of an error, and rollback.
 */
#include "lifecycle/drive.h"

#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/fmt.h"
#include "base/signals.h"
#include "config-davit.h"
#include "container/caller.h"
#include "container/trace.h"
#include "kernel/process.h"
#include "kernel/sys.h"

enum {
	EXEC_WATCH_MSEC = 1000,
	LOST_WAIT_MSEC = 1000
};

/* Test builds fail where they are told: before the row ("NAME") or when it has been done
 * ("NAME:after"). */
static bool is_fault(const struct run *run, const struct step *step, const char *when)
{
	size_t len = strlen(step->name);

	if (!DAVIT_TEST_BUILD || !run->fault || strncmp(run->fault, step->name, len) != 0)
		return false;
	return strcmp(run->fault + len, when) == 0;
}

static void name_step(const struct step *step, struct err *e)
{
	if (e->step[0])
		return;
	fmt(e->step, sizeof(e->step), "%s", step->name);
	fmt(e->proc, sizeof(e->proc), "%s", where_name(step->where));
}

static bool is_traced(const struct run *run)
{
	return run->ctx->trace || (run->ctx->log && run->ctx->log_level >= DAVIT_LOG_DEBUG);
}

static void trace(struct run *run, const struct step *step, uint64_t from, uint64_t nsec)
{
	trace_add(run->ctx->trace, step->name, where_name(step->where), from, nsec);
	context_log(run->ctx, DAVIT_LOG_DEBUG, "step %s in %s took %llu us", step->name,
		    where_name(step->where), (unsigned long long)nsec / 1000);
	if (step->stage)
		context_log(run->ctx, DAVIT_LOG_DEBUG, "%s", step->stage);
}

static int do_row(struct run *run, const struct step *step, struct err *e)
{
	if (is_fault(run, step, ""))
		err_set(e, EIO, "injected fault before the step");
	else if (step->run(run, e) == 0 && !e->code && is_fault(run, step, ":after"))
		err_set(e, EIO, "injected fault after the step");
	if (e->code)
		name_step(step, e);
	return -e->code;
}

static int do_host_row(struct run *run, size_t row, struct err *e)
{
	const struct step *step = &run->steps[row];
	bool fails_after = is_fault(run, step, ":after");
	struct span span = is_traced(run) ? span_begin() : (struct span){ 0 };
	int r = do_row(run, step, e);

	if (span.wall)
		trace(run, step, span.wall, span_nsec(&span));
	if (r < 0)
		run->failed = step;
	if (r == 0 || fails_after)
		run->done[row] = true;
	return r;
}

/* The child is gone without a word: what killed it? */
static int child_is_lost(struct run *run, const struct step *step, struct err *e)
{
	int status = 0, sig = 0;
	struct pollfd end = { .fd = run->pidfd, .events = POLLIN };
	/* Lost is not always dead: a message may have failed. Then nobody waits for its end. */
	bool has_ended =
		run->pidfd >= 0 && step->where == INIT && poll(&end, 1, LOST_WAIT_MSEC) > 0;

	if (has_ended && run->verb != VERB_START &&
	    caller_wait(run->caller, run->pid, run->pidfd, &status, &sig) == 0 && sig)
		err_kind(e, ERR_KILLED, ECHILD,
			 "the container's first process was killed by signal %d (%s)", sig,
			 signal_name(sig) ? signal_name(sig) : "?");
	else
		err_kind(e, ERR_KILLED, ECHILD,
			 "the container's %s process ended before its set-up was done",
			 step->where == INIT ? "first" : "helper");
	if (sig == SIGKILL)
		err_hint(e, "was its memory limit too small for the set-up?");
	else if (step->mark == STEP_EXECUTE && plan_has_filter(run->plan))
		err_hint(e, "the program could not be executed, and the seccomp profile forbids to "
			    "say why: it takes sendmsg and exit_group");
	name_step(step, e);
	return -e->code;
}

int drive_check_signals(struct run *run, struct err *e)
{
	struct signalfd_siginfo si;

	if (read(run->signal_fd, &si, sizeof(si)) != sizeof(si))
		return 0;
	return err_kind(e, ERR_KILLED, EINTR, "interrupted by signal %u", si.ssi_signo);
}

/* Blocks until the channel has something to say, or a signal asks us to stop. When poll(2) fails,
 * the channel is read all the same: INIT may have executed the program meanwhile, and that we
 * cannot wait for two at once is no reason to end it. */
static int await_channel(struct run *run, int fd, struct err *e)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
			       { .fd = run->signal_fd, .events = POLLIN } };

	for (;;) {
		int r = poll(p, 2, -1);

		if ((r < 0 && errno != EINTR) || p[0].revents)
			return 0;
		if (p[1].revents && drive_check_signals(run, e) < 0)
			return -e->code;
	}
}

/*
 * End of file after EXECING: execve has closed the channel, unless the process is dying on the way
 * (a seccomp filter that kills, no memory). The name that INIT gave itself tells: execve changes it
 * right after it has closed descriptors, and death never does. Whoever cannot be looked at any more
 * has been reaped, after it has run.
 */
static int check_executed(struct run *run, const struct step *step, struct err *e)
{
	struct pollfd p = { .fd = run->pidfd, .events = POLLIN };

	for (unsigned msec = 0; msec < EXEC_WATCH_MSEC; msec++) {
		bool has_ended = process_has_ended(run->pidfd);
		struct process_info now;

		if (process_stat(run->pid, &now) < 0 || now.start_time != run->start_time)
			return 0;
		if (strcmp(now.comm, INIT_COMM) != 0)
			return 0;
		if (has_ended)
			return child_is_lost(run, step, e);
		poll(&p, 1, 1);
	}
	return 0;
}

/* What a hook in a child printed comes in pieces, before the error. */
static void take_output(struct run *run, const char piece[static sizeof((struct err){ 0 }.msg)])
{
	size_t at;

	if (!run->hook_output)
		return;
	at = strnlen(run->hook_output, HOOK_OUTPUT_TEXT);
	fmt(run->hook_output + at, HOOK_OUTPUT_TEXT - at, "%.*s",
	    (int)sizeof((struct err){ 0 }.msg) - 1, piece);
}

static void send_output(struct run *run)
{
	struct message m = { .kind = MESSAGE_OUTPUT };

	for (const char *at = run->hook_output; at && *at; at += strlen(m.err.msg)) {
		fmt(m.err.msg, sizeof(m.err.msg), "%s", at);
		if (channel_send(run->channel, &m) < 0)
			return;
	}
}

/* The last word of a process that ends. Nothing of `start` is undone: whoever asks for the status
 * when it has failed is to hear that the container has stopped. */
static int take_failure(struct run *run, const struct err *failure, struct err *e)
{
	struct pollfd end = { .fd = run->pidfd, .events = POLLIN };

	if (run->verb == VERB_START)
		poll(&end, 1, LOST_WAIT_MSEC);
	err_import(e, failure);
	return -e->code;
}

/* MIDDLE has cloned INIT, or INIT its successor; nobody else has a pid to tell. */
static int take_pid(struct run *run, pid_t pid, struct err *e)
{
	if (run->middle >= 0 && run->pid == 0) {
		run->pid = run->untaken_pid = pid;
		return 0;
	}
	if (run->plan->enters_pid_ns_late && !run->has_successor)
		return run_take_successor(run, pid, e);
	return err_kind(e, ERR_STATE, EPROTO, "unexpected pid from the container's set-up");
}

/* What fails is INIT's to tell, as of all that it does; that it is gone is seen where we wait. */
static void answer_idmap(const struct run *run, uint32_t mount, int fd)
{
	struct message answer = { .kind = MESSAGE_DONE };

	if (mounts_answer_idmap(&run->plan->mounts, mount, fd, &answer.err) < 0)
		answer.kind = MESSAGE_ERR;
	(void)channel_send(run->channel, &answer);
}

/* One answer of a child: 1 when its stretch is done, 0 to go on waiting. @fd came with it, or -1.
 */
static int take_message(struct run *run, const struct message *m, int fd, bool *is_execing,
			struct err *e)
{
	switch ((enum message_kind)m->kind) {
	case MESSAGE_DONE:
		return 1;
	case MESSAGE_ERR:
		return take_failure(run, &m->err, e);
	case MESSAGE_EXECING:
		context_log(run->ctx, DAVIT_LOG_DEBUG, "%s: about to exec",
			    run->plan->is_exec ? "setns_init" : "init");
		*is_execing = true;
		return 0;
	case MESSAGE_PID:
		return take_pid(run, m->pid, e);
	case MESSAGE_LISTENER:
		return run_pass_listener(run, fd, e);
	case MESSAGE_IDMAP:
		answer_idmap(run, m->row, fd);
		return 0;
	case MESSAGE_TRACE:
		if (m->row < run->step_count)
			trace(run, &run->steps[m->row], m->from, m->nsec);
		return 0;
	case MESSAGE_OUTPUT:
		take_output(run, m->err.msg);
		return 0;
	case MESSAGE_RUN:
	case MESSAGE_COMMIT:
	case MESSAGE_RESUME:
	case MESSAGE_NAMESPACES:
	default:
		return err_kind(e, ERR_STATE, EPROTO,
				"unexpected message %u from the container's set-up", m->kind);
	}
}

static int await_answer(struct run *run, int fd, const struct step *last, struct err *e)
{
	bool is_execing = false;
	struct span execing = { 0 };

	for (;;) {
		_cleanup_fd_ int passed = -1;
		struct message m;
		int got, r;

		if (await_channel(run, fd, e) < 0)
			return -e->code;
		got = channel_receive_fd(fd, &m, &passed);
		if (got < 0)
			return err_set(e, -got, "hear from the container's first process");
		if (got == 0 && !is_execing)
			return child_is_lost(run, last, e);
		if (got == 0 && execing.wall)
			trace(run, last, execing.wall, span_nsec(&execing));
		if (got == 0)
			return check_executed(run, last, e);
		r = take_message(run, &m, passed, &is_execing, e);
		if (is_execing && !execing.wall && is_traced(run))
			execing = span_begin();
		if (r != 0)
			return r > 0 ? 0 : -e->code;
	}
}

static int do_host_rows(struct run *run, size_t from, size_t to, struct err *e)
{
	for (size_t row = from; row < to && !e->code; row++)
		if (step_is_active(&run->steps[row], run->plan))
			do_host_row(run, row, e);
	return -e->code;
}

/* Rows [from, *end) are of one process other than HOST: one message, one answer. HOST does the rows
 * from @beside up to them meanwhile. */
static int drive_stretch(struct run *run, size_t beside, size_t from, size_t to, size_t *ret_end,
			 struct err *e)
{
	enum where where = run->steps[from].where;
	struct message m = { .kind = run->is_resuming ? MESSAGE_RESUME : MESSAGE_RUN,
			     .row = (uint32_t)from };
	int fd = where == MIDDLE ? run->middle : run->channel;
	size_t last = from;
	int r;

	for (size_t i = from;
	     i < to && (run->steps[i].where == where || !step_is_active(&run->steps[i], run->plan));
	     i++)
		if (step_is_active(&run->steps[i], run->plan))
			last = i;
	*ret_end = last + 1;
	r = channel_send(fd, &m);
	if (r < 0)
		return child_is_lost(run, &run->steps[from], e);
	if (do_host_rows(run, beside, from, e) < 0)
		return -e->code;
	return await_answer(run, fd, &run->steps[last], e);
}

static bool may_be_beside(const struct step *step, const struct plan *plan)
{
	return step->where == HOST && step->beside && step->beside(plan);
}

int drive(struct run *run, size_t from, size_t to, struct err *e)
{
	size_t begin = from; /* of HOST's rows that have not been done yet */

	for (size_t row = from, end; row < to && !e->code; row = end) {
		const struct step *step = &run->steps[row];

		end = row + 1;
		if (!step_is_active(step, run->plan) || may_be_beside(step, run->plan))
			continue;
		if (step->where == HOST)
			do_host_rows(run, begin, end, e);
		else
			drive_stretch(run, begin, row, to, &end, e);
		if (e->code)
			name_step(step, e);
		begin = end;
	}
	if (!e->code)
		do_host_rows(run, begin, to, e);
	if (e->code)
		drive_undo(run);
	return -e->code;
}

void drive_undo(struct run *run)
{
	run_use_reserve(run);
	for (size_t row = run->step_count; row-- > 0;) {
		if (!run->done[row])
			continue;
		run->done[row] = false;
		if (run->steps[row].undo)
			run->steps[row].undo(run);
	}
}

static _Noreturn void fail(struct run *run, const struct err *e)
{
	struct message m = { .kind = MESSAGE_ERR, .err = *e };

	if (e->kind == ERR_HOOK)
		send_output(run);
	channel_send(run->channel, &m);
	sys_exit(1);
}

static void send_trace(struct run *run, size_t row, const struct span *span)
{
	const struct message m = { .kind = MESSAGE_TRACE,
				   .row = (uint32_t)row,
				   .from = span->wall,
				   .nsec = span_nsec(span) };

	channel_send(run->channel, &m);
}

/* The consecutive rows of one process from @row on; returns the last one. */
static size_t do_stretch(struct run *run, size_t row, enum where where)
{
	struct err e = { 0 };
	size_t last = row;

	for (; row < run->step_count; row++) {
		const struct step *step = &run->steps[row];
		struct span span = { 0 };

		if (!step_is_active(step, run->plan))
			continue;
		if (step->where != where)
			break;
		if (is_traced(run))
			span = span_begin();
		do_row(run, step, &e);
		if (span.wall)
			send_trace(run, row, &span);
		if (e.code)
			fail(run, &e);
		last = row;
	}
	return last;
}

_Noreturn void serve(struct run *run, enum where where)
{
	struct message m;

	/* Once: what INIT inherits of MIDDLE may have their numbers by then. */
	for (size_t i = 0; i < run->ctx->private_fd_count && !run->has_own_fds; i++)
		(void)close(run->ctx->private_fds[i]); /* of HOST alone; named twice: closed */
	run->has_own_fds = true;
	if (DAVIT_TEST_BUILD && davit_test_child_begin)
		davit_test_child_begin();
	/* End of file: HOST is gone or has given up. Nothing of us may outlive it (C16). */
	while (channel_receive(run->channel, &m) == 1 && m.row < run->step_count) {
		struct message done = { .kind = MESSAGE_DONE };

		if (m.kind != MESSAGE_RUN && m.kind != MESSAGE_COMMIT)
			break;
		/* A stretch can be long (hooks) and does not listen. The signal is taken back
		 * before the answer: HOST may end right after it. */
		process_die_with_parent(m.kind == MESSAGE_RUN);
		done.row = (uint32_t)do_stretch(run, m.row, where);
		process_die_with_parent(false);
		if (channel_send(run->channel, &done) < 0)
			break;
	}
	_exit(1);
}
