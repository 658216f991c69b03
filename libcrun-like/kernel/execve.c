/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See execve.h.
 */
#include "execve.h"

#include <sys/resource.h>

#include "process.h"
#include "sys.h"

enum {
	SIGNALS = 64,
	INHERITED_MAX = 1024 * 1024 /* fs.nr_open, as long as nobody changes it */
};

uint64_t execve_ignored_signals(void)
{
	uint64_t mask;

	return process_get_mask("SigIgn", &mask) < 0 ? UINT64_MAX : mask;
}

int execve_reset_signals(uint64_t mask)
{
	for (int sig = 1; sig <= SIGNALS; sig++) {
		int r;

		if (!(mask & UINT64_C(1) << (sig - 1)) || sig == SIGKILL || sig == SIGSTOP)
			continue;
		r = sys_reset_signal(sig);
		if (r < 0)
			return r;
	}
	return sys_set_signal_mask(0);
}

int execve_close_fds_from(unsigned first)
{
	return sys_close_range(first, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC, Linux 5.11 */);
}

void execve_close_between(unsigned first, unsigned last)
{
	struct rlimit limit = { .rlim_max = INHERITED_MAX };

	if (sys_close_range(first, last, 0) == 0)
		return;
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	for (unsigned fd = first; fd <= last && fd < limit.rlim_max && fd < INHERITED_MAX; fd++)
		(void)close((int)fd);
}

static bool is_kept(int fd, const int *keep, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (keep[i] == fd)
			return true;
	return false;
}

/* What is below @first and not to be inherited was put there by us: the caller promised more
 * descriptors than it had. */
static void close_own_below(int first, const int *keep, size_t count)
{
	for (int fd = 3; fd < first; fd++) {
		int flags = is_kept(fd, keep, count) ? 0 : fcntl(fd, F_GETFD);

		if (flags >= 0 && flags & FD_CLOEXEC)
			close(fd);
	}
}

/* The smallest of @keep that is at least @from; -1: there is none. */
static int next_kept(int from, const int *keep, size_t count)
{
	int next = -1;

	for (size_t i = 0; i < count; i++)
		if (keep[i] >= from && (next < 0 || keep[i] < next))
			next = keep[i];
	return next;
}

void execve_close_fds(unsigned first, const int *keep, size_t count)
{
	int from = (int)(first < INHERITED_MAX ? first : INHERITED_MAX), next;

	close_own_below(from, keep, count);
	while ((next = next_kept(from, keep, count)) >= 0) {
		if (next > from)
			execve_close_between((unsigned)from, (unsigned)next - 1);
		from = next + 1;
	}
	execve_close_between((unsigned)from, ~0U);
}

int execve_set_groups(const uint32_t *gids, size_t count)
{
	return sys_setgroups(count, gids);
}

int execve_set_gid(uint32_t gid)
{
	return sys_setresgid(gid);
}

int execve_set_uid(uint32_t uid)
{
	return sys_setresuid(uid);
}

int execve_chdir(const char *path)
{
	return chdir(path) < 0 ? neg_errno() : 0;
}

int execve_get_cwd(char *buf, size_t size)
{
	int r = sys_getcwd(buf, size);

	return r < 0 ? r : 0;
}

int execve_program(const char *path, char *const argv[], char *const envp[])
{
	execve(path, argv, envp);
	return neg_errno();
}
