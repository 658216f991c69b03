/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/process/program: environment, search, working directory, execve.
 */
#include "setup/process/program.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/execve.h"
#include "test.h"

/* Of whom nothing is wanted, and who needs no right to load a filter. */
static const struct credentials nobody = { .no_new_privs = true };

/* A root with /bin/tool (executable), /bin/plain (not), /etc as a directory, and a link that leads
 * to the host's /bin/sh unless it is resolved inside. */
static int make_root(char path[static 64])
{
	char command[512];

	strcpy(path, "/tmp/davit-program-XXXXXX");
	if (!mkdtemp(path))
		return -1;
	snprintf(command, sizeof(command),
		 "cd %s && mkdir bin etc data && echo '#!/nope' >bin/tool && chmod 755 bin/tool && "
		 "echo x >bin/plain && ln -s /bin/sh bin/out && ln -s /bin/tool bin/in && "
		 "cp bin/tool data/local && ln -s /proc/self/fd/0 magic && echo junk >bin/junk && "
		 "chmod 755 bin/junk",
		 path);
	return system(command) == 0 ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

static void remove_root(const char *path, int fd)
{
	char command[128];

	close(fd);
	snprintf(command, sizeof(command), "rm -r %s", path);
	CHECK_INT(system(command), 0);
}

static struct program prepare(struct arena *a, const char *arg, const char **env, size_t count,
			      const char *const *extra)
{
	const char **args = arena_array(a, 1, sizeof(*args));
	struct oci_process process = { .cwd = "/data" };
	struct program p = { 0 };
	struct err e = { 0 };

	args[0] = arg;
	process.args = (struct oci_strings){ args, 1 };
	process.env = (struct oci_strings){ env, count };
	CHECK_INT(program_prepare(a, &process, extra, 0, &p, &e), 0);
	return p;
}

TEST(last_duplicate_wins_in_its_place)
{
	static const char *env[] = { "A=1", "B=2", "A=3", "LISTEN_FDS=9", "C", "HOME=/h", "AB=1" };
	static const char *const extra[] = { "LISTEN_FDS=1", "B=", NULL };
	static const char *const want[] = { "A=3", "C", "HOME=/h", "AB=1", "LISTEN_FDS=1", "B=" };
	struct arena a = { 0 };
	struct program p = prepare(&a, "x", env, ARRAY_SIZE(env), extra);
	size_t i = 0;

	for (; p.envp[i] && i < ARRAY_SIZE(want); i++)
		CHECK_STR(p.envp[i], want[i]);
	CHECK(i == ARRAY_SIZE(want) && !p.envp[i]);
	CHECK(!p.home);
	arena_release(&a);
}

TEST(many_variables_take_linear_time)
{
	enum {
		MANY = 100000
	};
	struct arena a = { 0 };
	const char **env = arena_array(&a, MANY, sizeof(*env));
	struct program p;
	size_t n = 0;

	for (size_t i = 0; i < MANY; i++)
		env[i] = arena_printf(&a, "V%zu=%zu", i % (MANY / 2), i);
	p = prepare(&a, "x", env, MANY, NULL);
	while (p.envp[n])
		n++;
	CHECK_INT(n, MANY / 2 + 1);
	CHECK_STR(p.envp[0], "V0=50000");
	arena_release(&a);
}

static void write_passwd(int root, const char *text, size_t len)
{
	int etc = openat(root, "etc", O_PATH | O_CLOEXEC),
	    fd = openat(etc, "passwd", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(write(fd, text, len) == (ssize_t)len);
	close(fd);
	close(etc);
}

static void expect_home(int root, uint32_t uid, const char *want)
{
	static const char *env[] = { "HOME=/first", "HOME=" };
	struct arena a = { 0 };
	struct program p = prepare(&a, "x", env, 2, NULL);

	CHECK_STR(p.envp[0], "HOME=/");
	program_set_home(&p, root, uid);
	CHECK_STR(p.envp[0] + 5, want);
	CHECK(!p.envp[1]);
	arena_release(&a);
}

TEST(home_comes_from_the_roots_passwd)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
				     "0:x:x:0::/wrong:\n"
				     "plus:x:+5:0::/wrong:\n"
				     "big:x:4294967301:0::/wrong:\n"
				     "empty:x::0::/wrong:\n"
				     "short:x:5\n"
				     "five:x:5:0::/five:\n"
				     "five:x:5:0::/second:\n"
				     "rel:x:6:0::home:\n"
				     "last:x:7:0::/last";
	static char huge[1200000];
	char path[64];
	int root = make_root(path);

	expect_home(root, 0, "/");
	write_passwd(root, passwd, sizeof(passwd) - 1);
	expect_home(root, 0, "/root");
	expect_home(root, 5, "/five");
	expect_home(root, 6, "/");
	expect_home(root, 7, "/last");
	expect_home(root, 8, "/");
	/* A line longer than any buffer, and a file longer than the limit. */
	memset(huge, 'a', sizeof(huge));
	memcpy(huge + 500000, "\nten:x:10:0::/ten:\n", 19);
	memcpy(huge + sizeof(huge) - 30, "\nfar:x:11:0::/far:\n", 19);
	write_passwd(root, huge, sizeof(huge));
	expect_home(root, 10, "/ten");
	expect_home(root, 11, "/");
	remove_root(path, root);
}

static void expect_find(int root, const char *arg, const char *path_variable, const char *want)
{
	const char *env[] = { path_variable };
	struct arena a = { 0 };
	struct program p = prepare(&a, arg, env, path_variable ? 1 : 0, NULL);
	char got[512] = "";
	struct err e = { 0 };

	if (program_find(&p, root, got, sizeof(got), &e) < 0) {
		CHECK_INT(e.kind, ERR_EXEC);
		err_format(&e, got, sizeof(got));
	}
	CHECK_STR(got, want);
	arena_release(&a);
}

TEST(search_stays_inside_and_speaks_like_runc)
{
	char path[64];
	int root = make_root(path);

	expect_find(root, "tool", NULL, "/bin/tool");
	expect_find(root, "in", "PATH=/nope:/bin", "/bin/in");
	expect_find(root, "local", "PATH=/bin:", "/data/./local");
	expect_find(root, "local", "PATH=../data", "/data/../data/local");
	expect_find(root, "/bin/tool", NULL, "/bin/tool");
	expect_find(root, "./local", NULL, "./local");
	expect_find(
		root, "nope", NULL,
		"exec: \"nope\": executable file not found in $PATH: no such file or directory");
	expect_find(
		root, "tool", "PATH=",
		"exec: \"tool\": executable file not found in $PATH: no such file or directory");
	expect_find(root, "", NULL,
		    "exec: \"\": executable file not found in $PATH: no such file or directory");
	expect_find(root, "plain", NULL,
		    "exec: \"plain\": executable file not found in $PATH: no such file or "
		    "directory");
	expect_find(root, "/nope", NULL, "exec: \"/nope\": stat /nope: no such file or directory");
	expect_find(root, "/bin/out", NULL,
		    "exec: \"/bin/out\": stat /bin/out: no such file or directory");
	expect_find(root, "/bin/plain", NULL,
		    "exec: \"/bin/plain\": permission denied; "
		    "it has no x bit, or is no regular file");
	expect_find(root, "/etc", NULL, "exec: \"/etc\": is a directory: permission denied");
	remove_root(path, root);
}

TEST(cwd_is_made_inside_and_never_through_magic_links)
{
	struct program p = { .cwd = "/a/b/../c" };
	struct stat st;
	struct err e = { 0 };
	char path[64];
	int root = make_root(path), host = open("/", O_PATH | O_CLOEXEC);

	CHECK_INT(program_make_cwd(&p, root, &e), 0);
	CHECK(fstatat(root, "a/c", &st, 0) == 0 && (st.st_mode & 07777) == 0755);
	p.cwd = "/bin/tool";
	CHECK_INT(program_make_cwd(&p, root, &e), -ENOTDIR);
	e = (struct err){ 0 };
	p.cwd = "/proc/self/fd/0";
	CHECK_INT(program_make_cwd(&p, host, &e), -ELOOP);
	close(host);
	remove_root(path, root);
}

/* In a child with a root of its own: chdir to @cwd, where fd 9 is a directory of the host. */
static int try_chdir(const char *path, const char *cwd)
{
	struct program p = { .cwd = cwd };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct err e = { 0 };

		if (dup2(open("/usr", O_PATH), 9) < 0 || chroot(path) < 0 || chdir("/") < 0)
			_exit(255);
		if (cwd[0] == '@') { /* what a magic link of /proc/self/fd does */
			if (fchdir(9) < 0)
				_exit(255);
			p.cwd = ".";
		}
		if (cwd[0] == '!') { /* somebody removes it */
			if (mkdir("/gone", 0755) < 0 || chdir("/gone") < 0 || rmdir("/gone") < 0)
				_exit(255);
			p.cwd = ".";
		}
		_exit(program_chdir(&p, false, &e) < 0 ? e.code : 0);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

TEST(cwd_outside_of_the_root_is_refused)
{
	char path[64];
	int root = make_root(path);

	if (geteuid() != 0)
		SKIP("needs root for chroot");
	CHECK_INT(try_chdir(path, "/data"), 0);
	CHECK_INT(try_chdir(path, "/nope"), ENOENT);
	CHECK_INT(try_chdir(path, "@"), EPERM);
	CHECK_INT(try_chdir(path, "!"), ENOENT);
	remove_root(path, root);
}

/* Execs @path in a child; the message, or the program's output, goes to @ret. */
static int try_exec(const char *path, const char **args, size_t count, unsigned preserve, char *ret,
		    size_t size)
{
	struct oci_process process = { .cwd = "/", .args = { args, count } };
	struct arena a = { 0 };
	struct program p;
	struct err e = { 0 };
	int out[2], status;
	ssize_t n, at = 0;
	pid_t pid;

	CHECK_INT(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		signal(SIGUSR2, SIG_IGN);
		if (program_prepare(&a, &process, NULL, preserve, &p, &e) < 0)
			_exit(254);
		dup2(out[1], 1);
		program_close_fds(&p, &out[1], 1);
		program_exec(&p, path, &nobody, NULL, &e);
		err_format(&e, ret, size);
		dprintf(out[1], "%s", ret);
		_exit(255);
	}
	close(out[1]);
	while ((n = read(out[0], ret + at, size - 1 - (size_t)at)) > 0)
		at += n;
	ret[at] = '\0';
	close(out[0]);
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

TEST(exec_failures_tell_the_cause)
{
	const char *args[] = { "x" };
	char path[64], file[128], want[512], got[512];
	int root = make_root(path);

	snprintf(file, sizeof(file), "%s/bin/tool", path);
	CHECK_INT(try_exec(file, args, 1, 0, got, sizeof(got)), 255);
	snprintf(want, sizeof(want), "exec %s: no such file or directory; ", file);
	CHECK(strncmp(got, want, strlen(want)) == 0);
	CHECK(strstr(got, "interpreter") != NULL);
	snprintf(file, sizeof(file), "%s/bin/junk", path);
	CHECK_INT(try_exec(file, args, 1, 0, got, sizeof(got)), 255);
	CHECK(strstr(got, ": exec format error; ") != NULL);
	snprintf(file, sizeof(file), "%s/bin/plain", path);
	CHECK_INT(try_exec(file, args, 1, 0, got, sizeof(got)), 255);
	CHECK(strstr(got, ": permission denied; ") != NULL);
	remove_root(path, root);
}

TEST(program_gets_its_descriptors_and_clean_signals)
{
	const char *args[] = {
		"sh", "-c", "/bin/ls /proc/self/fd | tr -d '\\n'; grep SigIgn /proc/self/status"
	};
	int three = open("/dev/null", O_RDONLY), four = open("/dev/null", O_RDONLY | O_CLOEXEC),
	    five = open("/dev/null", O_RDONLY), high = fcntl(three, F_DUPFD, 100);
	char got[512];

	CHECK(three == 3 && four == 4 && five == 5);
	CHECK_INT(try_exec("/bin/sh", args, 3, 3, got, sizeof(got)), 0);
	/* 3 and 5 are the caller's, 4 is ours; ls adds one for the directory, which is 4 again. */
	CHECK_STR(got, "012345SigIgn:\t0000000000000000\n");
	CHECK_INT(try_exec("/bin/sh", args, 3, 0, got, sizeof(got)), 0);
	CHECK_STR(got, "0123SigIgn:\t0000000000000000\n");
	close(three);
	close(four);
	close(five);
	close(high);
}

TEST(nothing_but_execve_is_called_under_a_late_filter)
{
	static const struct sock_filter insns[] = {
		{ 0x20, 0, 0, 0 }, /* load the number */
		{ 0x15, 3, 0, SYS_rt_sigaction },
		{ 0x15, 2, 0, SYS_rt_sigprocmask },
		{ 0x15, 1, 0, SYS_close_range },
		{ 0x06, 0, 0, 0x7fff0000 }, /* allow */
		{ 0x06, 0, 0, 0x80000000 }, /* kill the process */
	};
	const struct seccomp_filter filter = { .insns = insns, .count = ARRAY_SIZE(insns) };
	const char *args[] = { "true" };
	struct oci_process process = { .cwd = "/", .args = { args, 1 } };
	struct arena a = { 0 };
	struct program p;
	struct err e = { 0 };
	int status;
	pid_t pid;

	CHECK_INT(program_prepare(&a, &process, NULL, 0, &p, &e), 0);
	pid = fork();
	if (pid == 0) {
		p.ignored_signals = UINT64_MAX;
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
			program_exec(&p, "/bin/true", &nobody, &filter, &e);
		_exit(255);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	arena_release(&a);
}

TEST(a_name_or_a_number_that_is_too_large)
{
	const char *sh[] = { "/bin/sh", NULL };
	struct oci_process process = { .cwd = "/", .args = { sh, 1 } };
	struct arena a = { 0 };
	struct program p;
	struct err e = { 0 };
	char path[4];
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK_INT(program_prepare(&a, &process, NULL, UINT_MAX, &p, &e), -EINVAL);
	CHECK_INT(e.kind, ERR_USAGE);
	e = (struct err){ 0 };
	CHECK_INT(program_prepare(&a, &process, NULL, 0, &p, &e), 0);
	CHECK_INT(program_find(&p, root, path, sizeof(path), &e), -ENAMETOOLONG);
	close(root);
	arena_release(&a);
}
