/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The processes of a container, as the host numbers them: those of its cgroup and of the cgroups
 * below. They may outlive the first process; after the last of them the list is empty, no error.
 *
 * Without a cgroup of its own (an ordinary user without delegation, or cgroups disabled) it is who
 * shares the pid namespace of the first process. Only read, so no lock: hooks may call it.
 */

#include "kernel/cgroupfs.h"
#include "kernel/process.h"
#include "operation/operation.h"

enum {
	STOPPED = 1 /* by the callback; no errno, which is negative */
};

struct pid_sink {
	davit_pid_fn *each;
	void *arg;
};

static int pass_on(void *arg, pid_t pid)
{
	const struct pid_sink *to = arg;

	return to->each(to->arg, pid) ? STOPPED : 0;
}

static int list_cgroup(const struct cgroup_ref *ref, struct pid_sink *to, struct err *e)
{
	_cleanup_fd_ int cg = cgroup_open_ref(ref);
	int r = cg < 0 ? cg : cgroupfs_each_pid(cg, pass_on, to);

	if (r >= 0 || r == -ENOENT) /* gone with its last process */
		return 0;
	return err_set(e, -r, "list the processes of the cgroup %s", ref->path);
}

static int list_namespace(const struct container *c, struct pid_sink *to, struct err *e)
{
	int r = process_each_of_pid_namespace(c->pid, pass_on, to);

	if (r >= 0 || process_has_ended(c->pidfd))
		return 0;
	return err_set(e, -r, "list the processes of container %s", c->id);
}

static int list_processes(const struct container *c, struct pid_sink *to, struct err *e)
{
	struct cgroup_ref ref;

	if (container_cgroup(c, &ref))
		return list_cgroup(&ref, to, e);
	if (c->pidfd < 0)
		return 0;
	if (c->state->shares_pid_ns && *c->state->shares_pid_ns)
		return err_kind(e, ERR_CGROUP, EOPNOTSUPP,
				"the processes of container %s cannot be told from others: it has "
				"neither a cgroup nor a pid namespace of its own",
				c->id);
	return list_namespace(c, to, e);
}

int operation_ps(const struct davit_context *ctx, const char *id, davit_pid_fn *each, void *arg,
		 struct err *e)
{
	struct pid_sink to = { each, arg };
	struct container c;

	if (container_open(ctx, id, 0, &c, e) == 0)
		(void)list_processes(&c, &to, e); /* in e */
	container_close(&c);
	return -e->code;
}
