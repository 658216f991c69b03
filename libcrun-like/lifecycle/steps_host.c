/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rows of HOST that change something on the host, each with its undo.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fmt.h"
#include "container/caller.h"
#include "container/store.h"
#include "kernel/cgroupfs.h"
#include "kernel/process.h"
#include "kernel/procfs.h"
#include "kernel/replace.h"
#include "kernel/sys.h"
#include "lifecycle/birth.h"
#include "lifecycle/document.h"
#include "lifecycle/drive.h"
#include "lifecycle/lifecycle.h"
#include "lifecycle/plan_rows.h"
#include "setup/namespaces_explain.h"

enum {
	CGROUP_REMOVE_MSEC = 5000
};

/* What both files of the state say. */
static struct davit_state state_of(struct run *run)
{
	const struct plan *p = run->plan;

	return (struct davit_state){
		.version = 1,
		.phase = "creating",
		.id = p->id,
		.oci_version = OCI_VERSION,
		.bundle = p->bundle,
		.rootfs = p->rootfs.path,
		.created = run->created,
		.owner = run->owner,
		.boot_id = run->boot_id,
		.cgroup_path = p->cgroup.path,
		.cgroup_owner = p->cgroup.path ? run->cgroup_owner : NULL,
		.place_inode = run->place.inode ? &run->place.inode : NULL,
		.place_mount = run->place.mount_id ? &run->place.mount_id : NULL,
		.root_mount = run->place.root_id ? &run->place.root_id : NULL,
		.systemd_scope = p->cgroup.unit.name,
		.systemd_user = p->cgroup.unit.name ? &p->cgroup.unit.is_user : NULL,
		.annotations = p->config->annotations,
	};
}

/* Whether the cgroup belonged to somebody before us: then an unfinished create must never clean it.
 */
static bool cgroup_is_there(const struct cgroup_plan *p)
{
	_cleanup_fd_ int root = p->path ? cgroupfs_open_root(NULL) : -1;
	_cleanup_fd_ int cg = root >= 0 ? cgroupfs_open(root, p->path) : -1;

	return cg >= 0;
}

int step_claim(struct run *run, struct err *e)
{
	bool cgroup_was_there = cgroup_is_there(&run->plan->cgroup);
	struct intel_rdt_made rdt;
	struct davit_state journal;
	int r;

	if (run->root_dirfd < 0 && store_open_root(run->ctx->root, true, &run->root_dirfd, e) < 0)
		return -e->code;
	if (store_claim(run->root_dirfd, run->plan->id, &run->state_dirfd, e) < 0)
		return e->kind == ERR_SYSTEM ? err_hint(e, "the state root is %s", run->ctx->root)
					     : -e->code;
	r = process_boot_id(run->boot_id);
	if (r < 0) {
		err_set(e, -r, "read the boot id");
		undo_claim(run);
		return -e->code;
	}
	clock_text(clock_nsec(CLOCK_REALTIME), run->created);
	fmt(run->cgroup_owner, sizeof(run->cgroup_owner), "%s %s", run->plan->id, run->created);
	/* By number: names are a matter of NSS, which a runtime must not load. */
	if (geteuid() == 0)
		fmt(run->owner, sizeof(run->owner), "root");
	else
		fmt(run->owner, sizeof(run->owner), "%u", (unsigned)geteuid());
	intel_rdt_foresee(&run->plan->rdt, &rdt);
	if (plan_has_root_place(run->plan) &&
	    root_place_prepare(run->state_dirfd, &run->place, e) < 0) {
		undo_claim(run);
		return -e->code;
	}
	journal = state_of(run);
	journal.cgroup_was_there = &cgroup_was_there;
	journal.resctrl_group = rdt.group;
	journal.resctrl_monitor = rdt.monitor;
	if (store_write_state(run->state_dirfd, "journal.json", &journal, e) < 0)
		undo_claim(run);
	return -e->code;
}

int step_keep_config(struct run *run, struct err *e)
{
	return store_write_file(run->state_dirfd, "config.json", run->plan->text,
				run->plan->text_len, e);
}

void undo_claim(struct run *run)
{
	struct err ignored = { 0 };

	store_remove(run->root_dirfd, run->plan->id, run->state_dirfd, &ignored);
	close_fdp(&run->state_dirfd);
}

int step_open_namespaces(struct run *run, struct err *e)
{
	if (namespaces_open(&run->own_plan->ns, e) < 0)
		return -e->code;
	plan_choose_way_in(run->own_plan);
	return sysctl_check_joined(&run->plan->sysctls, &run->plan->ns, e);
}

int step_mount_maps(struct run *run, struct err *e)
{
	return mounts_open_idmaps(&run->own_plan->mounts, e);
}

int step_root_place(struct run *run, struct err *e)
{
	if (rootfs_open(&run->plan->rootfs, &run->root_tree, e) < 0)
		return -e->code;
	return root_place_attach(run->state_dirfd, &run->place, run->root_tree, e);
}

void undo_root_place(struct run *run)
{
	struct err failed = { 0 };

	if (root_place_detach(run->state_dirfd, &run->place, &failed) < 0)
		context_log(run->ctx, DAVIT_LOG_WARNING, "%s: %s", failed.msg,
			    errno_words(failed.code));
}

int step_console_socket(struct run *run, struct err *e)
{
	const struct plan *p = run->plan;

	if (p->console_fd <= 0)
		return console_connect(p->console_socket, &run->console_fd, e);
	run->console_fd = fcntl(p->console_fd, F_DUPFD_CLOEXEC, 3);
	return run->console_fd < 0 ? err_set(e, errno, "take the console socket") : 0;
}

int step_terminal_pair(struct run *run, struct err *e)
{
	return foreground_prepare(&run->foreground, &run->console_fd, e);
}

int step_terminal(struct run *run, struct err *e)
{
	/* INIT has its own; without this one a terminal that is not sent would be waited for. */
	close_fdp(&run->console_fd);
	if (foreground_begin(&run->foreground, e) < 0)
		undo_terminal(run);
	return -e->code;
}

void undo_terminal(struct run *run)
{
	foreground_end(&run->foreground);
}

static int take_cgroup(struct run *run, const struct cgroup_created *made, struct err *e)
{
	run->cgroup_fd = made->dirfd;
	run->cgroup_inode = made->inode;
	run->cgroup_was_there = made->was_there;
	run->cgroup_enabled = made->enabled;
	if (cgroup_apply(&run->plan->cgroup, run->cgroup_fd, e) < 0 ||
	    (run->unit_fd >= 0 && cgroup_apply_unit(&run->plan->cgroup, run->unit_fd, e) < 0))
		undo_cgroup(run);
	return -e->code;
}

int step_cgroup(struct run *run, struct err *e)
{
	struct cgroup_created made;

	if (cgroup_create(&run->plan->cgroup, run->cgroup_owner, &made, e) < 0)
		return -e->code;
	return take_cgroup(run, &made, e);
}

int step_unit(struct run *run, struct err *e)
{
	struct cgroup_created made;

	if (cgroup_create_unit(&run->plan->cgroup, run->cgroup_owner, run->pid, &made,
			       &run->unit_fd, e) < 0)
		return -e->code;
	return take_cgroup(run, &made, e);
}

void undo_cgroup(struct run *run)
{
	const struct cgroup_ref ref = run_cgroup(run);
	struct err failed = { 0 };

	close_fdp(&run->cgroup_fd);
	close_fdp(&run->unit_fd);
	if (cgroup_destroy(&ref, CGROUP_REMOVE_MSEC, &failed) < 0)
		context_log(run->ctx, DAVIT_LOG_WARNING, "%s: %s", failed.msg,
			    errno_words(failed.code));
	else
		cgroup_take_back(&run->plan->cgroup, &run->cgroup_enabled);
}

int step_start_socket(struct run *run, struct err *e)
{
	char path[64];
	int r;

	store_socket_path(run->state_dirfd, STORE_START_SOCKET, path, sizeof(path));
	r = channel_listen(path, &run->start_fd);
	return r < 0 ? err_set(e, -r, "make the start socket") : 0;
}

static int fail_spawn(const struct run *run, int code, struct err *e)
{
	err_set(e, code, "clone the container's first process");
	namespaces_explain_clone(&run->plan->ns, code, e);
	return -e->code;
}

int step_spawn(struct run *run, struct err *e)
{
	/* The mount namespace comes with the root's tree, by INIT. */
	unsigned later = run->plan->rootfs.way == ROOTFS_ALONE ? CLONE_NEWCGROUP | CLONE_NEWNS
							       : CLONE_NEWCGROUP;
	struct clone_args args = {
		.flags = (run->plan->ns.new_flags & ~later) | CLONE_PIDFD,
		.exit_signal = SIGCHLD,
		.pidfd = (uintptr_t)&run->pidfd,
	};
	int fds[2], r = channel_pair(fds);

	if (r < 0)
		return err_set(e, -r, "make the channel to the container's first process");
	run->channel = fds[0];
	run->child_end = fds[1];
	r = birth_clone(run->cgroup_fd, run->caller, &args, &run->pid, &run->start_time);
	if (r == 0 && run->pid == 0) {
		run_become(run, OF_INIT, &run->child_end);
		serve(run, INIT);
	}
	close_fdp(&run->child_end);
	if (r < 0) {
		fail_spawn(run, -r, e);
		undo_spawn(run);
	}
	return -e->code;
}

void undo_spawn(struct run *run)
{
	int status, sig;

	close_fdp(&run->channel);
	if (run->pidfd < 0)
		return;
	sys_pidfd_send_signal(run->pidfd, SIGKILL);
	(void)caller_wait(run->caller, run->pid, run->pidfd, &status,
			  &sig); /* it has ended, else */
	close_fdp(&run->pidfd);
}

int step_id_maps(struct run *run, struct err *e)
{
	return namespaces_write_maps(&run->plan->ns, run->pid, e);
}

int step_oom_score(struct run *run, struct err *e)
{
	_cleanup_fd_ int procfd = -1;
	int r = procfs_open_private(false, &procfd);

	if (r < 0)
		return err_set(e, -r, "open a private procfs");
	return credentials_write_oom(&run->plan->credentials, procfd, run->pid, e);
}

int step_hook_files(struct run *run, struct err *e)
{
	return hook_output_open(&run->plan->config->annotations, run->bundle_fd, run->hook_files,
				e);
}

int step_raise_rlimits(struct run *run, struct err *e)
{
	return credentials_raise_limits(&run->plan->credentials, run->pid, e);
}

int step_host_scheduling(struct run *run, struct err *e)
{
	return scheduling_apply(&run->plan->scheduling, run->pid, e);
}

int step_host_hooks(struct run *run, struct err *e)
{
	const struct hooks *h = &run->plan->hooks;
	struct hook_input input = run_hook_input(run, "creating", run->pid);

	if (hooks_run(&h->prestart, &input, e) < 0)
		return -e->code;
	return hooks_run(&h->create_runtime, &input, e);
}

/* A pipe, a terminal or a descriptor of the caller's has its reader already: it is written to. All
 * else is replaced, a link of somebody else too: it may lead to any device of the host. */
static bool is_pipe(const char *path)
{
	struct stat st;

	if (document_own_descriptor(path) >= 0)
		return true;
	if (lstat(path, &st) < 0)
		return false;
	if (S_ISLNK(st.st_mode) &&
	    ((st.st_uid != 0 && st.st_uid != geteuid()) || stat(path, &st) < 0))
		return false;
	return S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode);
}

static int write_into(const char *path, const char *text, size_t len, struct err *e)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_TRUNC | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int r = fd < 0 ? neg_errno() : write_all(fd, text, len);

	return r < 0 ? err_set(e, -r, "write the pid file %s", path) : 0;
}

static void remove_pid_file(const char *path)
{
	if (!is_pipe(path))
		unlink(path);
}

/* Digits only, without a newline: containerd refuses anything else. Complete or not there at all.
 */
static int write_pid_file(const char *path, pid_t pid, struct err *e)
{
	char text[16];
	size_t len = fmt(text, sizeof(text), "%d", (int)pid);
	int r;

	if (is_pipe(path))
		return write_into(path, text, len, e);
	r = replace_path(path, &(struct replacement){ text, len, 0644, false });
	return r < 0 ? err_set(e, -r, "write the pid file %s", path) : 0;
}

int step_pid_file(struct run *run, struct err *e)
{
	return write_pid_file(run->plan->pid_file, run->pid, e);
}

void undo_pid_file(struct run *run)
{
	remove_pid_file(run->plan->pid_file);
}

int step_process_limit(struct run *run, struct err *e)
{
	/* The unit's own first: it is above the other. */
	if (run->unit_fd >= 0 && cgroup_apply_late(&run->plan->cgroup, run->unit_fd, e) < 0)
		return -e->code;
	return cgroup_apply_late(&run->plan->cgroup, run->cgroup_fd, e);
}

int step_publish(struct run *run, struct err *e)
{
	const struct intel_rdt_made rdt = intel_rdt_made(&run->plan->rdt);
	struct davit_state state = state_of(run);
	int64_t pid = run->pid;
	bool is_resumable = run->plan->is_resumable;
	bool shares_pid_ns = !namespaces_has_new(&run->plan->ns, CLONE_NEWPID);

	state.phase = "created";
	state.pid = &pid;
	state.start_time = &run->start_time;
	state.cgroup_inode = run->cgroup_inode ? &run->cgroup_inode : NULL;
	state.cgroup_was_there = &run->cgroup_was_there;
	state.resctrl_group = rdt.group;
	state.resctrl_monitor = rdt.monitor;
	state.terminal = &run->plan->has_terminal;
	state.has_start_socket = &is_resumable;
	state.shares_pid_ns = &shares_pid_ns;
	state.no_new_keyring = &run->plan->no_new_keyring;
	if (run->plan->seccomp.has_listener)
		state.seccomp_receiver = run->plan->seccomp.receiver;
	if (run->plan->pid_file && write_pid_file(run->plan->pid_file, run->pid, e) < 0)
		return -e->code;
	if (store_write_state(run->state_dirfd, "state.json", &state, e) < 0)
		undo_publish(run);
	return -e->code;
}

void undo_publish(struct run *run)
{
	if (run->plan->pid_file)
		remove_pid_file(run->plan->pid_file);
}

int step_poststart(struct run *run, struct err *e)
{
	struct hook_input input = run_hook_input(run, "running", run->pid);

	return hooks_run(&run->plan->hooks.poststart, &input, e);
}
