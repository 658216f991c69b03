/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MIDDLE: a process between HOST and INIT, where one clone cannot do it. It is born in the
 * container's cgroup (after the user namespace is joined nobody may clone into it any more), joins
 * what is to be joined, clones INIT as a sibling (CLONE_PARENT), tells HOST the pid and ends.
 */
#include <sched.h>
#include <string.h>

#include "container/caller.h"
#include "container/status.h"
#include "kernel/cgroupfs.h"
#include "kernel/execve.h"
#include "kernel/process.h"
#include "kernel/sys.h"
#include "lifecycle/birth.h"
#include "lifecycle/drive.h"
#include "lifecycle/lifecycle.h"
#include "setup/namespaces_explain.h"

static int make_channels(struct run *run)
{
	int fds[2], r;

	r = channel_pair(fds);
	if (r < 0)
		return r;
	run->channel = fds[0];
	run->child_end = fds[1];
	r = channel_pair(fds);
	if (r < 0)
		return r;
	run->middle = fds[0];
	run->middle_end = fds[1];
	return 0;
}

static int fail_middle(const struct run *run, int code, struct err *e)
{
	const char *path = run->exec && run->exec->cgroups ? run->exec->cgroups[0] : NULL;

	/* It gives controllers to those below it (cgroups.rst, no internal processes). */
	if (code == EBUSY && path) {
		path += strspn(path, "/");
		return err_kind(
			e, ERR_CGROUP, code,
			"cannot exec: adding pid of a helper to cgroups %.200s%s%.200s/cgroup.procs: %s",
			run->container->state->cgroup_path, *path ? "/" : "", path,
			errno_words(code));
	}
	err_set(e, code, "clone the helper of the namespaces");
	namespaces_explain_clone(&run->plan->ns, code, e);
	return -e->code;
}

int step_middle(struct run *run, struct err *e)
{
	struct clone_args args = { .flags = CLONE_PIDFD,
				   .exit_signal = SIGCHLD,
				   .pidfd = (uintptr_t)&run->middle_pidfd };
	uint64_t start_time;
	int r = make_channels(run);

	if (r < 0)
		return err_set(e, -r, "make the channels to the container's processes");
	/* Where pids.max leaves room for one of us, or for none, both are born outside, and HOST
	 * moves INIT: only births count. */
	run->moves_init = birth_is_full(run->cgroup_fd, 2);
	r = birth_clone(run->moves_init ? -1 : run->cgroup_fd, run->caller, &args, &run->middle_pid,
			&start_time);
	if (r == 0 && run->middle_pid == 0) {
		run_become(run, OF_MIDDLE, &run->middle_end);
		serve(run, MIDDLE);
	}
	close_fdp(&run->middle_end);
	if (r == 0)
		return 0;
	undo_middle(run); /* it may have been born, and not moved */
	return fail_middle(run, -r, e);
}

static void reap_middle(struct run *run)
{
	int status, sig;

	if (run->middle_pidfd >= 0) /* it has ended, or is about to */
		(void)caller_wait(run->caller, run->middle_pid, run->middle_pidfd, &status, &sig);
	close_fdp(&run->middle_pidfd);
	run->middle_pid = 0;
}

void undo_middle(struct run *run)
{
	struct err ignored = { 0 };

	close_fdp(&run->middle);
	close_fdp(&run->child_end);
	/* End of file on its channel ends it, and INIT as well, when it was cloned. */
	close_fdp(&run->channel);
	/* In a frozen cgroup it would not hear of anything else. */
	if (run->middle_pidfd >= 0)
		(void)sys_pidfd_send_signal(run->middle_pidfd, SIGKILL); /* it has ended, else */
	reap_middle(run);
	/* INIT, when the helper had told of it. With a pidfd it is undo_spawn()'s already. */
	if (run->untaken_pid > 0 && run_adopt(run, run->untaken_pid, &ignored) == 0)
		undo_spawn(run);
	if (run->untaken_pid > 0)
		run->untaken_pid = run->pid = 0;
}

int step_join_first(struct run *run, struct err *e)
{
	if (time_offsets_are_asked(&run->plan->time_offsets) &&
	    time_offsets_open(&run->time_offsets_fd, e) < 0)
		return -e->code;
	/* The user namespace may forbid it for good. Ignored: then there were none to drop. */
	if (!run->plan->ns.keep_groups)
		(void)execve_set_groups(NULL, 0);
	/* Its memory is the runtime's: nobody in the namespaces it joins may look (C10). */
	process_set_dumpable(false);
	if (namespaces_join(&run->plan->ns, !run->plan->enters_pid_ns_late, e) < 0)
		return -e->code;
	if (namespaces_find_joined(&run->plan->ns, CLONE_NEWUSER)) {
		if (namespaces_become_root(&run->plan->ns, e) < 0)
			return -e->code;
		/* Again: a change of ids makes it what fs.suid_dumpable says. */
		process_set_dumpable(false);
		return 0;
	}
	/* A new user namespace: its maps are written by HOST, which must be able to open them. Root
	 * always is, and INIT is then not to be looked at in a joined pid namespace either. */
	process_set_dumpable(run->plan->ns.is_rootless);
	return 0;
}

/* What the time namespace's offsets make MIDDLE unshare by itself. */
static unsigned flags_made_before(const struct plan *p)
{
	return time_offsets_are_asked(&p->time_offsets)
		       ? CLONE_NEWTIME | (p->ns.new_flags & CLONE_NEWUSER)
		       : 0;
}

int step_time_offsets(struct run *run, struct err *e)
{
	int with = (int)(flags_made_before(run->plan) & CLONE_NEWUSER);

	if (time_offsets_apply(&run->plan->time_offsets, run->time_offsets_fd, with, e) < 0)
		return -e->code;
	close_fdp(&run->time_offsets_fd);
	return 0;
}

int step_spawn_from_middle(struct run *run, struct err *e)
{
	unsigned made = flags_made_before(run->plan) | CLONE_NEWCGROUP;
	struct clone_args args = { .flags = (run->plan->ns.new_flags & ~made) | CLONE_PARENT };
	struct message m = { .kind = MESSAGE_PID };
	int r;

	m.pid = sys_clone3(&args);
	if (m.pid == 0) {
		run_become(run, OF_INIT, &run->child_end);
		serve(run, INIT);
	}
	if (m.pid < 0) {
		err_set(e, -m.pid, "clone the container's first process");
		namespaces_explain_clone(&run->plan->ns, -m.pid, e);
		return -e->code;
	}
	r = channel_send(run->channel, &m);
	return r < 0 ? err_set(e, -r, "tell the pid of the container's first process") : 0;
}

int step_adopt(struct run *run, struct err *e)
{
	int r;

	/* It ends by that, on another processor while we go on. */
	close_fdp(&run->child_end);
	close_fdp(&run->middle);
	if (run_adopt(run, run->pid, e) == 0 && run->moves_init) {
		r = cgroupfs_add_process(run->cgroup_fd, run->pid);
		if (r < 0)
			err_set(e, -r, "move the program's process to the container's cgroup");
	}
	if (e->code)
		undo_spawn(run);
	reap_middle(run);
	return -e->code;
}
