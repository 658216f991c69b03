/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kill: to the first process by its pidfd, or to all processes by the cgroup.
 */
#include "kernel/cgroupfs.h"
#include "kernel/sys.h"
#include "operation/operation.h"

static int kill_all(const struct container *c, int signal, struct err *e)
{
	_cleanup_fd_ int cg = -1;
	struct cgroup_ref ref;
	int r;

	if (!container_cgroup(c, &ref)) {
		if (c->pidfd >= 0)
			sys_pidfd_send_signal(c->pidfd, signal);
		return 0;
	}
	cg = cgroup_open_ref(&ref);
	if (cg == -ENOENT)
		return 0;
	if (cg < 0)
		return err_set(e, -cg, "open the cgroup %s", ref.path);
	r = signal == SIGKILL ? cgroupfs_kill(cg) : cgroupfs_signal(cg, signal);
	return r < 0 ? err_set(e, -r, "signal the processes of the cgroup %s", ref.path) : 0;
}

/* Without a pid namespace of its own, the others do not end with the first process. */
static bool shares_pid_namespace(const struct container *c)
{
	return c->state && c->state->shares_pid_ns && *c->state->shares_pid_ns;
}

int operation_kill(const struct davit_context *ctx, const char *id, int signal, bool all,
		   struct err *e)
{
	struct container c;
	int r;

	if (container_open(ctx, id, 0, &c, e) < 0)
		goto out;
	if (all || (signal == SIGKILL && shares_pid_namespace(&c))) {
		/* `kill --all` after the end of init is how engines clean up: no error (containerd,
		 * CRI). */
		kill_all(&c, signal, e);
		goto out;
	}
	if (c.pidfd < 0 || c.status == STATUS_CREATING) {
		err_kind(e, ERR_STATUS, ESRCH, "cannot kill container %s: container not running",
			 id);
		goto out;
	}
	r = sys_pidfd_send_signal(c.pidfd, signal);
	if (r == -ESRCH)
		err_kind(e, ERR_STATUS, ESRCH, "cannot kill container %s: container not running",
			 id);
	else if (r < 0)
		err_set(e, -r, "send signal %d to process %d of container %s", signal, (int)c.pid,
			id);
out:
	container_close(&c);
	return -e->code;
}
