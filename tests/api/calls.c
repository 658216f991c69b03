/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * calls TEST BUNDLE ROOT DAVIT: an embedding program. One of the tests below; exits 0 when all that
 * it looks at, in /proc and in what the kernel says, is as davit.h says. ID comes from DAVIT_TEST.
 */
#include <davit.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"

extern char **environ;

static const char *bundle, *root, *program, *id;
static struct davit_context *ctx;
static struct davit_error *err;
static int failures;

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			failures++;                                                                \
			fprintf(stderr, "%s:%d: not true: %s (%s)\n", __FILE__, __LINE__, #cond,   \
				davit_error_message(err));                                         \
		}                                                                                  \
	} while (0)

static struct davit_create_options create_options(void)
{
	return (struct davit_create_options){ .size = sizeof(struct davit_create_options),
					      .id = id,
					      .bundle = bundle };
}

static pid_t parent_of(pid_t pid)
{
	char path[64], line[256];
	pid_t parent = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "PPid:", 5) == 0)
			parent = (pid_t)strtol(line + 5, NULL, 10);
	if (f)
		fclose(f);
	return parent;
}

static bool has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* The process that create tells of is the container's, our child, and there is a pidfd of it. */
static void test_process(void)
{
	struct davit_process process = { .size = sizeof(process) };
	struct davit_create_options options = create_options();
	struct davit_container_info *info = NULL;
	siginfo_t si = { 0 };

	options.process = &process;
	CHECK(davit_create(ctx, &options, err) == 0);
	CHECK(process.pid > 0 && process.pidfd >= 0 && !has_ended(process.pidfd));
	CHECK(parent_of(process.pid) == getpid());
	CHECK(fcntl(process.pidfd, F_GETFD) == FD_CLOEXEC);
	CHECK(davit_inspect(ctx, id, &info, err) == 0);
	CHECK(info && info->pid == process.pid && info->status == DAVIT_CREATED);
	davit_free(info);
	CHECK(davit_start(ctx, id, err) == 0);
	CHECK(parent_of(process.pid) == getpid());
	CHECK(davit_kill(ctx, id, SIGKILL, false, err) == 0);
	CHECK(waitid((idtype_t)3 /* P_PIDFD */, (id_t)process.pidfd, &si, WEXITED) == 0);
	CHECK(si.si_pid == process.pid && si.si_status == SIGKILL);
	close(process.pidfd);
	CHECK(davit_wait(ctx, id, NULL, err) == -ECHILD); /* it has been waited for */
	CHECK(davit_delete(ctx, id, false, err) == 0);
}

/* Of a program that was built for an older library: not a byte is written behind the struct's end,
 * where nothing can be. */
static void test_process_size(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *pages =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct davit_create_options options = create_options();

	CHECK(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
	for (size_t size = 0; size <= sizeof(*options.process); size += sizeof(size_t)) {
		options.process = (void *)(pages + page - (size ? size : sizeof(size)));
		options.process->size = size;
		if (size == 0) {
			CHECK(davit_create(ctx, &options, err) == -EINVAL);
			CHECK(strstr(davit_error_message(err),
				     "member size of struct davit_process"));
			continue;
		}
		CHECK(davit_create(ctx, &options, err) == 0);
		CHECK(davit_kill(ctx, id, SIGKILL, false, err) == 0);
		CHECK(davit_wait(ctx, id, NULL, err) == 0);
		CHECK(davit_delete(ctx, id, false, err) == 0);
	}
	CHECK(options.process->pid > 0 && options.process->pidfd > 2);
	close(options.process->pidfd);
	munmap(pages, 2 * page);
}

static void test_wait(void)
{
	struct davit_create_options options = create_options();
	int status = -1;

	CHECK(davit_wait(ctx, id, &status, err) == -ENOENT);
	CHECK(davit_create(ctx, &options, err) == 0);
	CHECK(davit_start(ctx, id, err) == 0);
	CHECK(davit_wait(ctx, id, &status, err) == 0);
	CHECK(status == 7);
	CHECK(davit_wait(ctx, id, &status, err) == -ECHILD);
	CHECK(davit_delete(ctx, id, false, err) == 0);
	CHECK(waitpid(-1, NULL, __WALL) < 0 && errno == ECHILD);
}

/* --- the calling process stays as it is ------------------------------------------------------- */

struct self {
	mode_t mask;
	char cwd[4096];
	sigset_t signals;
	cpu_set_t cpus;
	struct rlimit limits[RLIM_NLIMITS];
	int subreaper, dumpable, death;
	unsigned fds;
	pid_t group, session;
};

static void look_at_self(struct self *s)
{
	memset(s, 0, sizeof(*s));
	s->mask = umask(022);
	umask(s->mask);
	CHECK(getcwd(s->cwd, sizeof(s->cwd)));
	sigprocmask(SIG_SETMASK, NULL, &s->signals);
	sched_getaffinity(0, sizeof(s->cpus), &s->cpus);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		getrlimit(i, &s->limits[i]);
	prctl(PR_GET_CHILD_SUBREAPER, &s->subreaper);
	s->dumpable = prctl(PR_GET_DUMPABLE);
	prctl(PR_GET_PDEATHSIG, &s->death);
	s->fds = count_descriptors();
	s->group = getpgrp();
	s->session = getsid(0);
}

static int do_exec(const char *command, bool detach, struct davit_process *process)
{
	const char *args[] = { "sh", "-c", command, NULL };
	const struct davit_exec_options options = { .size = sizeof(options),
						    .id = id,
						    .args = args,
						    .detach = detach,
						    .process = process };
	int status = -1;

	CHECK(davit_exec(ctx, &options, &status, err) == 0);
	return status;
}

static void test_unchanged(void)
{
	struct davit_create_options options = create_options();
	struct self before, after;
	int status;

	umask(0123);
	CHECK(chdir("/usr") == 0);
	look_at_self(&before);
	CHECK(davit_create(ctx, &options, err) == 0);
	CHECK(davit_start(ctx, id, err) == 0);
	CHECK(do_exec("exit 5", false, NULL) == 5);
	CHECK(davit_kill(ctx, id, SIGKILL, false, err) == 0);
	CHECK(davit_wait(ctx, id, &status, err) == 0);
	CHECK(davit_delete(ctx, id, true, err) == 0);
	options.id = "refused/id";
	CHECK(davit_create(ctx, &options, err) == -EINVAL);
	look_at_self(&after);
	CHECK(memcmp(&before, &after, sizeof(before)) == 0);
	CHECK(waitpid(-1, NULL, __WALL) < 0 && errno == ECHILD);
}

/* --- descriptors ------------------------------------------------------------------------------ */

static bool has_file(pid_t pid, const struct stat *file)
{
	char path[320];
	struct dirent *entry;
	struct stat st;
	bool found = false;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, entry->d_name);
		if (stat(path, &st) == 0 && st.st_dev == file->st_dev && st.st_ino == file->st_ino)
			found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* What is open here, close-on-exec or not, is not open in the container. */
static void test_descriptors(void)
{
	struct davit_process process = { .size = sizeof(process) };
	struct davit_create_options options = create_options();
	int pipes[2], status;
	struct stat st;

	CHECK(pipe(pipes) == 0 && fstat(pipes[0], &st) == 0);
	options.process = &process;
	CHECK(davit_create(ctx, &options, err) == 0);
	CHECK(has_file(getpid(), &st) && !has_file(process.pid, &st));
	CHECK(davit_start(ctx, id, err) == 0);
	CHECK(!has_file(process.pid, &st));
	CHECK(davit_kill(ctx, id, SIGKILL, false, err) == 0);
	CHECK(davit_wait(ctx, id, &status, err) == 0);
	CHECK(davit_delete(ctx, id, false, err) == 0);
}

static size_t read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len + 1 < size && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return len;
}

/* A closed stream is /dev/null in the container, and nothing else of ours is there. */
static void test_closed(void)
{
	struct davit_process process = { .size = sizeof(process) };
	struct davit_create_options options = create_options();
	char path[64], target[64] = "";
	int status;

	options.process = &process;
	close(0);
	close(1);
	CHECK(davit_create(ctx, &options, err) == 0);
	for (int fd = 0; fd < 2; fd++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)process.pid, fd);
		CHECK(readlink(path, target, sizeof(target) - 1) > 0);
		CHECK(strcmp(target, "/dev/null") == 0);
	}
	CHECK(davit_kill(ctx, id, SIGKILL, false, err) == 0);
	CHECK(davit_wait(ctx, id, &status, err) == 0);
	CHECK(davit_delete(ctx, id, false, err) == 0);
}

/* The program's standard streams are those of the options: "cat; echo error >&2". */
static void test_streams(void)
{
	struct davit_create_options options = create_options();
	int in[2], out[2], error[2], status = -1;
	char text[256];

	CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
	      pipe2(error, O_CLOEXEC) == 0);
	options.streams = (const int[]){ in[0], out[1], error[1] };
	CHECK(write(in[1], "hello", 5) == 5);
	close(in[1]);
	CHECK(davit_run(ctx, &options, &status, err) == 0);
	CHECK(status == 0);
	close(out[1]);
	close(error[1]);
	CHECK(read_all(out[0], text, sizeof(text)) == 5 && strcmp(text, "hello") == 0);
	CHECK(read_all(error[0], text, sizeof(text)) == 6 && strcmp(text, "error\n") == 0);
	options.streams = (const int[]){ -1, 999, -1 };
	CHECK(davit_run(ctx, &options, &status, err) == -EBADF);
	CHECK(strstr(davit_error_message(err), "999"));
}

static int receive_fd(int sock)
{
	char byte[256], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { byte, sizeof(byte) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	const struct cmsghdr *c;
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) > 0 && (c = CMSG_FIRSTHDR(&msg)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* The terminal comes over the socket that the options have open already. */
static void test_console(void)
{
	struct davit_create_options options = create_options();
	int pair[2], terminal, status;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	options.console_fd = pair[1];
	CHECK(davit_create(ctx, &options, err) == 0);
	terminal = receive_fd(pair[0]);
	CHECK(terminal >= 0 && isatty(terminal));
	CHECK(davit_kill(ctx, id, SIGKILL, false, err) == 0);
	CHECK(davit_wait(ctx, id, &status, err) == 0);
	CHECK(davit_delete(ctx, id, false, err) == 0);
}

/* --- exec, run -------------------------------------------------------------------------------- */

static void test_exec(void)
{
	struct davit_process process = { .size = sizeof(process) };
	struct davit_create_options options = create_options();
	siginfo_t si = { 0 };
	int status = -1;

	options.detach = true;
	CHECK(davit_run(ctx, &options, &status, err) == 0 && status == 0);
	CHECK(do_exec("exit 9", false, NULL) == 9);
	CHECK(do_exec("exit 11", true, &process) == 0);
	CHECK(waitid((idtype_t)3, (id_t)process.pidfd, &si, WEXITED) == 0);
	CHECK(si.si_pid == process.pid && si.si_status == 11);
	close(process.pidfd);
	CHECK(davit_kill(ctx, id, SIGTERM, true, err) == 0);
	CHECK(davit_kill(ctx, id, SIGKILL, false, err) == 0 || davit_error_code(err) == ESRCH);
	CHECK(davit_wait(ctx, id, &status, err) == 0 && status > 128);
	CHECK(davit_delete(ctx, id, false, err) == 0);
}

/* An error comes back as it is: kind, pointer, step; nothing is left, no child either. */
static void test_errors(void)
{
	struct davit_create_options options = create_options();
	char config[4096];
	struct stat st;

	options.config_text = "{\"ociVersion\": 7}";
	options.config_len = strlen(options.config_text);
	CHECK(davit_create(ctx, &options, err) == -EINVAL);
	CHECK(strcmp(davit_error_kind(err), "config") == 0);
	CHECK(strcmp(davit_error_pointer(err), "/ociVersion") == 0);
	CHECK(davit_error_code(err) == EINVAL);
	(void)snprintf(config, sizeof(config), "%s/broken.json", bundle);
	options = create_options();
	options.config = config; /* a program that is not there */
	CHECK(davit_create(ctx, &options, err) == -ENOENT);
	CHECK(strcmp(davit_error_step(err), "program") == 0);
	(void)snprintf(config, sizeof(config), "%s/%s", root, id);
	CHECK(stat(config, &st) < 0 && errno == ENOENT);
	CHECK(waitpid(-1, NULL, __WALL) < 0 && errno == ECHILD);
	CHECK(davit_start(ctx, NULL, err) == -EINVAL);
	CHECK(davit_delete(ctx, "nobody", false, err) == -ENOENT);
	CHECK(davit_delete(ctx, "nobody", true, err) == 0);
}

struct heard {
	unsigned warnings;
	char last[1024];
};

static void hear(void *arg, enum davit_log_level level, const char *message)
{
	struct heard *h = arg;

	if (level == DAVIT_LOG_WARNING) {
		h->warnings++;
		(void)snprintf(h->last, sizeof(h->last), "%s", message);
	}
}

/* criu gets this program's descriptor, not what has its number in the davit that starts criu. */
static void test_status(void)
{
	const struct davit_checkpoint_options closed = { .size = sizeof(closed), .status_fd = 900 };

	CHECK(davit_checkpoint(ctx, "nobody", &closed, err) == -EBADF);
	CHECK(strstr(davit_error_message(err), "descriptor 900"));
}

/* Warnings of the davit that does the call are the caller's log's. */
static void test_log(void)
{
	struct heard heard = { 0 };
	const struct davit_context_options options = { .size = sizeof(options),
						       .root = root,
						       .log = hear,
						       .log_arg = &heard,
						       .log_level = DAVIT_LOG_WARNING,
						       .environment = environ,
						       .program = program };
	struct davit_create_options create = create_options();
	struct davit_context *loud;

	CHECK(davit_context_new(&options, &loud, err) == 0);
	CHECK(davit_run(loud, &create, NULL, err) == 0); /* an unknown clock is in the config */
	CHECK(heard.warnings == 1 && strstr(heard.last, "unknown clock"));
	davit_context_free(loud);
}

static struct davit_context *context_with(const char *davit)
{
	const struct davit_context_options options = {
		.size = sizeof(options), .root = root, .environment = environ, .program = davit
	};
	struct davit_context *other = NULL;

	CHECK(davit_context_new(&options, &other, err) == 0);
	return other;
}

/* Another program in davit's place, or none. */
static void test_other_davit(void)
{
	struct davit_create_options options = create_options();
	struct davit_context *other = context_with("/nonexistent/davit");

	CHECK(davit_create(other, &options, err) == -ENOENT);
	CHECK(strstr(davit_error_message(err), "/nonexistent/davit"));
	davit_context_free(other);
	other = context_with("/bin/true");
	CHECK(davit_create(other, &options, err) == -ECHILD);
	CHECK(strstr(davit_error_message(err), "without an answer"));
	davit_context_free(other);
	CHECK(waitpid(-1, NULL, __WALL) < 0 && errno == ECHILD);
}

/* --- what reads ------------------------------------------------------------------------------- */

struct count {
	unsigned calls, limit;
};

static int count_container(void *arg, const struct davit_container_info *info)
{
	struct count *c = arg;

	CHECK(info->size == sizeof(*info) && info->annotations);
	return ++c->calls == c->limit;
}

static int count_pid(void *arg, pid_t pid)
{
	struct count *c = arg;

	CHECK(pid > 0);
	return ++c->calls == c->limit;
}

static int count_fact(void *arg, const char *name, const char *value)
{
	struct count *c = arg;

	CHECK(*name && value);
	return ++c->calls == c->limit;
}

static int count_fault(void *arg, const struct davit_error *fault)
{
	struct count *c = arg;

	CHECK(davit_error_code(fault));
	return ++c->calls == c->limit;
}

static int count_step(void *arg, const struct davit_plan_step *step)
{
	struct count *c = arg;

	CHECK(*step->name);
	return ++c->calls == c->limit;
}

/* Each callback goes on with 0 and ends the call, successfully, with anything else. */
static void test_callbacks(void)
{
	struct davit_create_options options = create_options();
	struct davit_validate_options faulty = { .size = sizeof(faulty) };
	struct count all = { 0 }, one = { 0, 1 };
	struct davit_process process = { .size = sizeof(process) };
	char config[4096], second[300];
	int status;

	(void)snprintf(second, sizeof(second), "%s-second", id);
	CHECK(davit_create(ctx, &options, err) == 0);
	options.id = second;
	CHECK(davit_create(ctx, &options, err) == 0);
	CHECK(davit_list(ctx, count_container, &all, err) == 0 && all.calls == 2);
	CHECK(davit_list(ctx, count_container, &one, err) == 0 && one.calls == 1);
	CHECK(davit_start(ctx, id, err) == 0);
	CHECK(do_exec("sleep 1000", true, &process) == 0);
	all = (struct count){ 0 }, one = (struct count){ 0, 1 };
	CHECK(davit_ps(ctx, id, count_pid, &all, err) == 0 && all.calls >= 2);
	CHECK(davit_ps(ctx, id, count_pid, &one, err) == 0 && one.calls == 1);
	all = (struct count){ 0 }, one = (struct count){ 0, 1 };
	CHECK(davit_info(ctx, count_fact, &all, NULL, err) == 0 && all.calls > 10);
	CHECK(davit_info(ctx, count_fact, &one, NULL, err) == 0 && one.calls == 1);
	all = (struct count){ 0 }, one = (struct count){ 0, 1 };
	CHECK(davit_plan(ctx, &options, count_step, &all, err) == 0 && all.calls > 10);
	CHECK(davit_plan(ctx, &options, count_step, &one, err) == 0 && one.calls == 1);
	all = (struct count){ 0 }, one = (struct count){ 0, 1 };
	(void)snprintf(config, sizeof(config), "%s/faulty.json", bundle);
	faulty.config = config;
	CHECK(davit_validate(&faulty, count_fault, &all, NULL, err) == 0 && all.calls == 2);
	CHECK(davit_validate(&faulty, count_fault, &one, NULL, err) == 0 && one.calls == 1);
	CHECK(davit_kill(ctx, id, SIGKILL, true, err) == 0);
	CHECK(davit_kill(ctx, second, SIGKILL, true, err) == 0);
	CHECK(waitpid(process.pid, &status, 0) == process.pid); /* first: see davit_exec() */
	close(process.pidfd);
	CHECK(davit_wait(ctx, id, &status, err) == 0 && davit_wait(ctx, second, &status, err) == 0);
	CHECK(davit_delete(ctx, id, true, err) == 0 && davit_delete(ctx, second, true, err) == 0);
}

static void test_inspect(void)
{
	struct davit_create_options options = create_options();
	struct davit_container_info *info = NULL;
	char *json = NULL;
	int status;

	CHECK(davit_inspect(ctx, id, &info, err) == -ENOENT);
	CHECK(davit_create(ctx, &options, err) == 0);
	CHECK(davit_inspect(ctx, id, &info, err) == 0);
	CHECK(strcmp(info->id, id) == 0 && strcmp(info->status_word, "created") == 0);
	CHECK(strcmp(info->bundle, bundle) == 0 && strstr(info->rootfs, "rootfs"));
	CHECK(strlen(info->created) > 20 && strcmp(info->owner, "root") == 0);
	CHECK(strcmp(info->annotations[0], "org.example.key") == 0 &&
	      strcmp(info->annotations[1], "value") == 0 && !info->annotations[2]);
	CHECK(info->json[0] == '{' && strstr(info->json, "\"created\""));
	davit_free(info);
	CHECK(davit_kill(ctx, id, SIGKILL, false, err) == 0);
	CHECK(davit_wait(ctx, id, &status, err) == 0);
	CHECK(davit_inspect(ctx, id, &info, err) == 0);
	CHECK(info->status == DAVIT_STOPPED && info->pid == 0);
	davit_free(info);
	CHECK(davit_state(ctx, id, &json, err) == 0 && strstr(json, "stopped"));
	davit_free(json);
	CHECK(davit_delete(ctx, id, false, err) == 0);
}

/* memory.max and pids.max are read by the caller of this program. */
static void test_update(void)
{
	const struct davit_update_options both = { .size = sizeof(both),
						   .memory = "64M",
						   .memory_number = &(int64_t){ 1 } };
	const struct davit_update_options wrong = { .size = sizeof(wrong),
						    .pids_limit_number = &(int64_t){ -2 } };
	const struct davit_update_options numbers = { .size = sizeof(numbers),
						      .memory_number = &(int64_t){ 50331648 },
						      .pids_limit_number = &(int64_t){ 77 },
						      .cpu_share_number = &(uint64_t){ 512 } };

	CHECK(davit_update(ctx, id, &both, err) == -EINVAL);
	CHECK(strstr(davit_error_message(err), "as a text and as a number"));
	CHECK(davit_update(ctx, id, &wrong, err) == -EINVAL);
	CHECK(davit_update(ctx, id, &numbers, err) == 0);
}

/* NULL is nobody's crash. */
static void test_null(void)
{
	CHECK(davit_error_code(NULL) == 0 && *davit_error_message(NULL) == '\0');
	CHECK(davit_error_kind(NULL) && *davit_error_pointer(NULL) == '\0');
	CHECK(*davit_error_step(NULL) == '\0' && *davit_error_hint(NULL) == '\0');
	CHECK(*davit_context_root(NULL) == '\0');
	davit_context_free(NULL);
	davit_error_free(NULL);
	davit_free(NULL);
	CHECK(davit_state(ctx, "nobody", &(char *){ NULL }, NULL) == -ENOENT);
	CHECK(davit_version_number() == DAVIT_VERSION_NUMBER);
	CHECK(strcmp(davit_version(), "0.1.0") != 0 || DAVIT_VERSION_MINOR == 1);
}

/* The caller of this program kills it while a hook of create runs. */
static void test_hang(void)
{
	struct davit_create_options options = create_options();

	CHECK(davit_create(ctx, &options, err) == 0);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "process", test_process },
	{ "process-size", test_process_size },
	{ "wait", test_wait },
	{ "unchanged", test_unchanged },
	{ "descriptors", test_descriptors },
	{ "streams", test_streams },
	{ "console", test_console },
	{ "closed", test_closed },
	{ "exec", test_exec },
	{ "errors", test_errors },
	{ "status", test_status },
	{ "log", test_log },
	{ "other-davit", test_other_davit },
	{ "callbacks", test_callbacks },
	{ "inspect", test_inspect },
	{ "update", test_update },
	{ "null", test_null },
	{ "hang", test_hang },
};

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	bundle = argv[2];
	root = argv[3];
	program = argv[4];
	id = getenv("DAVIT_TEST");
	err = davit_error_new();
	ctx = context_with(program);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (strcmp(tests[i].name, argv[1]) != 0)
			continue;
		tests[i].run();
		davit_context_free(ctx);
		davit_error_free(err);
		return failures ? 1 : 0;
	}
	return 2;
}
