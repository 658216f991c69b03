/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of a struct run: nothing open at the beginning, everything closed at the end; and which
 * process has which of its descriptors. A clone copies all of them, so each child closes what is
 * not its own: a lock or a channel must not outlive HOST in a child, and nothing of the host's may
 * be at hand in a process that others in the container can look into (C17).
 */
#include "lifecycle/run.h"

#include <fcntl.h>

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
	{ offsetof(struct run, start_fd), OF_MIDDLE | OF_INIT | OF_INSIDE },
	{ offsetof(struct run, pidfd), 0 },
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
	*run = (struct run){ .ctx = ctx, .plan = plan, .verb = verb, .fault = ctx->fault };
	for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++)
		*descriptor_of(run, i) = -1;
	for (size_t i = 0; i < RUN_RESERVE; i++)
		run->reserve[i] = -1;
	foreground_init(&run->foreground);
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

void run_use_reserve(struct run *run)
{
	for (size_t i = 0; i < RUN_RESERVE; i++)
		close_fdp(&run->reserve[i]);
}

void run_release(struct run *run)
{
	foreground_end(&run->foreground);
	run_use_reserve(run);
	for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++)
		close_fdp(descriptor_of(run, i));
}

void run_become(struct run *run, unsigned who, int *channel)
{
	int own = take_fd(channel);

	run_use_reserve(run);
	for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++)
		if (!(descriptors[i].of & who))
			close_fdp(descriptor_of(run, i));
	run->channel = own;
}

int run_leave_host(struct run *run, unsigned who, struct err *e)
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
	return program_close_fds(&run->plan->program, keep, count, e);
}
