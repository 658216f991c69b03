/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rows of INIT, the container's first process. No heap, no stdio, no locale: only what HOST
 * prepared, the stack, and base/fmt. It is single-threaded, and its memory is a copy of HOST's.
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/fmt.h"
#include "container/store.h"
#include "kernel/namespace.h"
#include "kernel/peer.h"
#include "kernel/process.h"
#include "kernel/procfs.h"
#include "lifecycle/lifecycle.h"
#include "lifecycle/plan_rows.h"
#include "setup/filesystem/mounts_readonly.h"
#include "setup/process/stdio.h"

int step_begin(struct run *run, struct err *e)
{
	process_set_name(INIT_COMM);
	affinity_reset();
	if (setsid() < 0 && errno != EPERM)
		return err_set(e, errno, "make a session");
	if (run->plan->ns.uid_map_count || namespaces_find_joined(&run->plan->ns, CLONE_NEWUSER))
		if (namespaces_become_root(&run->plan->ns, e) < 0)
			return -e->code;
	/* Again: the change of ids has cleared it. */
	process_die_with_parent(true);
	process_set_dumpable(false);
	return 0;
}

int step_join(struct run *run, struct err *e)
{
	return namespaces_join(&run->plan->ns, false, e);
}

int step_cgroup_namespace(struct run *run, struct err *e)
{
	return unshare(CLONE_NEWCGROUP) < 0 ? err_set(e, errno, "make the cgroup namespace") : 0;
}

int step_loopback(struct run *run, struct err *e)
{
	int r = namespace_loopback_up();

	if (r == 0)
		return 0;
	err_set(e, -r, "set the loopback interface up");
	return r == -EPERM ? err_hint(e, "it wants CAP_NET_ADMIN; else leave the network namespace "
					 "out, or add a user namespace")
			   : -e->code;
}

int step_hostname(struct run *run, struct err *e)
{
	const char *host = run->plan->config->hostname, *domain = run->plan->config->domainname;

	if (host && sethostname(host, strlen(host)) < 0) {
		err_set(e, errno, "set the hostname \"%.64s\"", host);
		return err_at(e, "/hostname");
	}
	if (domain && setdomainname(domain, strlen(domain)) < 0) {
		err_set(e, errno, "set the domainname \"%.64s\"", domain);
		return err_at(e, "/domainname");
	}
	return 0;
}

int step_root(struct run *run, struct err *e)
{
	/* The host's /dev/null, before anything of the container stands in its place (C5). */
	if (masks_open(&run->own_plan->masks, e) < 0)
		return -e->code;
	if (run->plan->rootfs.way == ROOTFS_ALONE) {
		if (mounts_open_sources(&run->own_plan->mounts, e) < 0)
			return -e->code;
		run->own_plan->mounts.has_no_host = true;
	}
	return rootfs_attach(&run->plan->rootfs, run->root_tree, &run->rootfd, e);
}

/* In the middle of a row: HOST answers while it waits for the row's end. */
static int ask_idmap(void *arg, size_t i, int fd, struct err *e)
{
	struct message m = { .version = CHANNEL_VERSION,
			     .kind = MESSAGE_IDMAP,
			     .row = (uint32_t)i };
	const struct run *run = arg;
	int r = peer_send_message(run->channel, &m, MESSAGE_SIZE, fd);

	if (r == 0)
		r = channel_receive(run->channel, &m);
	if (r < 0)
		return err_set(e, -r, "ask for an id-mapped mount");
	if (r == 1 && m.kind == MESSAGE_DONE)
		return 0;
	if (r == 1 && m.kind == MESSAGE_ERR && m.err.code)
		*e = m.err;
	return err_set(e, EPROTO, "ask for an id-mapped mount");
}

int step_mounts(struct run *run, struct err *e)
{
	struct plan *p = run->own_plan;

	p->mounts.ask = (struct mounts_ask){ ask_idmap, run };
	if (mounts_apply(&p->mounts, run->rootfd, e) < 0)
		return -e->code;
	if (plan_has_create_hooks(p) || plan_has_create_container(p))
		mounts_hold_writable(&p->mounts, run->rootfd);
	return 0;
}

static int do_devices(void *arg, struct err *e)
{
	struct run *run = arg;

	return devices_apply(&run->plan->devices, run->rootfd, e);
}

int step_devices(struct run *run, struct err *e)
{
	return mounts_do_writable(&run->own_plan->mounts, run->rootfd, "/dev/", do_devices, run, e);
}

static int do_console(void *arg, struct err *e)
{
	struct run *run = arg;

	return console_apply(&run->plan->console, run->rootfd, run->console_fd, &run->pty, e);
}

int step_console(struct run *run, struct err *e)
{
	if (mounts_do_writable(&run->own_plan->mounts, run->rootfd, "/dev/console", do_console, run,
			       e) < 0)
		return -e->code;
	close_fdp(&run->console_fd);
	return 0;
}

/* At create, not when the program starts: with a terminal the streams that `create` was called with
 * are not the container's, and containerd reads them until they are closed. */
int step_own_terminal(struct run *run, struct err *e)
{
	if (console_become(run->pty, e) < 0)
		return -e->code;
	close_fdp(&run->pty);
	return 0;
}

int step_create_container(struct run *run, struct err *e)
{
	struct hook_input input = run_hook_input(run, "creating", getpid());

	/* As with runc: in the root as the container sees it, with all that is mounted there. */
	input.cwd_fd = run->rootfd;
	return hooks_run(&run->plan->hooks.create_container, &input, e);
}

int step_sysctl(struct run *run, struct err *e)
{
	_cleanup_fd_ int procfd = -1;
	int r = procfs_open_private(true, &procfd);

	if (r < 0)
		return err_set(e, -r, "open a private procfs");
	return sysctl_apply(&run->plan->sysctls, procfd, e);
}

static int do_working_dir(void *arg, struct err *e)
{
	struct run *run = arg;

	return program_make_cwd(&run->plan->program, run->rootfd, e);
}

/* A volume that is read-only gets no directory for the program's sake. */
int step_working_dir(struct run *run, struct err *e)
{
	return mounts_do_writable(&run->own_plan->mounts, run->rootfd, "", do_working_dir, run, e);
}

int step_masks(struct run *run, struct err *e)
{
	return masks_apply(&run->plan->masks, run->rootfd, e);
}

int step_pivot(struct run *run, struct err *e)
{
	/* No hook of the create is left that may write to them. */
	if (mounts_release(&run->own_plan->mounts, e) < 0)
		return -e->code;
	if (rootfs_enter(&run->plan->rootfs, run->rootfd, e) < 0)
		return -e->code;
	return rootfs_finish(&run->plan->rootfs, e);
}

/* It is the successor who comes into the joined one, not this process (steps_pid.c). */
static int own_joined_pid_namespace(struct run *run, struct err *e)
{
	int joined = namespaces_find_joined(&run->plan->ns, CLONE_NEWPID)->fd;

	for (size_t i = 0; i < CHANNEL_FDS_MAX; i++)
		if (run->own_ns[i] >= 0 && namespace_type(run->own_ns[i]) == CLONE_NEWPID &&
		    dup3(joined, run->own_ns[i], O_CLOEXEC) < 0)
			return err_set(e, errno, "keep the joined pid namespace");
	return 0;
}

/* This process is not dumpable, and an ordinary user may not look at its namespaces, not even its
 * owner; so it hands them out itself, over the start socket, which its owner alone can reach. */
int step_own_namespaces(struct run *run, struct err *e)
{
	const struct plan *p = run->plan;

	if (namespaces_open_own(run->own_ns, CHANNEL_FDS_MAX, e) < 0)
		return -e->code;
	return p->enters_pid_ns_late ? own_joined_pid_namespace(run, e) : 0;
}

int step_keyring(struct run *run, struct err *e)
{
	char name[8 + STORE_ID_MAX];
	int r;

	fmt(name, sizeof(name), "_ses.%s", run->plan->id);
	r = process_new_keyring(name, NULL);
	if (r == 0)
		return 0;
	/* The program would possess the caller's. A container can bring that about for exec: with
	 * keys it uses up what its user may have (EDQUOT). */
	err_set(e, -r, "make the session keyring %s", name);
	return r == -EDQUOT ? err_hint(e, "its user has too many keys; or use --no-new-keyring")
			    : -e->code;
}

/* What runs in the container before it is started (`exec`) may look into this process. */
static void leave_host(struct run *run)
{
	if (run->rootfd < 0)
		return;
	close_fdp(&run->rootfd);
	run_leave_host(run, OF_INSIDE);
}

int step_program(struct run *run, struct err *e)
{
	const struct plan *p = run->plan;

	program_set_home(&p->program, run->rootfd, p->credentials.uid);
	if (program_find(&p->program, run->rootfd, run->program, sizeof(run->program), e) < 0)
		return -e->code;
	/* Here, since nobody waits for an answer of await-start: create may have ended before. */
	if (p->is_resumable)
		leave_host(run);
	return 0;
}

int step_await_start(struct run *run, struct err *e)
{
	struct channel_gift gift = { .fds = run->own_ns };
	_cleanup_fd_ int peer = -1;
	int r;

	while (gift.count < CHANNEL_FDS_MAX && run->own_ns[gift.count] >= 0)
		gift.count++;
	leave_host(run); /* without a program */
	/* As runc has it: who stops containers need not know which were never started. */
	process_end_by_signals(true);
	r = channel_await_resume(run->start_fd, &gift, &peer);
	process_end_by_signals(false);
	if (r < 0)
		return err_set(e, -r, "wait for the start");
	/* Whoever resumes us is our HOST now. */
	if (dup3(peer, run->channel, O_CLOEXEC) < 0)
		return err_set(e, errno, "take the start socket over");
	close_fdp(&run->start_fd);
	if (!run->plan->config->process)
		return err_field(e, EINVAL, "/process", "there is no process to start");
	return 0;
}

/* The bytes of a message that a listener leaves with: by then INIT may not even be able to ask for
 * the time. */
static const struct message listener_note = { .version = CHANNEL_VERSION,
					      .kind = MESSAGE_LISTENER };

struct hook_guise {
	struct run *run;
	pid_t parent;
};

static void take_filter(struct run *run)
{
	run->seccomp = run->plan->seccomp;
	run->seccomp.way = (struct seccomp_way){ run->channel, &listener_note, MESSAGE_SIZE };
}

/* In a hook's process: what the program will be, in the same order. */
static int become_like_program(void *arg)
{
	const struct hook_guise *guise = arg;
	struct run *run = guise->run;
	const struct plan *p = run->plan;
	struct err e = { 0 };

	run->has_entered = program_enter(&p->program);
	if (credentials_apply_limits(&p->credentials, &e) < 0 ||
	    credentials_apply(&p->credentials, &run->seccomp, &e) < 0)
		return -e.code;
	/* Again: the change of user has cleared it. */
	process_die_with_parent(true);
	if (getppid() != guise->parent)
		return -ESRCH;
	if (program_chdir(&p->program, run->has_entered, &e) < 0)
		return -e.code;
	return credentials_seal(&p->credentials, &run->seccomp, &e);
}

int step_start_container(struct run *run, struct err *e)
{
	struct hook_input input = run_hook_input(run, "created", getpid());
	struct hook_guise guise = { run, getpid() };

	/* In the container: there is no bundle here. A file of the image, with whatever the image
	 * says, may no more than the program: INIT itself still may everything. */
	input.cwd_fd = -1;
	input.become = become_like_program;
	input.become_arg = &guise;
	input.keep_fd = run->plan->seccomp.has_listener ? run->channel : 0;
	take_filter(run);
	return hooks_run(&run->plan->hooks.start_container, &input, e);
}

int step_stdio(struct run *run, struct err *e)
{
	return stdio_chown(run->plan->credentials.uid, e);
}

int step_terminal_size(struct run *run, struct err *e)
{
	(void)run;
	(void)e;
	console_await_size();
	return 0;
}

int step_rlimits(struct run *run, struct err *e)
{
	return credentials_apply_limits(&run->plan->credentials, e);
}

int step_scheduling(struct run *run, struct err *e)
{
	return scheduling_apply(&run->plan->scheduling, 0, e);
}

int step_memory_policy(struct run *run, struct err *e)
{
	return memory_policy_apply(&run->plan->memory_policy, e);
}

int step_personality(struct run *run, struct err *e)
{
	return personality_apply(&run->plan->personality, e);
}

static int with_private_procfs(const struct labels *labels,
			       int (*apply)(const struct labels *, int, pid_t, struct err *),
			       struct err *e)
{
	_cleanup_fd_ int procfd = -1;
	pid_t self = 0; /* analyzer: as in base/words.c */
	int r = procfs_open_private(false, &procfd);

	if (r == 0)
		r = procfs_self_pid(procfd, &self);
	if (r < 0)
		return err_set(e, -r, "open a private procfs");
	return apply(labels, procfd, self, e);
}

int step_label_check(struct run *run, struct err *e)
{
	return with_private_procfs(&run->plan->labels, labels_check, e);
}

int step_labels(struct run *run, struct err *e)
{
	return with_private_procfs(&run->plan->labels, labels_apply, e);
}

int step_credentials(struct run *run, struct err *e)
{
	int r;

	/* The program may outlive whoever started it. */
	process_die_with_parent(false);
	program_close_fds(&run->plan->program, &run->channel, 1);
	run->rootfd = -1;
	run->has_entered = program_enter(&run->plan->program);
	take_filter(run);
	/* Now, not right before execve: the filter may not let us speak any more. */
	r = channel_send(run->channel, &(struct message){ .kind = MESSAGE_EXECING });
	if (r < 0) /* whoever started us has given up, and has said so */
		return err_set(e, -r, "tell that the program is executed");
	return credentials_apply(&run->plan->credentials, &run->seccomp, e);
}

int step_exec(struct run *run, struct err *e)
{
	const struct plan *p = run->plan;

	if (program_chdir(&p->program, run->has_entered, e) < 0)
		return -e->code;
	return program_exec(&p->program, run->program, &p->credentials, &run->seccomp, e);
}
