/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See hooks.h. One poll loop serves a hook: its end (pidfd), the state on its stdin, its output,
 * the deadline. Nothing it does can hold us up (T25):
 *  - stdin is written without blocking; we keep the pipe's read end too, so that a hook that closes
 *    its stdin unread gives neither EPIPE nor SIGPIPE;
 *  - of its output the end is kept, whatever its length, and reading stops when the hook itself has
 *    ended: a daemon that it leaves may hold the pipe for ever;
 *  - at the deadline, on the monotonic clock, its whole process group is killed.
 */
#include "setup/hooks.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/fmt.h"
#include "kernel/child.h"

enum {
	DRAIN_MAX = 256 * 1024, /* what is read after the end: a pipe's content, no more */
	KILL_WAIT_MS = 900      /* for a killed hook to go; longer only in uninterruptible sleep */
};

struct running {
	struct child child;
	bool has_begun; /* so its output says something, also when there is none */
	int in, in_kept, out[HOOK_STREAMS]; /* -1: done */
	const char *state;
	size_t left;
	int64_t deadline; /* ms; -1: none */
	struct hook_tail tails[HOOK_STREAMS];
};

/* 0: nothing more for now. */
static size_t read_output(struct running *h, size_t stream)
{
	char piece[HOOK_TAIL];
	ssize_t n = read(h->out[stream], piece, sizeof(piece));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_fdp(&h->out[stream]);
	if (n <= 0)
		return 0;
	hook_tail_add(&h->tails[stream], piece, (size_t)n);
	return (size_t)n;
}

static void write_state(struct running *h)
{
	ssize_t n = h->left ? write(h->in, h->state, h->left) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n >= 0) {
		h->state += n;
		h->left -= (size_t)n;
	}
	if (n < 0 || h->left == 0)
		close_fdp(&h->in);
}

static void set_deadline(struct running *h, const struct hook_op *op)
{
	enum {
		YEAR = 366 * 24 * 3600
	};
	int64_t seconds = op->timeout < YEAR ? op->timeout : YEAR;

	h->deadline = seconds > 0 ? clock_msec() + seconds * 1000 : -1;
}

/* The hook's ends of its pipes are other open files than ours: only ours do not block. */
static int open_pipe(int *ret_ours, int *ret_hooks, size_t hooks_end)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return neg_errno();
	*ret_ours = p[1 - hooks_end];
	*ret_hooks = p[hooks_end];
	return fcntl(*ret_ours, F_SETFL, O_NONBLOCK) < 0 ? neg_errno() : 0;
}

static int spawn(struct running *h, const struct hook_op *op, const struct hook_input *input)
{
	struct child_spec spec = {
		.path = op->path,
		.argv = op->argv,
		.envp = op->envp,
		.cwd_fd = input->cwd_fd,
		.become = input->become,
		.become_arg = input->become_arg,
		.keep_fd = input->keep_fd,
	};
	int out[HOOK_STREAMS] = { -1, -1 }, *const to[] = { &spec.out, &spec.err };
	int r = open_pipe(&h->in, &h->in_kept, 0);

	spec.in = h->in_kept;
	for (size_t i = 0; r == 0 && i < HOOK_STREAMS; i++) {
		bool has_file = input->files && input->files[i] >= 0;

		h->tails[i].is_elsewhere = has_file;
		if (!has_file)
			r = open_pipe(&h->out[i], &out[i], 1);
		*to[i] = has_file ? input->files[i] : out[i];
	}
	if (r == 0)
		r = child_spawn(&spec, &h->child);
	close_fdp(&out[0]);
	close_fdp(&out[1]);
	return r;
}

/* Until the hook has ended: 0; -ETIMEDOUT at the deadline. */
static int serve(struct running *h)
{
	for (;;) {
		struct pollfd p[2 + HOOK_STREAMS] = { { .fd = h->child.pidfd, .events = POLLIN },
						      { .fd = h->in, .events = POLLOUT },
						      { .fd = h->out[0], .events = POLLIN },
						      { .fd = h->out[1], .events = POLLIN } };
		int64_t left = h->deadline < 0 ? -1 : h->deadline - clock_msec();

		if (h->deadline >= 0 && left <= 0)
			return -ETIMEDOUT;
		if (poll(p, ARRAY_SIZE(p), left > INT_MAX ? INT_MAX : (int)left) < 0 &&
		    errno != EINTR)
			return neg_errno();
		if (p[1].revents)
			write_state(h);
		for (size_t i = 0; i < HOOK_STREAMS; i++)
			if (p[2 + i].revents)
				(void)read_output(h, i); /* what came counts, not how much */
		if (p[0].revents)
			return 0;
	}
}

static void drain(struct running *h)
{
	for (size_t i = 0; i < HOOK_STREAMS; i++) {
		size_t total = 0, n;

		while (h->out[i] >= 0 && total < DRAIN_MAX && (n = read_output(h, i)) > 0)
			total += n;
	}
}

static int fail(const struct hook_ops *hooks, size_t index, const char *what, struct err *e)
{
	return err_kind(e, ERR_HOOK, ECANCELED, "error running %s hook #%zu: %s", hooks->kind,
			index, what);
}

/* The hook has ended: what became of it, in words; false when all is well. */
static bool describe_end(struct running *h, const char *path, char *ret, size_t size)
{
	int code, signal, exec_errno, r = child_bury(&h->child, &code, &signal, &exec_errno);

	h->has_begun = r == 0 && !exec_errno;
	if (r < 0)
		fmt(ret, size, "wait: %s", errno_words(-r));
	else if (exec_errno & CHILD_BECOME)
		fmt(ret, size, "take on the program's credentials: %s",
		    errno_words(exec_errno - CHILD_BECOME));
	else if (exec_errno)
		fmt(ret, size, "exec %s: %s", path, errno_words(exec_errno));
	else if (signal)
		fmt(ret, size, "killed by signal %d%s", signal,
		    signal == SIGSYS ? " (bad system call)" : "");
	else if (code)
		fmt(ret, size, "exit status %d", code);
	else
		return false;
	return true;
}

static void kill_and_reap(struct running *h)
{
	struct pollfd p = { .fd = h->child.pidfd, .events = POLLIN };
	int code, signal, exec_errno;

	h->has_begun = true;
	child_kill(&h->child);
	(void)poll(&p, 1, KILL_WAIT_MS); /* in time or not, it is over for us */
	if (child_reap(&h->child, &code, &signal, &exec_errno) == -EAGAIN)
		child_abandon(&h->child);
}

static void close_pipes(struct running *h)
{
	close_fdp(&h->in);
	close_fdp(&h->in_kept);
	close_fdp(&h->out[0]);
	close_fdp(&h->out[1]);
}

static int run_one(const struct hook_ops *hooks, size_t index, const struct hook_input *input,
		   struct err *e)
{
	const struct hook_op *op = &hooks->ops[index];
	struct running h = { .in = -1, .in_kept = -1, .out = { -1, -1 } };
	bool has_failed = true;
	char what[256];
	int r;

	h.state = input->state;
	h.left = input->len;
	set_deadline(&h, op);
	r = spawn(&h, op, input);
	if (r < 0) {
		fmt(what, sizeof(what), "spawn: %s", errno_words(-r));
		close_pipes(&h);
		return fail(hooks, index, what, e);
	}
	r = serve(&h);
	drain(&h);
	if (r == 0)
		has_failed = describe_end(&h, op->path, what, sizeof(what));
	else
		kill_and_reap(&h);
	if (r == -ETIMEDOUT)
		fmt(what, sizeof(what), "hook ran past specified timeout of %lld.0s",
		    (long long)op->timeout);
	else if (r < 0)
		fmt(what, sizeof(what), "poll: %s", errno_words(-r));
	close_pipes(&h);
	if (has_failed && h.has_begun && input->output)
		hook_output_describe(h.tails, input->output);
	return has_failed ? fail(hooks, index, what, e) : 0;
}

int hooks_run(const struct hook_ops *hooks, const struct hook_input *input, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < hooks->count; i++)
		r = run_one(hooks, i, input, e);
	return r;
}

void hooks_run_all(const struct hook_ops *hooks, const struct hook_input *input,
		   hooks_warn_fn *warn, void *arg)
{
	for (size_t i = 0; i < hooks->count; i++) {
		char output[HOOK_OUTPUT_TEXT] = "";
		struct hook_input its = *input;
		struct err e = { 0 };

		its.output = output;
		if (run_one(hooks, i, &its, &e) < 0)
			warn(arg, &e, output);
	}
}

static char **copy_strings(struct arena *a, const struct oci_strings *list)
{
	char **copy = arena_array(a, list->count + 1, sizeof(*copy));

	if (copy && list->count)
		memcpy(copy, list->items, list->count * sizeof(*copy));
	return copy;
}

/* An empty env has items too: it is no absent one. */
static char **environment(struct arena *a, const struct oci_strings *env, char **inherited)
{
	return env->items || !inherited ? copy_strings(a, env) : inherited;
}

static int prepare_list(struct arena *a, const char *kind, const struct oci_hook_list *list,
			char **inherited, struct hook_ops *ret, struct err *e)
{
	struct hook_op *ops = arena_array(a, list->count + 1, sizeof(*ops));

	if (!ops)
		return err_set(e, ENOMEM, "prepare the hooks");
	for (size_t i = 0; i < list->count; i++) {
		const struct oci_hook *hook = &list->items[i];
		struct oci_strings path = { (const char **)(uintptr_t)&hook->path, 1 };

		ops[i] = (struct hook_op){ .path = hook->path,
					   .argv = copy_strings(a, hook->args.count ? &hook->args
										    : &path),
					   .envp = environment(a, &hook->env, inherited),
					   .timeout = hook->timeout ? *hook->timeout : 0 };
		if (!ops[i].argv || !ops[i].envp)
			return err_set(e, ENOMEM, "prepare the hooks");
	}
	*ret = (struct hook_ops){ kind, ops, list->count };
	return 0;
}

int hooks_prepare(struct arena *a, const struct oci_hooks *config,
		  const struct hook_environments *env, struct hooks *ret, struct err *e)
{
	static const struct oci_hooks none;
	const struct oci_hooks *c = config ? config : &none;
	struct hooks h;
	const struct {
		const char *kind;
		const struct oci_hook_list *list;
		char **inherited;
		struct hook_ops *ops;
	} rows[] = {
		{ "prestart", &c->prestart, env->runtime, &h.prestart },
		{ "createRuntime", &c->create_runtime, env->runtime, &h.create_runtime },
		{ "createContainer", &c->create_container, env->runtime, &h.create_container },
		{ "startContainer", &c->start_container, env->container, &h.start_container },
		{ "poststart", &c->poststart, env->runtime, &h.poststart },
		{ "poststop", &c->poststop, env->runtime, &h.poststop },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = prepare_list(a, rows[i].kind, rows[i].list, rows[i].inherited, rows[i].ops,
				     e);

		if (r < 0)
			return r;
	}
	*ret = h;
	return 0;
}
