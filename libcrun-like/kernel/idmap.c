/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The id maps of a new user namespace (namespace.h): written directly, or through newuidmap(1) and
 * newgidmap(1), which are setuid and check /etc/subuid and /etc/subgid for us. And a user namespace
 * that is nothing but its maps: a child holds it until it is filled and open.
 */
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fmt.h"
#include "kernel/execve.h"
#include "kernel/file.h"
#include "kernel/namespace.h"
#include "kernel/sys.h"

enum {
	/* Three numbers of ten digits, two blanks, a newline, and the closing NUL. */
	LINE_MAX_LEN = 34,
	MAP_SIZE = IDMAP_LINES_MAX * LINE_MAX_LEN + 1
};

static int write_proc(pid_t pid, const char *file, const char *text)
{
	_cleanup_fd_ int fd = -1;
	char path[64];

	fmt(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? neg_errno() : file_write_once(fd, text);
}

bool idmap_out(const struct idmap_line *lines, size_t count, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (id < lines[i].inside || id - lines[i].inside >= lines[i].count)
			continue;
		*ret = lines[i].outside + (id - lines[i].inside);
		return true;
	}
	return false;
}

int idmap_write(pid_t pid, const char *file, const struct idmap_line *lines, size_t count)
{
	char text[IDMAP_LINES_MAX * LINE_MAX_LEN];
	size_t len = 0;

	if (count > IDMAP_LINES_MAX)
		return -E2BIG;
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		len += fmt(text + len, sizeof(text) - len, "%u %u %u\n", lines[i].inside,
			   lines[i].outside, lines[i].count);
	if (len >= (size_t)sysconf(_SC_PAGESIZE))
		return -E2BIG;
	return write_proc(pid, file, text);
}

/* A map's whole text: the kernel writes a line in three columns of ten characters. */
static int read_map(pid_t pid, const char *file, char text[static MAP_SIZE])
{
	char path[64];

	if (pid)
		fmt(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	else
		fmt(path, sizeof(path), "/proc/self/%s", file);
	return file_read(AT_FDCWD, path, text, MAP_SIZE);
}

static uint32_t next_number(const char **text)
{
	uint32_t n = 0;

	*text += strspn(*text, " \n");
	for (; **text >= '0' && **text <= '9'; (*text)++)
		n = n * 10 + (uint32_t)(**text - '0');
	return n;
}

/* The line of a map that has @id inside. */
static bool find_line(const char *text, uint32_t id, struct idmap_line *ret)
{
	while (*text) {
		ret->inside = next_number(&text);
		ret->outside = next_number(&text);
		ret->count = next_number(&text);
		if (id >= ret->inside && id - ret->inside < ret->count)
			return true;
		text += strcspn(text, "\n");
	}
	return false;
}

uint32_t idmap_outside_uid(uint32_t uid)
{
	char text[MAP_SIZE];
	struct idmap_line line;

	if (read_map(0, "uid_map", text) < 0 || !find_line(text, uid, &line))
		return uid;
	return line.outside + (uid - line.inside);
}

uint32_t idmap_own_range(const char *file, uint32_t id)
{
	return idmap_range_of(0, file, id);
}

uint32_t idmap_range_of(pid_t pid, const char *file, uint32_t id)
{
	char text[MAP_SIZE];
	struct idmap_line line;

	if (read_map(pid, file, text) < 0)
		return UINT32_MAX - id;
	return find_line(text, id, &line) ? line.count - (id - line.inside) : 0;
}

int idmap_deny_setgroups(pid_t pid)
{
	return write_proc(pid, "setgroups", "deny");
}

/* The helper's standard error, as one line. */
static void read_words(int fd, char *ret, size_t size)
{
	ssize_t n = file_read_rest(fd, ret, size - 1);
	size_t len = n > 0 ? (size_t)n : 0;

	while (len && ret[len - 1] == '\n')
		len--;
	ret[len] = '\0';
	for (char *p = ret; *p; p++)
		if (*p == '\n')
			*p = ' ';
}

static _Noreturn void exec_helper(const char *program, char *const *argv, int err_fd)
{
	static const char *const dirs[] = { "/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin" };
	char *const env[] = { "PATH=/usr/bin:/bin", NULL };
	char path[128];

	/* A setuid program: nothing of ours goes with it but where it may complain. */
	if (dup2(err_fd, 2) < 0 || execve_close_fds_from(3) < 0 ||
	    execve_reset_signals(UINT64_MAX) < 0)
		_exit(126);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		fmt(path, sizeof(path), "%s/%s", dirs[i], program);
		execve(path, argv, env);
	}
	_exit(127);
}

static int wait_helper(pid_t helper)
{
	int status;

	while (waitpid(helper, &status, 0) < 0)
		if (errno != EINTR)
			return neg_errno();
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

int idmap_run_helper(const char *program, pid_t pid, const struct idmap_line *lines, size_t count,
		     char *ret_words, size_t words_size)
{
	char numbers[(1 + 3 * IDMAP_LINES_MAX) * 11], *argv[3 + 3 * IDMAP_LINES_MAX];
	_cleanup_fd_ int read_end = -1, write_end = -1;
	size_t at = 0, argc = 0;
	pid_t helper;
	int ends[2];

	if (count > IDMAP_LINES_MAX)
		return -E2BIG;
	argv[argc++] = (char *)program;
	argv[argc++] = numbers;
	at += fmt(numbers, sizeof(numbers), "%d", (int)pid) + 1;
	for (size_t i = 0; i < count; i++) {
		const uint32_t n[3] = { lines[i].inside, lines[i].outside, lines[i].count };

		for (size_t k = 0; k < 3; k++) {
			argv[argc++] = numbers + at;
			at += fmt(numbers + at, sizeof(numbers) - at, "%u", n[k]) + 1;
		}
	}
	argv[argc] = NULL;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return neg_errno();
	read_end = ends[0];
	write_end = ends[1];
	helper = fork();
	if (helper < 0)
		return neg_errno();
	if (helper == 0)
		exec_helper(program, argv, write_end);
	close_fdp(&write_end);
	read_words(read_end, ret_words, words_size);
	return wait_helper(helper);
}

/* Ends with its parent, whatever happens to that, and at whatever moment: a signal at the parent's
 * death would have to be asked for, and that may come too late. */
static _Noreturn void hold_namespace(int ends[2])
{
	char byte;

	close(ends[1]);
	while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
		continue;
	_exit(0);
}

static int fill_and_open(pid_t holder, const struct idmap_line *uids, size_t uid_count,
			 const struct idmap_line *gids, size_t gid_count)
{
	char path[64];
	int fd, r = idmap_write(holder, "uid_map", uids, uid_count);

	if (r == 0)
		r = idmap_write(holder, "gid_map", gids, gid_count);
	if (r < 0)
		return r;
	fmt(path, sizeof(path), "/proc/%d/ns/user", (int)holder);
	r = namespace_open(path, CLONE_NEWUSER, &fd);
	return r < 0 ? r : fd;
}

int idmap_open_namespace(const struct idmap_line *uids, size_t uid_count,
			 const struct idmap_line *gids, size_t gid_count)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	int r, ends[2];
	pid_t holder;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return neg_errno();
	holder = sys_clone3(&args);
	if (holder == 0)
		hold_namespace(ends);
	close(ends[0]);
	if (holder < 0) {
		close(ends[1]);
		return holder;
	}
	r = fill_and_open(holder, uids, uid_count, gids, gid_count);
	close(ends[1]);
	while (waitpid(holder, NULL, 0) < 0 && errno == EINTR)
		continue;
	return r;
}
