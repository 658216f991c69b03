/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See birth.h. CLONE_INTO_CGROUP saves two waits for the scheduler's grace periods against a later
 * move, but some kernels (6.18 does) kill such a child at birth when the caller's own cgroup was
 * ever killed by cgroup.kill and the new one was not, or the other way round: they compare the kill
 * counters of the two. Then the child is cloned again and moved. So it is where pids.max is
 * reached, which holds for births and not for who is moved: a further program gets into a container
 * at its limit (crun's does), to look at it or to end something there.
 */
#include "lifecycle/birth.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>

#include "container/caller.h"
#include "kernel/cgroupfs.h"
#include "kernel/file.h"
#include "kernel/mount.h"
#include "kernel/process.h"

static int *pidfd_of(const struct clone_args *args)
{
	return (int *)(uintptr_t)args->pidfd;
}

static int clone_once(int caller, struct clone_args *args, pid_t *ret_pid,
		      struct process_info *ret_info)
{
	pid_t pid = sys_clone3(args);
	int r;

	if (pid < 0)
		return pid;
	*ret_pid = pid;
	if (pid == 0)
		return 0;
	r = caller_tell_born(caller, pid, *pidfd_of(args));
	return r < 0 ? r : process_stat(pid, ret_info);
}

/* It never gets to run. */
static void reap(pid_t pid, int caller, const struct clone_args *args)
{
	int status, sig;

	(void)caller_wait(caller, pid, *pidfd_of(args), &status, &sig); /* it has ended, else */
	close_fdp(pidfd_of(args));
}

static unsigned long read_number(int cgroup_fd, const char *file)
{
	char text[24];
	unsigned long n = 0;

	if (file_read(cgroup_fd, file, text, sizeof(text)) <= 0 || text[0] == 'm')
		return ULONG_MAX;
	for (const char *c = text; *c >= '0' && *c <= '9'; c++)
		n = n * 10 + (unsigned long)(*c - '0');
	return n;
}

static bool is_full_itself(int cgroup_fd, unsigned count)
{
	unsigned long max = read_number(cgroup_fd, "pids.max");

	return max != ULONG_MAX &&
	       read_number(cgroup_fd, "pids.current") > max - (count < max ? count : max);
}

/* An ancestor may have less room, and the controller may be that of an ancestor alone. */
bool birth_is_full(int cgroup_fd, unsigned count)
{
	_cleanup_fd_ int above = -1;
	int fd = cgroup_fd;

	while (fd >= 0 && mount_has_magic(fd, CGROUP2_SUPER_MAGIC) > 0) {
		int next;

		if (is_full_itself(fd, count))
			return true;
		next = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close_fdp(&above);
		fd = above = next;
	}
	return false;
}

static int clone_and_move(int cgroup_fd, int caller, struct clone_args *args, pid_t *ret_pid,
			  struct process_info *ret_info)
{
	int r;

	args->flags &= ~CLONE_INTO_CGROUP;
	args->cgroup = 0;
	r = clone_once(caller, args, ret_pid, ret_info);
	if (r < 0 || *ret_pid == 0)
		return r;
	return cgroupfs_add_process(cgroup_fd, *ret_pid);
}

int birth_clone(int cgroup_fd, int caller, struct clone_args *args, pid_t *ret_pid,
		uint64_t *ret_start_time)
{
	struct process_info info = { 0 };
	int r;

	if (cgroup_fd >= 0) {
		args->flags |= CLONE_INTO_CGROUP;
		args->cgroup = (unsigned)cgroup_fd;
	}
	if (caller >= 0) {
		args->flags |= CLONE_PARENT;
		args->exit_signal = 0; /* it is ours, SIGCHLD */
	}
	r = clone_once(caller, args, ret_pid, &info);
	if (r == 0 && *ret_pid > 0 && cgroup_fd >= 0 && info.is_dying) {
		reap(*ret_pid, caller, args);
		r = -EAGAIN;
	}
	if (r == -EAGAIN && cgroup_fd >= 0)
		r = clone_and_move(cgroup_fd, caller, args, ret_pid, &info);
	*ret_start_time = info.start_time;
	return r;
}
