/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See process.h. Nothing here allocates but process_each_of_pid_namespace() and
 * process_has_word(), which are for HOST.
 */
#include "kernel/process.h"

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fmt.h"
#include "base/signals.h"
#include "kernel/file.h"
#include "kernel/seal.h"
#include "kernel/sys.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum {
	FIELD_STATE = 3,
	FIELD_PARENT = 4,
	FIELD_FLAGS = 9,
	FIELD_START_TIME = 22,
	FIELD_PENDING = 31,
	ANCESTORS_MAX = 4096,
	/* PF_EXITING and PF_SIGNALED of the kernel's sched.h, as the flags have had them ever
	 * since. */
	TASK_DYING = 0x4 | 0x400
};

/* The comm is in parentheses and may itself hold any character, so the last ')' ends it (proc(5)).
 */
static int parse_stat(char *text, struct process_info *ret)
{
	char *open_paren = strchr(text, '('), *close_paren = strrchr(text, ')');
	unsigned long long value[FIELD_PENDING + 1] = { 0 };
	char *p, state;

	if (!open_paren || !close_paren || close_paren < open_paren)
		return -EPROTO;
	*close_paren = '\0';
	p = close_paren + 1;
	state = p[0] == ' ' ? p[1] : '?';
	for (int field = FIELD_STATE; field < FIELD_PENDING; field++) {
		p = strchr(p + 1, ' ');
		if (!p)
			return -EPROTO;
		value[field + 1] = strtoull(p + 1, NULL, 10);
	}
	fmt(ret->comm, sizeof(ret->comm), "%s", open_paren + 1);
	ret->parent = (pid_t)value[FIELD_PARENT];
	ret->start_time = value[FIELD_START_TIME];
	ret->is_dying = state == 'Z' || state == 'X' || (value[FIELD_FLAGS] & TASK_DYING) ||
			(value[FIELD_PENDING] & 1ULL << (SIGKILL - 1));
	return 0;
}

int process_stat(pid_t pid, struct process_info *ret)
{
	char path[40], text[1024];
	int r;

	fmt(path, sizeof(path), "/proc/%d/stat", (int)pid);
	r = file_read_once(path, text, sizeof(text));
	return r < 0 ? r : parse_stat(text, ret);
}

bool process_is_ancestor(pid_t pid)
{
	struct process_info at = { .parent = getpid() };

	/* Bounded: pids that are used again while we walk could lead round in a circle. */
	for (unsigned i = 0; i < ANCESTORS_MAX && at.parent > 0; i++) {
		if (at.parent == pid)
			return true;
		if (process_stat(at.parent, &at) < 0)
			break;
	}
	return false;
}

bool process_runs_our_program(pid_t pid)
{
	static const char sealed[] = "/memfd:" SEAL_NAME;
	struct stat own, its;
	char path[40], target[sizeof(sealed)];
	ssize_t n;

	fmt(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (stat("/proc/self/exe", &own) == 0 && stat(path, &its) == 0 &&
	    own.st_dev == its.st_dev && own.st_ino == its.st_ino)
		return true;
	n = readlink(path, target, sizeof(target));
	return n == (ssize_t)sizeof(target) && memcmp(target, sealed, sizeof(sealed) - 1) == 0 &&
	       target[n - 1] == ' ';
}

bool process_has_word(pid_t pid, const char *word)
{
	_cleanup_free_ char *line = NULL;
	bool is_found = false;
	size_t size = 0;
	char path[40];
	FILE *f;

	fmt(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	f = fopen(path, "re");
	while (f && !is_found && getdelim(&line, &size, '\0', f) > 0)
		is_found = strcmp(line, word) == 0;
	if (f)
		fclose(f);
	return is_found;
}

int process_boot_id(char ret[static BOOT_ID_SIZE])
{
	int r = file_read_once("/proc/sys/kernel/random/boot_id", ret, BOOT_ID_SIZE);

	return r < 0 ? r : 0;
}

static bool hex_digit(char c, uint64_t *ret)
{
	if (c >= '0' && c <= '9')
		*ret = (uint64_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*ret = (uint64_t)(c - 'a' + 10);
	else
		return false;
	return true;
}

/* A line is "NAME:\tHEX"; a newline in the process's own name is escaped there. */
static int read_mask(const char *path, const char *name, uint64_t *ret)
{
	char text[4096], key[40];
	int r = file_read_once(path, text, sizeof(text));
	uint64_t mask = 0, digit;
	const char *p;

	if (r < 0)
		return r;
	fmt(key, sizeof(key), "\n%s:\t", name);
	p = strstr(text, key);
	if (!p)
		return -ENOENT;
	for (p += strlen(key); hex_digit(*p, &digit); p++)
		mask = mask << 4 | digit;
	*ret = mask;
	return 0;
}

int process_get_mask(const char *name, uint64_t *ret)
{
	return read_mask("/proc/self/status", name, ret);
}

static bool is_gone_or_dying(pid_t pid)
{
	struct process_info info;
	int r = process_stat(pid, &info);

	return r == 0 ? info.is_dying : r == -ENOENT || r == -ESRCH;
}

bool process_is_ending(pid_t pid)
{
	uint64_t pending = 0;
	char path[40];

	if (is_gone_or_dying(pid))
		return true;
	fmt(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (read_mask(path, "ShdPnd", &pending) == 0 && pending & 1ULL << (SIGKILL - 1))
		return true;
	return is_gone_or_dying(pid);
}

/* The inode of a process's pid namespace; 0: it is gone, or not to be looked at. */
static ino_t pid_namespace_of(int proc, const char *pid)
{
	char name[NAME_MAX];
	struct stat st;

	fmt(name, sizeof(name), "%s/ns/pid", pid);
	return fstatat(proc, name, &st, 0) == 0 ? st.st_ino : 0;
}

static int each_of_namespace(DIR *proc, ino_t wanted, process_pid_fn *each, void *arg)
{
	const struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = readdir(proc))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid > 0 && !*end && pid_namespace_of(dirfd(proc), entry->d_name) == wanted)
			r = each(arg, (pid_t)pid);
	}
	return r;
}

int process_each_of_pid_namespace(pid_t pid, process_pid_fn *each, void *arg)
{
	DIR *proc = opendir("/proc");
	char name[16];
	ino_t wanted;
	int r;

	if (!proc)
		return neg_errno();
	fmt(name, sizeof(name), "%d", (int)pid);
	wanted = pid_namespace_of(dirfd(proc), name);
	r = wanted ? each_of_namespace(proc, wanted, each, arg) : neg_errno();
	closedir(proc);
	return r;
}

int process_open_root(pid_t pid, int *ret_fd)
{
	char path[64];
	int fd;

	fmt(path, sizeof(path), "/proc/%d/root", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return neg_errno();
	*ret_fd = fd;
	return 0;
}

bool process_has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

int process_open(pid_t pid, uint64_t start_time, int *ret_pidfd)
{
	_cleanup_fd_ int pidfd = -1;
	struct process_info now;
	int r;

	if (pid <= 0)
		return -EINVAL;
	/* The pidfd first: what is read afterwards is of the process that it pins, or of nobody. */
	pidfd = sys_pidfd_open(pid);
	/* The number is that of a thread now: EINVAL, or ENOENT of later kernels. */
	if (pidfd == -EINVAL || pidfd == -ENOENT)
		return -ESRCH;
	if (pidfd < 0)
		return pidfd;
	r = process_stat(pid, &now);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	if (now.start_time != start_time)
		return -ESRCH;
	*ret_pidfd = take_fd(&pidfd);
	return 0;
}

int process_wait(int pidfd, int *ret_status, int *ret_signal)
{
	siginfo_t si = { 0 };

	while (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &si, WEXITED) < 0)
		if (errno != EINTR)
			return neg_errno();
	*ret_signal = si.si_code == CLD_EXITED ? 0 : si.si_status;
	*ret_status = si.si_code == CLD_EXITED ? si.si_status : 128 + si.si_status;
	return 0;
}

void process_set_dumpable(bool is_dumpable)
{
	prctl(PR_SET_DUMPABLE, is_dumpable ? 1 : 0, 0, 0, 0);
}

void process_die_with_parent(bool wanted)
{
	prctl(PR_SET_PDEATHSIG, wanted ? SIGKILL : 0, 0, 0, 0);
}

static void end_by_signal(int sig)
{
	_exit(128 + sig);
}

void process_end_by_signals(bool wanted)
{
	struct sigaction action = { .sa_handler = wanted ? end_by_signal : SIG_DFL };
	sigset_t set;

	signals_that_end(&set);
	if (!wanted)
		sigprocmask(SIG_BLOCK, &set, NULL);
	for (int sig = 1; sig < SIGRTMIN; sig++)
		if (sigismember(&set, sig))
			sigaction(sig, &action, NULL);
	if (wanted)
		sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void process_set_subreaper(bool wanted)
{
	prctl(PR_SET_CHILD_SUBREAPER, wanted ? 1 : 0, 0, 0, 0);
}

void process_set_name(const char *name)
{
	prctl(PR_SET_NAME, name, 0, 0, 0);
}

/* The kernel looks for a keyring of that name first, and lets in whoever may search it: a user of
 * the host, or a container of the same user, could have made one that all may search. So the name
 * has an end that nobody can foresee; without one a new keyring is asked for, which has no name of
 * its own. */
int process_new_keyring(const char *name, const struct process_owner *owner)
{
	unsigned end[4] = { 0 };
	char whole[NAME_MAX + 64];
	bool has_end = getrandom(end, sizeof(end), GRND_NONBLOCK) == (ssize_t)sizeof(end);
	int r;

	fmt(whole, sizeof(whole), "%s.%x%x%x%x", name, end[0], end[1], end[2], end[3]);
	r = sys_join_session_keyring(has_end ? whole : NULL);
	if (r == -ENOSYS || r == -EPERM)
		return 0;
	if (r > 0 && owner)
		r = sys_give_key(r, owner->uid, owner->gid);
	return r < 0 ? r : 0;
}
