/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pause and resume, by the cgroup's freezer (v2). The kernel freezes asynchronously: the call
 * returns when cgroup.events says that every process has stopped, or thaws again what it had begun.
 *
 * Neither takes the lock: a `start` that waits for a frozen first process holds it, and resume is
 * what ends that. All that is written is one file of the container's own cgroup.
 */
#include "kernel/cgroupfs.h"
#include "kernel/file.h"
#include "operation/operation.h"

enum {
	FREEZE_MSEC = 10000
};

static int refuse(const struct container *c, const char *verb, const char *words, struct err *e)
{
	/* Engines match what runc says: "container not running", "container not paused". */
	err_kind(e, ERR_STATUS, EINVAL, "cannot %s container %s: %s", verb, c->id, words);
	return err_hint(e, "it is %s", status_word(c->status));
}

static int open_cgroup(const struct container *c, const char *verb, int *ret_fd, struct err *e)
{
	struct cgroup_ref ref;

	if (!container_cgroup(c, &ref))
		return err_kind(e, ERR_CGROUP, EOPNOTSUPP,
				"cannot %s container %s: it has no cgroup", verb, c->id);
	*ret_fd = cgroup_open_ref(&ref);
	return *ret_fd < 0 ? err_set(e, -*ret_fd, "open the cgroup %s", ref.path) : 0;
}

static int pause_container(const struct container *c, struct err *e)
{
	_cleanup_fd_ int cg = -1;
	int r;

	if (c->status != STATUS_CREATED && c->status != STATUS_RUNNING)
		return refuse(c, "pause", "container not running", e);
	if (open_cgroup(c, "pause", &cg, e) < 0)
		return -e->code;
	r = cgroupfs_freeze(cg, true, FREEZE_MSEC);
	if (r == 0)
		return 0;
	/* Never left half frozen. Ignored: the first error is what matters. */
	(void)cgroupfs_write(cg, "cgroup.freeze", "0");
	if (r == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, ETIMEDOUT,
				"container %s does not freeze; it was thawed again", c->id);
	return err_set(e, -r, "freeze the cgroup of container %s", c->id);
}

/* A pause that was killed on its way leaves the order to freeze, before anything reports it. */
static bool is_told_to_freeze(int cg)
{
	char text[16];

	return file_read(cg, "cgroup.freeze", text, sizeof(text)) == 1 && text[0] == '1';
}

static int resume_container(const struct container *c, struct err *e)
{
	_cleanup_fd_ int cg = -1;
	int r;

	if (c->status == STATUS_STOPPED || c->status == STATUS_CREATING)
		return refuse(c, "resume", "container not paused", e);
	if (open_cgroup(c, "resume", &cg, e) < 0)
		return -e->code;
	if (c->status != STATUS_PAUSED && !is_told_to_freeze(cg))
		return refuse(c, "resume", "container not paused", e);
	r = cgroupfs_freeze(cg, false, FREEZE_MSEC);
	if (r == -ETIMEDOUT) {
		err_kind(e, ERR_TIMEOUT, ETIMEDOUT, "container %s does not thaw", c->id);
		return err_hint(e, "a cgroup above its own may be frozen");
	}
	if (r < 0) /* as if it had not been tried; ignored: the first error is what matters */
		(void)cgroupfs_write(cg, "cgroup.freeze", "1");
	return r < 0 ? err_set(e, -r, "thaw the cgroup of container %s", c->id) : 0;
}

int operation_pause(const struct davit_context *ctx, const char *id, bool paused, struct err *e)
{
	struct container c;

	if (container_open(ctx, id, 0, &c, e) == 0)
		(void)(paused ? pause_container(&c, e) : resume_container(&c, e)); /* in e */
	container_close(&c);
	return -e->code;
}
