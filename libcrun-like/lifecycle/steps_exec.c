/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rows that only exec has; see the table in lifecycle.c. What HOST prepares is the process of
 * one program; its namespaces, cgroup and root are those of the container.
 *
 * The way in: a helper that nobody in the container can see (MIDDLE, in the container's cgroup)
 * joins all its namespaces by one setns(2) on the pidfd of its first process and closes everything
 * that leads to the host; only then is the program's process born of it, in the container's pid
 * namespace. Who may ptrace there looks into every process, dumpable or not (CVE-2016-9962), and
 * what it finds is in the container already. Without a pid namespace there is nothing to hide from,
 * and no helper.
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "base/path.h"
#include "container/status.h"
#include "container/store.h"
#include "kernel/cgroupfs.h"
#include "kernel/execve.h"
#include "kernel/file.h"
#include "kernel/process.h"
#include "lifecycle/document.h"
#include "lifecycle/exec_process.h"
#include "lifecycle/lifecycle.h"
#include "lifecycle/plan_rows.h"

static int read_process_file(struct plan *p, const struct davit_exec_options *o,
			     struct oci_process **ret, struct err *e)
{
	if (o->process_text) {
		p->text = o->process_text;
		p->text_len = o->process_len;
	} else if (document_read(&p->arena, o->process_file, &p->text, &p->text_len, e) < 0) {
		return -e->code;
	}
	return oci_process_decode(&p->arena, p->text, p->text_len, o->process_file, ret, e);
}

int step_exec_decode(struct run *run, struct err *e)
{
	struct plan *p = run->own_plan;
	struct oci_process *file = NULL;
	struct oci_config *config;
	size_t len;
	char *text;

	if (store_read_file(&p->arena, run->container->dirfd, "config.json", &text, &len, e) < 0 ||
	    oci_config_decode(&p->arena, text, len, "config.json", &config, e) < 0)
		return -e->code;
	if (run->exec->process_file && read_process_file(p, run->exec, &file, e) < 0)
		return -e->code;
	p->config = config;
	return exec_process_make(&p->arena, config->process, file, run->exec, &config->process, e);
}

int step_exec_check(struct run *run, struct err *e)
{
	const struct plan *p = run->plan;

	if (oci_process_check(p->config->process, oci_check_keep_first, e) == 0)
		return 0;
	if (p->text)
		oci_find_line(p->text, p->text_len, e);
	return -e->code;
}

static void prepare_affinity(struct plan *p)
{
	const struct oci_exec_cpu_affinity *cpus = p->config->process->exec_cpu_affinity;

	if (!cpus)
		return;
	affinity_prepare(cpus->initial, &p->initial_cpus);
	affinity_prepare(cpus->final, &p->final_cpus);
}

/* The first process may have gone to another mount namespace by itself, which find_root() wants to
 * know, and a user namespace cannot be entered twice. */
static unsigned known_namespaces(const struct run *run)
{
	unsigned looked_at = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWTIME;

	return run->ctx->is_rootless ? 0 : namespaces_listed(run->plan->config) & ~looked_at;
}

/* Those of a container that waits for start are shown to root alone: its first process is asked. */
static int find_namespaces(const struct run *run, struct namespaces *ret, struct err *e)
{
	const struct container *c = run->container;
	int fds[CHANNEL_FDS_MAX], r;
	size_t count = 0;
	char path[64];

	if (namespaces_of_process(c->pid, known_namespaces(run), ret, e) == 0 ||
	    e->code != EACCES || c->status != STATUS_CREATED)
		return -e->code;
	store_socket_path(c->dirfd, STORE_START_SOCKET, path, sizeof(path));
	if (channel_ask_namespaces(path, fds, &count) < 0)
		return -e->code;
	*e = (struct err){ 0 };
	r = namespaces_of_fds(fds, count, ret, e);
	for (size_t i = 0; i < count; i++)
		close_fdp(&fds[i]);
	return r;
}

/*
 * A container without a mount namespace is entered where it was made, in the runtime's own,
 * whatever its first process has made of itself since. Else it has one: the root would be the
 * host's, when the first process went there by itself.
 */
static int find_root(struct run *run, struct err *e)
{
	const struct container *c = run->container;
	const struct root_place place = container_root_place(c);
	struct plan *p = run->own_plan;

	if (place.inode) {
		p->rootfs.way = ROOTFS_CHROOT;
		namespaces_forget(&p->ns, CLONE_NEWNS);
		return root_place_open(c->dirfd, &place, &run->root_tree, e);
	}
	if (!namespaces_find_joined(&p->ns, CLONE_NEWNS))
		return err_kind(e, ERR_STATE, EXDEV,
				"process %d of container %s is in the runtime's own mount "
				"namespace",
				(int)c->pid, c->id);
	return 0;
}

int step_exec_prepare(struct run *run, struct err *e)
{
	struct plan *p = run->own_plan;
	const struct container *c = run->container;

	run->target = fcntl(c->pidfd, F_DUPFD_CLOEXEC, 3);
	if (run->target < 0)
		return err_set(e, errno, "keep the first process of container %s", c->id);
	if (find_namespaces(run, &p->ns, e) < 0)
		return -e->code;
	if (find_root(run, e) < 0)
		return -e->code;
	if (namespaces_find_joined(&p->ns, CLONE_NEWUSER))
		p->ns.map_pid = c->pid;
	p->has_middle = namespaces_find_joined(&p->ns, CLONE_NEWPID) != NULL;
	p->has_host_sources = namespaces_find_joined(&p->ns, CLONE_NEWUSER) && geteuid() == 0;
	p->seccomp_receiver = c->state->seccomp_receiver;
	p->no_new_keyring = c->state->no_new_keyring && *c->state->no_new_keyring;
	prepare_affinity(p);
	if (plan_prepare_process(p, e) < 0)
		return -e->code;
	p->program.cwd_giver = run->exec->cwd            ? "--cwd"
			       : run->exec->process_file ? "--process"
							 : NULL;
	return 0;
}

/* Below the container's own, and nowhere else. */
static int open_sub_cgroup(int *fd, const char *own, const char *path, struct err *e)
{
	int sub;

	if (path_has_dotdot(path))
		return err_kind(e, ERR_CGROUP, EINVAL,
				"bad sub cgroup path: %.200s is not a sub cgroup path", path);
	sub = cgroupfs_open(*fd, path);
	if (sub < 0)
		return err_kind(e, ERR_CGROUP, -sub,
				"cannot exec: adding pid to %.200s/%.200s/cgroup.procs: %s", own,
				path, errno_words(-sub));
	close_fdp(fd);
	*fd = sub;
	return 0;
}

/* Controllers have been given to the cgroups below it, so that it takes no more processes itself:
 * its first process has moved, and the program follows (cgroups.rst, no internal processes). */
static int follow_init(const struct container *c, int *fd, struct err *e)
{
	const char *own = c->state->cgroup_path;
	char list[256], path[PATH_MAX];
	size_t len = strlen(own);
	int r = file_read(*fd, "cgroup.subtree_control", list, sizeof(list));

	if (r <= 0)
		return 0;
	r = cgroupfs_get_path_of(c->pid, path, sizeof(path));
	if (r < 0)
		return err_set(e, -r, "read the cgroup of the first process of %s", c->id);
	if (strncmp(path, own, len) != 0 || path[len] != '/')
		return 0;
	return open_sub_cgroup(fd, own, path + len + 1, e);
}

/* As runc on cgroup v2, where there are no controllers with paths of their own. */
static int check_cgroup_option(const char *const *cgroups, struct err *e)
{
	const char *path = cgroups[0], *colon = strchr(path, ':');

	if (cgroups[1] && !colon)
		return err_kind(e, ERR_USAGE, EINVAL,
				"invalid --cgroup argument: %.100s (only one path is possible)",
				path);
	if (colon == path)
		return err_kind(e, ERR_USAGE, EINVAL,
				"invalid --cgroup argument: %.100s (empty controller)", path);
	if (colon)
		return err_kind(e, ERR_CGROUP, EINVAL,
				"unknown controller %.*s: on cgroup v2 --cgroup takes a path alone",
				(int)(colon - path), path);
	return 0;
}

int step_exec_cgroup(struct run *run, struct err *e)
{
	const struct container *c = run->container;
	const char *const *cgroups = run->exec->cgroups;
	bool is_asked = cgroups && cgroups[0];
	_cleanup_fd_ int fd = -1;
	struct cgroup_ref ref;

	if (is_asked && check_cgroup_option(cgroups, e) < 0)
		return -e->code;
	if (!container_cgroup(c, &ref))
		return is_asked ? err_kind(e, ERR_CGROUP, ENOENT,
					   "bad sub cgroup path: container %s has no cgroup", c->id)
				: 0;
	fd = cgroup_open_ref(&ref);
	if (fd < 0)
		return err_set(e, -fd, "open the container's cgroup %s", ref.path);
	if (is_asked ? open_sub_cgroup(&fd, ref.path, cgroups[0], e) < 0
		     : follow_init(c, &fd, e) < 0)
		return -e->code;
	run->cgroup_fd = take_fd(&fd);
	return 0;
}

int step_initial_cpus(struct run *run, struct err *e)
{
	const struct affinity *cpus = &run->plan->initial_cpus;

	if (affinity_get(&run->own_cpus, e) < 0 || affinity_set(cpus, e) < 0)
		return -e->code;
	/* As runc's log has it, of as many CPUs. */
	context_log(run->ctx, DAVIT_LOG_DEBUG, "nsexec: affinity: 0x%lx", cpus->bits[0]);
	return 0;
}

int step_own_cpus(struct run *run, struct err *e)
{
	return affinity_set(&run->own_cpus, e);
}

void undo_initial_cpus(struct run *run)
{
	struct err ignored = { 0 };

	affinity_set(&run->own_cpus, &ignored);
}

static int enter_container(struct run *run, struct err *e)
{
	const struct namespaces *ns = &run->plan->ns;

	process_set_dumpable(false);
	if (ns->joined_count && ns->joined[0].fd >= 0)
		namespaces_join(ns, true, e);
	else
		namespaces_join_process(ns, run->target, e);
	if (e->code)
		return -e->code;
	if (namespaces_find_joined(ns, CLONE_NEWUSER) && namespaces_become_root(ns, e) < 0)
		return -e->code;
	/* Again: a change of ids makes it what fs.suid_dumpable says. */
	process_set_dumpable(false);
	if (!plan_has_root_place(run->plan))
		return 0;
	if (rootfs_change(run->root_tree, e) < 0)
		return -e->code;
	close_fdp(&run->root_tree);
	return 0;
}

/* With a terminal the caller's streams are not the program's, and could be the caller's own
 * terminal. */
static int leave_streams(struct err *e)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return err_set(e, errno, "open /dev/null");
	return 0;
}

int step_exec_join_first(struct run *run, struct err *e)
{
	if (run->plan->has_terminal && leave_streams(e) < 0)
		return -e->code;
	if (enter_container(run, e) < 0)
		return -e->code;
	run_leave_host(run, OF_ENTERING | OF_INSIDE);
	return 0;
}

int step_enter(struct run *run, struct err *e)
{
	process_set_name(INIT_COMM);
	if (!run->plan->initial_cpus.is_given)
		affinity_reset();
	/* Or the program could write into the caller's terminal (TIOCSTI). */
	if (setsid() < 0 && errno != EPERM)
		return err_set(e, errno, "make a session");
	if (!run->plan->has_middle && enter_container(run, e) < 0)
		return -e->code;
	process_die_with_parent(true);
	close_fdp(&run->target);
	/* setns(2) has put us at the root of the mount namespace, where pivot_root(2) has left
	 * nothing of the host; or enter_container() in the container's. */
	run->rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->rootfd < 0)
		return err_set(e, errno, "open the root of the container");
	if (run->plan->listen_pid)
		fmt(run->plan->listen_pid, LISTEN_PID_SIZE, "LISTEN_PID=%d", (int)getpid());
	return 0;
}

int step_final_cpus(struct run *run, struct err *e)
{
	return affinity_set(&run->plan->final_cpus, e);
}
