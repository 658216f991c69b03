/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The state of one container, and its end. Takes no lock: hooks may call it.
 */
#include <errno.h>
#include <poll.h>

#include "container/info.h"
#include "kernel/process.h"
#include "operation/operation.h"

int operation_state(const struct davit_context *ctx, const char *id, struct arena *a,
		    const char **ret_json, size_t *ret_len, struct err *e)
{
	struct container c;

	if (container_open(ctx, id, 0, &c, e) == 0)
		*ret_json = container_state_json(&c, a, true, ret_len);
	container_close(&c);
	return -e->code;
}

int operation_inspect(const struct davit_context *ctx, const char *id,
		      struct davit_container_info **ret, struct err *e)
{
	struct davit_container_info info;
	struct container c;

	if (container_open(ctx, id, 0, &c, e) == 0 && container_info(&c, &c.arena, &info, e) == 0) {
		*ret = container_info_copy(&info);
		if (!*ret)
			err_set(e, ENOMEM, "describe container %s", id);
	}
	container_close(&c);
	return -e->code;
}

/* Whoever is no parent of it has no status to get, but can wait for the end. */
static int await_end(int pidfd, struct err *e)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	while (poll(&p, 1, -1) < 0)
		if (errno != EINTR)
			return err_set(e, errno, "wait for the container's first process");
	return 0;
}

static int refuse_wait(const char *id, struct err *e)
{
	err_kind(e, ERR_STATUS, ECHILD,
		 "the first process of container %s has ended, and its status is not known", id);
	return err_hint(e, "only the process that created it can wait for it, and once");
}

int operation_wait(const struct davit_context *ctx, const char *id, int *ret_status, struct err *e)
{
	_cleanup_fd_ int pidfd = -1;
	const struct davit_state *s;
	struct container c;
	int r = -ECHILD, sig;

	/* A zombie has no pidfd in there, but can be waited for. */
	if (container_open(ctx, id, 0, &c, e) == 0 && c.status == STATUS_CREATING)
		err_kind(e, ERR_STATUS, EBUSY, "cannot wait for container %s: it is being created",
			 id);
	s = c.state;
	if (!e->code && s && c.is_committed)
		r = process_open((pid_t)*s->pid, *s->start_time, &pidfd);
	container_close(&c);
	if (e->code)
		return -e->code;
	if (r == 0)
		r = process_wait(pidfd, ret_status, &sig);
	if (r == -ECHILD && pidfd >= 0 && await_end(pidfd, e) < 0)
		return -e->code;
	if (r == -ECHILD || r == -ESRCH)
		return refuse_wait(id, e);
	return r < 0 ? err_set(e, -r, "wait for the first process of container %s", id) : 0;
}
