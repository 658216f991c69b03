/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/hooks and setup/hook_state: what hooks get, what their failures say, and that none of them
 * can hold the runtime up (T25).
 */
#include "setup/hooks.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "setup/hook_state.h"
#include "test.h"

enum {
	TEXT = 512 + HOOK_OUTPUT_TEXT
};

static const struct hook_environments no_env;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Runs one createRuntime hook, `sh -c @script`; the message goes to @ret. */
static int run(const char *script, const int64_t *timeout, const struct hook_input *input,
	       char ret[static TEXT])
{
	const char *args[] = { "sh", "-c", script };
	const char *env[] = { "PATH=/usr/bin:/bin", "A=1" };
	struct oci_hook hook = { "/bin/sh", { args, 3 }, { env, 2 }, timeout };
	struct oci_hooks config = { .create_runtime = { &hook, 1 } };
	struct hook_input its = input ? *input : (struct hook_input){ "{}", 2, -1 };
	char output[HOOK_OUTPUT_TEXT] = "";
	struct arena a = { 0 };
	struct err e = { 0 };
	struct hooks h;
	int r = hooks_prepare(&a, &config, &no_env, &h, &e);

	CHECK_INT(r, 0);
	its.output = output;
	r = hooks_run(&h.create_runtime, &its, &e);
	strcpy(ret + err_format(&e, ret, 512), output);
	arena_release(&a);
	return r;
}

TEST(success_and_failures_in_words)
{
	char text[TEXT];

	CHECK_INT(run("exit 0", NULL, NULL, text), 0);
	CHECK(run("echo out; echo bad >&2; exit 3", NULL, NULL, text) < 0);
	CHECK_STR(text,
		  "error running createRuntime hook #0: exit status 3, stdout: out, stderr: bad");
	CHECK(run("kill -9 $$", NULL, NULL, text) < 0);
	CHECK_STR(text,
		  "error running createRuntime hook #0: killed by signal 9, stdout: , stderr: ");
}

TEST(missing_program)
{
	struct oci_hook hooks[] = { { .path = "/bin/true" }, { .path = "/nope" } };
	struct oci_hooks config = { .poststart = { hooks, 2 } };
	struct hook_input input = { "{}", 2, -1 };
	struct arena a = { 0 };
	struct err e = { 0 };
	struct hooks h;

	CHECK_INT(hooks_prepare(&a, &config, &no_env, &h, &e), 0);
	CHECK(hooks_run(&h.poststart, &input, &e) < 0);
	CHECK_STR(e.msg, "error running poststart hook #1: exec /nope: no such file or directory");
	CHECK_STR(err_kind_word(e.kind), "hook");
	arena_release(&a);
}

static void count_warning(void *arg, const struct err *failure, const char *output)
{
	int *count = arg;

	CHECK_STR(output, *count ? ", stdout: , stderr: a" : "");
	CHECK(strstr(failure->msg, "poststop hook #") != NULL);
	(*count)++;
}

TEST(all_run_when_failures_are_warnings)
{
	const char *args[] = { "sh", "-c", "echo a >&2; exit 1" };
	struct oci_hook hooks[] = { { .path = "/nope" }, { "/bin/sh", { args, 3 } } };
	struct oci_hooks config = { .poststop = { hooks, 2 } };
	struct hook_input input = { "{}", 2, -1 };
	struct arena a = { 0 };
	struct err e = { 0 };
	struct hooks h;
	int count = 0;

	CHECK_INT(hooks_prepare(&a, &config, &no_env, &h, &e), 0);
	hooks_run_all(&h.poststop, &input, count_warning, &count);
	CHECK_INT(count, 2);
	arena_release(&a);
}

TEST(gets_state_environment_directory_and_three_descriptors)
{
	struct hook_input input = { "{\"id\":\"x\"}", 10, open("/usr", O_PATH | O_CLOEXEC) };
	int leak = open("/dev/null", O_RDONLY);
	char text[TEXT];

	CHECK_INT(run("test \"$(cat /dev/stdin)\" = '{\"id\":\"x\"}' && test \"$A\" = 1 && "
		      "test \"$(pwd)\" = /usr && test -z \"$HOME\" && "
		      "test \"$(ls /proc/self/fd | tr -d '\\n')\" = 0123",
		      NULL, &input, text),
		  0);
	CHECK_STR(text, "");
	signal(SIGUSR1, SIG_IGN);
	CHECK_INT(run("kill -USR1 $$; exit 0", NULL, NULL, text), -ECANCELED);
	signal(SIGUSR1, SIG_DFL);
	close(leak);
	close(input.cwd_fd);
}

TEST(environment_without_env_is_inherited)
{
	char *runtime[] = { "PATH=/bin", NULL }, *container[] = { "PATH=/image", NULL };
	const struct hook_environments env = { runtime, container };
	const char *nothing = NULL;
	struct oci_hook hooks[] = { { .path = "/bin/true" },
				    { .path = "/bin/true", .env = { &nothing, 0 } } };
	struct oci_hooks config = { .create_container = { hooks, 2 },
				    .start_container = { hooks, 2 } };
	struct arena a = { 0 };
	struct err e = { 0 };
	struct hooks h;

	CHECK_INT(hooks_prepare(&a, &config, &env, &h, &e), 0);
	CHECK_STR(h.create_container.ops[0].envp[0], "PATH=/bin");
	CHECK_STR(h.start_container.ops[0].envp[0], "PATH=/image");
	CHECK(!h.create_container.ops[1].envp[0] && !h.start_container.ops[1].envp[0]);
	CHECK_INT(hooks_prepare(&a, &config, &no_env, &h, &e), 0);
	CHECK(h.create_container.ops[0].envp && !h.create_container.ops[0].envp[0]);
	CHECK_STR(h.create_container.ops[0].argv[0], "/bin/true");
	arena_release(&a);
}

TEST(timeout_kills_the_group)
{
	static const char *const scripts[] = { "sleep 60", "trap '' TERM; sleep 60; sleep 60",
					       "sleep 60 & sleep 60 & wait" };
	int64_t one = 1;
	char text[TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		double start = now();

		CHECK(run(scripts[i], &one, NULL, text) < 0);
		CHECK_STR(
			text,
			"error running createRuntime hook #0: hook ran past specified timeout of 1.0s, "
			"stdout: , stderr: ");
		/* A loaded machine may take its time; it does not wait for any of them. poll(2)
		 * counts in milliseconds. */
		CHECK(now() - start > 0.99 && now() - start < 50);
	}
}

static const char *note(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/davit-hook-%d", (int)getpid());
	return path;
}

/* The pid in that file; 0: there is none. */
static pid_t noted(void)
{
	char line[64] = "";
	FILE *f = fopen(note(), "re");

	if (f && !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		fclose(f);
	unlink(note());
	return (pid_t)atoi(line);
}

/* Runs a hook that notes a pid in a file, named between the two, and is stopped by its timeout; the
 * pid. On a busy machine it may not come to that in a second, so it gets more. */
static pid_t run_noting(const char *before, const char *after)
{
	char script[256], text[TEXT];
	pid_t pid = 0;

	snprintf(script, sizeof(script), "%s%s%s", before, note(), after);
	for (int64_t timeout = 1; timeout <= 32 && pid == 0; timeout *= 2) {
		double start = now();

		CHECK(run(script, &timeout, NULL, text) < 0);
		CHECK(strstr(text, "hook ran past specified timeout"));
		CHECK(now() - start < (double)timeout + 50);
		pid = noted();
	}
	CHECK(pid > 0);
	return pid;
}

static bool has_ended(pid_t pid)
{
	char command[64];

	snprintf(command, sizeof(command), "grep -q ') Z' /proc/%d/stat 2>/dev/null", (int)pid);
	return kill(pid, 0) < 0 || system(command) == 0;
}

TEST(group_is_gone_after_the_timeout)
{
	pid_t pid = run_noting("sleep 4711 & echo $! >", "; wait");

	for (int i = 0; i < 300 && !has_ended(pid); i++)
		usleep(100000);
	CHECK(has_ended(pid));
}

TEST(who_has_left_the_group_is_not_waited_for)
{
	pid_t pid = run_noting("setsid sh -c 'echo $$ >", "; exec sleep 60' & sleep 60");

	CHECK(pid > 0 && kill(pid, SIGKILL) == 0);
}

TEST(unread_state_does_not_block)
{
	static char big[256 * 1024];
	struct hook_input input = { big, sizeof(big), -1 };
	int64_t one = 1;
	double start = now();
	char text[TEXT];

	memset(big, 'x', sizeof(big));
	CHECK(run("sleep 60", &one, &input, text) < 0);
	CHECK(now() - start < 50);
	CHECK_INT(run("exec <&-; sleep 0.2", NULL, &input, text), 0);
	CHECK_INT(run("exit 0", NULL, &input, text), 0);
	CHECK_INT(run("test $(wc -c) = 262144", NULL, &input, text), 0);
}

/* The daemon has the hook's streams, and ends when it is not waited for. */
TEST(daemons_and_floods_do_not_block)
{
	double start = now();
	char script[128], text[TEXT];
	pid_t pid;

	snprintf(script, sizeof(script), "sleep 60 & echo $! >%s; exit 0", note());
	CHECK_INT(run(script, NULL, NULL, text), 0);
	CHECK(now() - start < 50);
	pid = noted();
	CHECK(pid > 0 && kill(pid, SIGKILL) == 0);
	CHECK(run("head -c 10000000 /dev/zero | tr '\\0' z; echo end; exit 1", NULL, NULL, text) <
	      0);
	CHECK(strstr(text, "zzzend") != NULL && strstr(text, ", stdout: ...zz") != NULL);
	CHECK(strlen(text) > HOOK_TAIL && strlen(text) < HOOK_TAIL + 128);
	CHECK(run("printf '%05000d\\303\\244' 0 >&2; echo out; exit 1", NULL, NULL, text) < 0);
	CHECK(strstr(text, ": exit status 1, stdout: out, stderr: ...00") != NULL);
	CHECK(strstr(text, "0\303\244") != NULL);
	start = now();
	CHECK_INT(run("yes & sleep 0.1; exit 0", NULL, NULL, text), 0);
	CHECK(now() - start < 50);
}

TEST(output_goes_to_files_that_annotations_name)
{
	struct oci_pair pairs[] = { { "run.oci.hooks.stderr", "err" },
				    { "run.oci.hooks.stdout", "" } };
	struct oci_map annotations = { pairs, 2 }, none = { 0 };
	char folder[] = "/tmp/davit-hook-XXXXXX", text[TEXT], line[64] = "";
	struct hook_input input = { "{}", 2, -1 };
	struct err e = { 0 };
	int fds[HOOK_STREAMS], dir;

	CHECK(mkdtemp(folder) != NULL);
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(hook_output_has_files(&annotations) && !hook_output_has_files(&none));
	CHECK_INT(hook_output_open(&annotations, dir, fds, &e), 0);
	CHECK(fds[0] < 0 && fds[1] >= 0);
	input.files = fds;
	CHECK(run("echo to-err >&2; echo to-out; exit 1", NULL, &input, text) < 0);
	CHECK(run("echo more >&2; exit 1", NULL, &input, text) < 0);
	CHECK_STR(text, "error running createRuntime hook #0: exit status 1, stdout: ");
	close(fds[1]);
	fds[1] = openat(dir, "err", O_RDONLY);
	CHECK_INT(read(fds[1], line, sizeof(line) - 1), 12);
	CHECK_STR(line, "to-err\nmore\n");
	close(fds[1]);
	unlinkat(dir, "err", 0);
	pairs[0].value = "/no/such/file";
	CHECK(hook_output_open(&annotations, dir, fds, &e) < 0);
	CHECK_STR(e.msg, "open /no/such/file for the stderr of hooks");
	close(dir);
	rmdir(folder);
}

TEST(state_has_status_and_pid)
{
	struct oci_pair pair = { "status", "\"@\"" };
	struct oci_state state = { .oci_version = "1.2.1",
				   .id = "c1",
				   .status = "creating",
				   .bundle = "/b",
				   .annotations = { &pair, 1 } };
	struct oci_state *decoded = NULL;
	struct arena a = { 0 };
	struct hook_state s = { 0 };
	struct err e = { 0 };
	size_t len;

	CHECK_INT(hook_state_prepare(&a, &state, &s, &e), 0);
	len = hook_state_fill(&s, "created", 4711);
	CHECK_INT(len, strlen(s.text));
	CHECK_INT(oci_state_decode(&a, s.text, len, "state", &decoded, &e), 0);
	CHECK_STR(e.msg, "");
	if (decoded) {
		CHECK_STR(decoded->status, "created");
		CHECK_STR(decoded->id, "c1");
		CHECK_INT(decoded->pid ? *decoded->pid : 0, 4711);
		CHECK_STR(decoded->annotations.items[0].value, "\"@\"");
	}
	len = hook_state_fill(&s, "stopped", 0);
	CHECK_INT(oci_state_decode(&a, s.text, len, "state", &decoded, &e), 0);
	CHECK(decoded && !decoded->pid);
	arena_release(&a);
}
