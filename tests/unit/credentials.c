/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/process/credentials: what a child that applied them finds in its /proc/self/status.
 */
#include "setup/process/credentials.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/caps.h"
#include "kernel/procfs.h"
#include "kernel/seccomp.h"
#include "test.h"

static char warnings[1024];

static void keep_warning(void *arg, const char *text)
{
	(void)arg;
	strcat(warnings, text);
	strcat(warnings, "\n");
}

static const struct credentials_context context = { .warn = keep_warning };

/* The value of @key in the status of a child that applied @c; "" when that failed. */
static const char *status_of(const struct credentials *c, const struct seccomp_filter *filter,
			     const char *key)
{
	static char text[8192];
	struct err e = { 0 };
	int out[2], status;
	ssize_t n, at = 0;
	char *value;
	pid_t pid;

	CHECK_INT(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		/* Opened before: who has changed its user cannot dump itself, nor read this. */
		int fd = open("/proc/self/status", O_RDONLY);

		if (credentials_apply(c, filter, &e) < 0 || credentials_seal(c, filter, &e) < 0) {
			err_format(&e, text, sizeof(text));
			dprintf(2, "# %s\n", text);
			_exit(1);
		}
		n = read(fd, text, sizeof(text));
		_exit(n > 0 && write(out[1], text, (size_t)n) == n ? 0 : 2);
	}
	close(out[1]);
	while ((n = read(out[0], text + at, sizeof(text) - 1 - (size_t)at)) > 0)
		at += n;
	text[at] = '\0';
	close(out[0]);
	waitpid(pid, &status, 0);
	value = strstr(text, key);
	if (!value)
		return "";
	value += strlen(key);
	value += strspn(value, ":\t");
	value[strcspn(value, "\n")] = '\0';
	return value;
}

static const char *two_caps[] = { "CAP_CHOWN", "CAP_KILL" };

TEST(capabilities_are_those_listed_bit_for_bit)
{
	struct oci_capabilities caps = { .bounding = { two_caps, 2 },
					 .permitted = { two_caps, 2 },
					 .effective = { two_caps, 1 } };
	struct oci_process process = { .user = { 1000, 1001 }, .capabilities = &caps };
	struct arena a = { 0 };
	struct credentials c;
	struct err e = { 0 };

	if (geteuid() != 0)
		SKIP("needs root");
	warnings[0] = '\0';
	for (uint32_t uid = 0; uid <= 1000; uid += 1000) {
		process.user.uid = uid;
		CHECK_INT(credentials_prepare(&a, &process, &context, &c, &e), 0);
		CHECK_STR(status_of(&c, NULL, "CapBnd"), "0000000000000021");
		CHECK_STR(status_of(&c, NULL, "CapPrm"), "0000000000000021");
		CHECK_STR(status_of(&c, NULL, "CapEff"), "0000000000000001");
		CHECK_STR(status_of(&c, NULL, "CapInh"), "0000000000000000");
		CHECK_STR(status_of(&c, NULL, "CapAmb"), "0000000000000000");
	}
	CHECK_STR(status_of(&c, NULL, "\nUid"), "1000\t1000\t1000\t1000");
	CHECK_STR(status_of(&c, NULL, "\nGid"), "1001\t1001\t1001\t1001");
	CHECK_STR(warnings, "");
	arena_release(&a);
}

TEST(the_bounding_set_is_what_the_kernel_says)
{
	uint64_t set = caps_bounding();

	for (unsigned long i = 0; i < 64; i++)
		CHECK_INT(set >> i & 1, prctl(PR_CAPBSET_READ, i, 0UL, 0UL, 0UL) == 1);
}

TEST(inheritable_and_ambient_when_listed)
{
	struct oci_capabilities caps = { .permitted = { two_caps, 2 },
					 .effective = { two_caps, 2 },
					 .inheritable = { two_caps, 2 },
					 .ambient = { two_caps, 1 } };
	struct oci_process process = { .user = { 1000, 1000 }, .capabilities = &caps };
	struct arena a = { 0 };
	struct credentials c;
	struct err e = { 0 };

	if (geteuid() != 0)
		SKIP("needs root");
	CHECK_INT(credentials_prepare(&a, &process, &context, &c, &e), 0);
	CHECK_STR(status_of(&c, NULL, "CapInh"), "0000000000000021");
	CHECK_STR(status_of(&c, NULL, "CapAmb"), "0000000000000001");
	CHECK_STR(status_of(&c, NULL, "CapBnd"), "0000000000000000");
	arena_release(&a);
}

TEST(no_object_is_no_capability)
{
	struct oci_process process = { 0 };
	struct arena a = { 0 };
	struct credentials c;
	struct err e = { 0 };

	if (geteuid() != 0)
		SKIP("needs root");
	CHECK_INT(credentials_prepare(&a, &process, &context, &c, &e), 0);
	CHECK_STR(status_of(&c, NULL, "CapBnd"), "0000000000000000");
	CHECK_STR(status_of(&c, NULL, "CapPrm"), "0000000000000000");
	CHECK_STR(status_of(&c, NULL, "CapEff"), "0000000000000000");
	arena_release(&a);
}

TEST(unknown_and_ungrantable_are_warned_of_once)
{
	static const char *names[] = { "CAP_NEW_THING", "cap_chown", "CAP_KILL", "0" };
	static const char *ambient[] = { "CAP_CHOWN", "CAP_FOWNER" };
	struct oci_capabilities caps = { .bounding = { names, 4 },
					 .permitted = { names, 4 },
					 .effective = { two_caps, 2 },
					 .ambient = { ambient, 2 } };
	struct oci_process process = { .capabilities = &caps };
	struct arena a = { 0 };
	struct credentials c;
	struct err e = { 0 };

	warnings[0] = '\0';
	CHECK_INT(credentials_prepare(&a, &process, &context, &c, &e), 0);
	CHECK_STR(warnings,
		  "ignoring unknown or unavailable capabilities: [CAP_NEW_THING cap_chown "
		  "0 CAP_CHOWN]\n"
		  "can't raise ambient capability CAP_CHOWN: operation not permitted\n"
		  "can't raise ambient capability CAP_FOWNER: operation not permitted\n");
	CHECK_INT(c.bounding, 1 << 5);
	CHECK_INT(c.caps.effective, 1 << 5);
	CHECK_INT(c.ambient, 0);
	arena_release(&a);
}

TEST(groups_umask_and_no_new_privs)
{
	uint32_t mask = 027, gids[] = { 7, 5 };
	bool yes = true;
	struct oci_process process = {
		.user = { .uid = 5, .umask = &mask, .additional_gids = { gids, 2 } },
		.no_new_privileges = &yes
	};
	struct arena a = { 0 };
	struct credentials c;
	struct err e = { 0 };

	if (geteuid() != 0)
		SKIP("needs root");
	CHECK_INT(credentials_prepare(&a, &process, &context, &c, &e), 0);
	CHECK_STR(status_of(&c, NULL, "Umask"), "0027");
	CHECK_STR(status_of(&c, NULL, "NoNewPrivs"), "1");
	CHECK_STR(status_of(&c, NULL, "Groups"), "5 7 ");
	process = (struct oci_process){ 0 };
	CHECK_INT(credentials_prepare(&a, &process, &context, &c, &e), 0);
	umask(0123);
	CHECK_STR(status_of(&c, NULL, "Umask"), "0123");
	umask(022);
	CHECK_STR(status_of(&c, NULL, "NoNewPrivs"), "0");
	CHECK_STR(status_of(&c, NULL, "Groups"), " ");
	arena_release(&a);
}

/* The program is { return ALLOW } or EPERM for all that must have been called before. */
TEST(filter_is_the_last_thing_and_leaves_no_capability)
{
	static const struct sock_filter insns[] = {
		{ 0x20, 0, 0, 0 }, /* load the number */
		{ 0x15, 2, 0, SYS_setresuid },
		{ 0x15, 1, 0, SYS_prctl },
		{ 0x15, 0, 1, SYS_capget },             /* equal: next */
		{ 0x06, 0, 0, 0x00050001 /* EPERM */ }, /* return */
		{ 0x06, 0, 0, 0x7fff0000 /* allow */ },
	};
	struct seccomp_filter filter = { .insns = insns, .count = ARRAY_SIZE(insns) };
	struct oci_process process = { .user = { 1000, 1000 } };
	struct arena a = { 0 };
	struct credentials c;
	struct err e = { 0 };

	if (geteuid() != 0)
		SKIP("needs root");
	CHECK_INT(credentials_prepare(&a, &process, &context, &c, &e), 0);
	CHECK_STR(status_of(&c, &filter, "Seccomp"), "2");
	CHECK_STR(status_of(&c, &filter, "CapEff"), "0000000000000000");
	CHECK_STR(status_of(&c, &filter, "CapPrm"), "0000000000000000");
	CHECK(credentials_drop_after_filter(&c));
	c.no_new_privs = true;
	CHECK_STR(status_of(&c, &filter, "Seccomp"), "2");
	CHECK(!credentials_drop_after_filter(&c));
	arena_release(&a);
}

TEST(limits_are_set_as_listed)
{
	struct oci_rlimit limits[] = { { "RLIMIT_NOFILE", 100, 200 }, { "RLIMIT_CORE", 0, 0 } };
	struct oci_process process = { .rlimits = { limits, 2 } };
	struct arena a = { 0 };
	struct credentials c;
	struct rlimit got;
	struct err e = { 0 };
	int status = -1;
	pid_t pid;

	CHECK_INT(credentials_prepare(&a, &process, &context, &c, &e), 0);
	pid = fork();
	if (pid == 0)
		_exit(credentials_apply_limits(&c, &e) == 0 &&
				      getrlimit(RLIMIT_NOFILE, &got) == 0 && got.rlim_cur == 100 &&
				      got.rlim_max == 200
			      ? 0
			      : 1);
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	arena_release(&a);
}

TEST(hard_limits_alone_are_raised_for_another_process)
{
	struct oci_rlimit limits[] = { { "RLIMIT_CORE", 10, 20 }, { "RLIMIT_NOFILE", 10, 20 } };
	struct oci_process process = { .rlimits = { limits, 2 } };
	const struct rlimit low = { 0, 0 };
	struct arena a = { 0 };
	struct credentials c;
	struct rlimit before, got;
	struct err e = { 0 };
	pid_t pid = fork();
	int r;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	CHECK_INT(credentials_prepare(&a, &process, &context, &c, &e), 0);
	CHECK_INT(prlimit(pid, RLIMIT_NOFILE, NULL, &before), 0);
	CHECK_INT(prlimit(pid, RLIMIT_CORE, &low, NULL), 0);
	/* One of them is to be raised, for which not every root has the right. */
	r = credentials_raise_limits(&c, pid, &e);
	CHECK(r == 0 || r == -EPERM);
	CHECK_INT(prlimit(pid, RLIMIT_CORE, NULL, &got), 0);
	CHECK(got.rlim_cur == 0 && got.rlim_max == (r == 0 ? 20u : 0u));
	/* The other is higher already, and stays. */
	c.limits++;
	c.limit_count--;
	e = (struct err){ 0 };
	CHECK_INT(credentials_raise_limits(&c, pid, &e), 0);
	CHECK_INT(prlimit(pid, RLIMIT_NOFILE, NULL, &got), 0);
	CHECK(got.rlim_cur == before.rlim_cur && got.rlim_max == before.rlim_max);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	arena_release(&a);
}

TEST(oom_score_reaches_another_process)
{
	int64_t score = 321;
	struct oci_process process = { .oom_score_adj = &score };
	struct arena a = { 0 };
	struct credentials c;
	struct err e = { 0 };
	char path[64], text[16] = "";
	int procfd = -1, fd;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	CHECK_INT(credentials_prepare(&a, &process, &context, &c, &e), 0);
	CHECK_INT(procfs_open_private(false, &procfd), 0);
	CHECK_INT(credentials_write_oom(&c, procfd, pid, &e), 0);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	CHECK_STR(text, "321\n");
	close(fd);
	close(procfd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	arena_release(&a);
}

static void expect_refusal(const struct oci_process *process, const char *pointer)
{
	struct arena a = { 0 };
	struct credentials c;
	struct err e = { 0 };

	CHECK(credentials_prepare(&a, process, &context, &c, &e) < 0);
	CHECK_STR(e.pointer, pointer);
	arena_release(&a);
}

TEST(a_limit_that_linux_has_not)
{
	struct oci_rlimit limits[] = { { "RLIMIT_NOFILE", 1, 1 }, { "RLIMIT_NONE", 1, 1 } };
	struct oci_process p = { .rlimits = { limits, 2 } };

	expect_refusal(&p, "/process/rlimits/1/type");
}
