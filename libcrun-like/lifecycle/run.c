/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of a struct run: nothing open at the beginning, everything closed at the end.
 */
#include "lifecycle/run.h"

enum {
	DESCRIPTORS = 24 /* room for all, and for the end of the list */
};

static int *const *descriptors(struct run *run, int *ret[DESCRIPTORS])
{
	size_t n = 0;

	ret[n++] = &run->root_dirfd;
	ret[n++] = &run->state_dirfd;
	ret[n++] = &run->channel;
	ret[n++] = &run->child_end;
	ret[n++] = &run->middle;
	ret[n++] = &run->middle_end;
	ret[n++] = &run->cgroup_fd;
	ret[n++] = &run->start_fd;
	ret[n++] = &run->own_pid_ns;
	ret[n++] = &run->pidfd;
	ret[n++] = &run->signal_fd;
	ret[n++] = &run->pidfd_sock;
	ret[n++] = &run->notify_fd;
	ret[n++] = &run->rootfd;
	ret[n++] = &run->console_fd;
	ret[n++] = &run->pty;
	ret[n++] = &run->hook_files[0];
	ret[n++] = &run->hook_files[1];
	ret[n++] = &run->target;
	ret[n] = NULL;
	return ret;
}

void run_init(struct run *run, const struct davit_context *ctx, struct plan *plan, enum verb verb)
{
	int *fds[DESCRIPTORS];

	*run = (struct run){ .ctx = ctx, .plan = plan, .verb = verb, .fault = ctx->fault };
	for (int *const *p = descriptors(run, fds); *p; p++)
		**p = -1;
	foreground_init(&run->foreground);
	run->root_tree = run->bundle_fd = run->time_offsets_fd = run->agent_fd = -1;
}

void run_release(struct run *run)
{
	int *fds[DESCRIPTORS];

	for (int *const *p = descriptors(run, fds); *p; p++)
		close_fdp(*p);
	foreground_end(&run->foreground);
	close_fdp(&run->root_tree);
	close_fdp(&run->bundle_fd);
	close_fdp(&run->agent_fd);
}
