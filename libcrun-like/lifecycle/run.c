/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of a struct run: nothing open at the beginning, everything closed at the end; and which
 * process has which of its descriptors. A clone copies all of them, so each child closes what is
 * not its own: a lock or a channel must not outlive HOST in a child, and nothing of the host's may
 * be at hand in a process that others in the container can look into (C17). And what HOST keeps of
 * INIT in it: which process that is, its cgroup, its seccomp filter's listener.
 */
#include "lifecycle/run.h"

#include <fcntl.h>
#include <sys/signalfd.h>

#include "base/signals.h"
#include "container/caller.h"
#include "container/status.h"
#include "kernel/execve.h"
#include "kernel/sys.h"
#include "setup/seccomp/seccomp_agent.h"

/* clang-format off */
static const struct descriptor {
	size_t offset;
	unsigned of; /* enum run_keeper; HOST has them all */
} descriptors[] = {
	{ offsetof(struct run, root_dirfd), 0 },
	{ offsetof(struct run, state_dirfd), 0 },
	{ offsetof(struct run, channel), 0 },
	{ offsetof(struct run, child_end), OF_MIDDLE | OF_ENTERING },
	{ offsetof(struct run, middle), 0 },
	{ offsetof(struct run, middle_end), 0 },
	{ offsetof(struct run, cgroup_fd), 0 },
	{ offsetof(struct run, unit_fd), 0 },
	{ offsetof(struct run, sources_fd), 0 },
	{ offsetof(struct run, sources_end), OF_MIDDLE | OF_INIT },
	{ offsetof(struct run, start_fd), OF_MIDDLE | OF_INIT | OF_INSIDE },
	{ offsetof(struct run, pidfd), 0 },
	{ offsetof(struct run, middle_pidfd), 0 },
	{ offsetof(struct run, signal_fd), 0 },
	{ offsetof(struct run, pidfd_sock), 0 },
	{ offsetof(struct run, notify_fd), 0 },
	{ offsetof(struct run, agent_fd), 0 },
	{ offsetof(struct run, target), OF_MIDDLE | OF_INIT },
	{ offsetof(struct run, time_offsets_fd), OF_MIDDLE },
	{ offsetof(struct run, bundle_fd), 0 },
	{ offsetof(struct run, root_tree), OF_MIDDLE | OF_INIT },
	{ offsetof(struct run, rootfd), OF_INIT | OF_INSIDE },
	{ offsetof(struct run, console_fd), OF_MIDDLE | OF_INIT | OF_INSIDE },
	{ offsetof(struct run, foreground.tty), 0 },
	{ offsetof(struct run, pty), OF_INIT | OF_INSIDE },
	{ offsetof(struct run, own_ns[0]), OF_INIT | OF_INSIDE },
	{ offsetof(struct run, own_ns[1]), OF_INIT | OF_INSIDE },
	{ offsetof(struct run, own_ns[2]), OF_INIT | OF_INSIDE },
	{ offsetof(struct run, own_ns[3]), OF_INIT | OF_INSIDE },
	{ offsetof(struct run, own_ns[4]), OF_INIT | OF_INSIDE },
	{ offsetof(struct run, own_ns[5]), OF_INIT | OF_INSIDE },
	{ offsetof(struct run, own_ns[6]), OF_INIT | OF_INSIDE },
	{ offsetof(struct run, own_ns[7]), OF_INIT | OF_INSIDE },
	{ offsetof(struct run, hook_files[0]), OF_MIDDLE | OF_INIT | OF_HOOKS },
	{ offsetof(struct run, hook_files[1]), OF_MIDDLE | OF_INIT | OF_HOOKS },
};
/* clang-format on */

static int *descriptor_of(struct run *run, size_t i)
{
	return (int *)(void *)((char *)run + descriptors[i].offset);
}

void run_init(struct run *run, const struct davit_context *ctx, struct plan *plan, enum verb verb)
{
	*run = (struct run){
		.ctx = ctx, .plan = plan, .own_plan = plan, .verb = verb, .fault = ctx->fault
	};
	for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++)
		*descriptor_of(run, i) = -1;
	for (size_t i = 0; i < RUN_RESERVE; i++)
		run->reserve[i] = -1;
	run->caller = -1;
	foreground_init(&run->foreground);
	restore_init(&run->restore, ctx);
}

int run_take_reserve(struct run *run, struct err *e)
{
	for (size_t i = 0; i < RUN_RESERVE; i++) {
		run->reserve[i] = fcntl(run->bundle_fd, F_DUPFD_CLOEXEC, 0);
		if (run->reserve[i] < 0)
			return err_set(e, errno, "set descriptors for the clean-up aside");
	}
	return 0;
}

/* In ascending order: @fds[@count] is the new one's place. */
static void insert(int *fds, size_t count, int *fd)
{
	int one = take_fd(fd);

	for (; count && fds[count - 1] > one; count--)
		fds[count] = fds[count - 1];
	fds[count] = one;
}

/* Most have been opened one after the other, so that few calls close them. */
static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && fds[end] == fds[end - 1] + 1;)
			end++;
		execve_close_between((unsigned)fds[i], (unsigned)fds[end - 1]);
	}
}

/* The reserve, and the descriptors of the table that are of none of @who. */
static void close_others(struct run *run, unsigned who)
{
	int fds[ARRAY_SIZE(descriptors) + RUN_RESERVE];
	size_t count = 0;

	for (size_t i = 0; i < RUN_RESERVE; i++)
		if (run->reserve[i] >= 0)
			insert(fds, count++, &run->reserve[i]);
	for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++) {
		int *fd = descriptor_of(run, i);

		if (*fd >= 0 && !(descriptors[i].of & who))
			insert(fds, count++, fd);
	}
	close_all(fds, count);
}

void run_use_reserve(struct run *run)
{
	for (size_t i = 0; i < RUN_RESERVE; i++)
		close_fdp(&run->reserve[i]);
}

void run_release(struct run *run)
{
	foreground_end(&run->foreground);
	restore_release(&run->restore);
	close_others(run, 0);
}

void run_become(struct run *run, unsigned who, int *channel)
{
	int own = take_fd(channel);

	close_others(run, who);
	run->channel = own;
}

void run_leave_host(struct run *run, unsigned who)
{
	int keep[ARRAY_SIZE(descriptors) + 1];
	size_t count = 0;

	if (run->plan->hooks.start_container.count)
		who |= OF_HOOKS;
	for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++) {
		int *fd = descriptor_of(run, i);

		if (fd == &run->channel || descriptors[i].of & who)
			keep[count++] = *fd;
		else
			close_fdp(fd);
	}
	program_close_fds(&run->plan->program, keep, count);
}

struct cgroup_ref run_cgroup(const struct run *run)
{
	return (struct cgroup_ref){ .root = run->plan->cgroup.root,
				    .path = run->plan->cgroup.path,
				    .owner = run->cgroup_owner,
				    .inode = run->cgroup_inode,
				    .unit = run->plan->cgroup.unit,
				    .was_there = run->cgroup_was_there };
}

struct hook_input run_hook_input(struct run *run, const char *status, pid_t pid)
{
	const struct hook_state *s = &run->plan->hook_state;
	size_t len = hook_state_fill(s, status, pid);

	return (struct hook_input){ .state = s->text,
				    .len = len,
				    .cwd_fd = run->bundle_fd,
				    .files = run->hook_files,
				    .output = run->hook_output };
}

/* INIT is a child of ours that we have not waited for: its pid cannot have been given to another.
 * Of a child of our caller's that is not sure; but who else has the number has another parent. */
int run_adopt(struct run *run, pid_t pid, struct err *e)
{
	struct process_info info = { 0 };
	_cleanup_fd_ int fd = -1;
	int r;

	if (pid <= 0)
		return err_kind(e, ERR_STATE, EPROTO,
				"the helper of the namespaces named no process");
	fd = sys_pidfd_open(pid);
	if (fd < 0)
		return err_set(e, -fd, "open the container's first process");
	r = process_stat(pid, &info);
	if (r < 0)
		return err_set(e, -r, "read the start time of the container's first process");
	if (run->caller >= 0 && info.parent != getppid())
		return err_kind(e, ERR_KILLED, ESRCH, "the container's first process has ended");
	close_fdp(&run->pidfd);
	run->pidfd = take_fd(&fd);
	run->pid = pid;
	run->untaken_pid = 0;
	run->start_time = info.start_time;
	r = caller_tell_born(run->caller, pid, run->pidfd);
	return r < 0 ? err_set(e, -r, "tell of the container's first process") : 0;
}

int run_take_successor(struct run *run, pid_t pid, struct err *e)
{
	_cleanup_fd_ int before = take_fd(&run->pidfd);
	pid_t former = run->pid;
	int status, sig;

	run->has_successor = true;
	/* It ends as soon as it has told the pid; waited for whatever becomes of the other. */
	(void)caller_wait(run->caller, former, before, &status, &sig);
	return run_adopt(run, pid, e);
}

/* The container, as it is while the program has not been executed yet (runtime.md#state). */
static struct oci_state state_of(const struct run *run, const int64_t *pid)
{
	const struct container *c = run->container;
	const struct oci_state s = {
		.oci_version = OCI_VERSION,
		.id = run->plan->id,
		.status = c ? status_word(c->status) : "created",
		.pid = pid,
		.bundle = c ? c->state->bundle : run->plan->bundle,
		.annotations = run->plan->config->annotations,
	};

	return s;
}

/*
 * The listener comes when the filter is in force, with the program's execve being next. A
 * startContainer hook is under the filter too: each is one more listener, in a connection of its
 * own.
 */
int run_pass_listener(struct run *run, int listener, struct err *e)
{
	const struct plan *p = run->plan;
	const struct oci_linux *l = p->config->linux_config;
	int64_t pid = run->container ? run->container->pid : run->pid;
	const struct oci_state state = state_of(run, &pid);
	struct arena a = { 0 };
	const struct oci_process_state sent = {
		.oci_version = OCI_VERSION,
		.pid = run->pid,
		.metadata = l && l->seccomp ? l->seccomp->listener_metadata : NULL,
		.state = &state,
	};

	if (listener < 0)
		err_kind(e, ERR_STATE, EPROTO, "a seccomp listener was announced and has not come");
	else if (run->agent_fd >= 0 ||
		 seccomp_agent_connect(p->seccomp.receiver, &run->agent_fd, e) == 0)
		seccomp_agent_send(&a, p->seccomp.receiver, run->agent_fd, listener, &sent, e);
	arena_release(&a);
	/* One message a connection. */
	close_fdp(&run->agent_fd);
	run->has_lost_agent = e->code != 0;
	return -e->code;
}

/* A signal that asks us to stop must not leave half a container behind: the driver takes it between
 * two rows, the last time before the commit. What comes later finds the work done. */
void run_hold_signals(struct run *run)
{
	sigset_t set;

	signals_that_end(&set);
	run->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, &run->old_mask);
}

void run_release_signals(struct run *run)
{
	close_fdp(&run->signal_fd);
	sigprocmask(SIG_SETMASK, &run->old_mask, NULL);
}
