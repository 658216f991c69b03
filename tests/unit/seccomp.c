/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/seccomp/seccomp and its cache: profiles are compiled, loaded into a
 * child, and tried.
 */
#include "setup/seccomp/seccomp.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/build_id.h"
#include "kernel/seccomp.h"
#include "oci-spec/words.h"
#include "setup/seccomp/seccomp_cache.h"
#include "setup/seccomp/seccomp_compile.h"
#include "setup/seccomp/seccomp_export.h"
#include "setup/seccomp/seccomp_needs.h"
#include "setup/seccomp/seccomp_shorten.h"
#include "setup/seccomp/seccomp_stub.h"
#include "test.h"

static const char *name_getppid[] = { "getppid", "no_such_call_4711" };
static const char *name_personality[] = { "personality" };
static const char *name_write[] = { "write" };

static struct oci_seccomp profile(struct oci_seccomp_syscall *rules, size_t count)
{
	return (struct oci_seccomp){ .default_action = "SCMP_ACT_ALLOW",
				     .syscalls = { rules, count } };
}

static int prepare(struct arena *a, const struct oci_seccomp *c, int cache_fd,
		   struct seccomp_filter *ret, struct err *e)
{
	const struct seccomp_source source = { .config = c,
					       .receiver = c ? c->listener_path : NULL };

	return seccomp_prepare(a, &source, cache_fd, ret, e);
}

/* The errno of the call under the filter; 0: it was let through; -1: the child
 * was killed. */
static int try_call(const struct seccomp_filter *f, long number, long arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		long r;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    seccomp_install(f->insns, f->count, f->flags) < 0)
			_exit(255);
		errno = 0;
		r = syscall(number, arg, 0, 0, 0, 0, 0);
		/* Not _exit(): a sanitizer's makes calls that this filter denies. */
		syscall(SYS_exit_group, r < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect_refusal(const struct oci_seccomp *c, const char *pointer, const char *text)
{
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	CHECK(prepare(&a, c, -1, &f, &e) < 0);
	CHECK_STR(e.pointer, pointer);
	if (text)
		CHECK_STR(e.msg, text);
	arena_release(&a);
}

static ssize_t receive_fd(int sock, char *buf, size_t size, int *ret_fd)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { buf, size };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&msg);

	if (c)
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	return n;
}

TEST(no_profile_is_no_filter)
{
	struct seccomp_filter f = { .count = 3 };
	struct err e = { 0 };

	CHECK_INT(prepare(NULL, NULL, -1, &f, &e), 0);
	CHECK_INT(f.count, 0);
}

TEST(denied_calls_give_their_errno)
{
	uint32_t etime = ETIME;
	struct oci_seccomp_syscall rules[] = {
		{ .names = { name_getppid, 2 }, .action = "SCMP_ACT_ERRNO", .errno_ret = &etime },
		{ .names = { name_personality, 1 }, .action = "SCMP_ACT_ERRNO" },
		{ .names = { name_write, 1 }, .action = "SCMP_ACT_ALLOW" },
	};
	struct oci_seccomp c = profile(rules, 3);
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK_INT(f.flags, SECCOMP_FLAG_SPEC_ALLOW);
	CHECK_INT(try_call(&f, SYS_getppid, 0), ETIME);
	CHECK_INT(try_call(&f, SYS_personality, 0), EPERM);
	CHECK_INT(try_call(&f, SYS_getpid, 0), 0);
	arena_release(&a);
}

TEST(default_action_denies_and_kills)
{
	static const char *allowed[] = { "seccomp", "exit_group", "prctl" };
	uint32_t enosys = ENOSYS;
	struct oci_seccomp_syscall rule = { .names = { allowed, 3 }, .action = "SCMP_ACT_ALLOW" };
	struct oci_seccomp c = profile(&rule, 1);
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	c.default_action = "SCMP_ACT_ERRNO";
	c.default_errno_ret = &enosys;
	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK_INT(try_call(&f, SYS_getppid, 0), ENOSYS);
	c.default_action = "SCMP_ACT_KILL_PROCESS";
	c.default_errno_ret = NULL;
	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK_INT(try_call(&f, SYS_getppid, 0), -1);
	arena_release(&a);
}

struct operator_case {
	const char *op;
	uint64_t value, two;
	long denied, passed;
};

TEST(operators_compare_arguments)
{
	static const struct operator_case cases[] = {
		{ "SCMP_CMP_NE", 5, 0, 6, 5 },
		{ "SCMP_CMP_LT", 5, 0, 4, 5 },
		{ "SCMP_CMP_LE", 5, 0, 5, 6 },
		{ "SCMP_CMP_EQ", 5, 0, 5, 4 },
		{ "SCMP_CMP_GE", 5, 0, 5, 4 },
		{ "SCMP_CMP_GT", 5, 0, 6, 5 },
		{ "SCMP_CMP_EQ", 1L << 40, 0, 1L << 40, 0 },
		{ "SCMP_CMP_MASKED_EQ", 0xf0, 0x30, 0x13f, 0x14f },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct operator_case *k = &cases[i];
		uint32_t etime = ETIME;
		uint64_t two = k->two;
		struct oci_seccomp_arg arg = { 0, k->value, &two, k->op };
		struct oci_seccomp_syscall rule = { .names = { name_getppid, 1 },
						    .action = "SCMP_ACT_ERRNO",
						    .errno_ret = &etime,
						    .args = { &arg, 1 } };
		struct oci_seccomp c = profile(&rule, 1);
		struct arena a = { 0 };
		struct seccomp_filter f = { 0 };
		struct err e = { 0 };

		CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
		CHECK_INT(try_call(&f, SYS_getppid, k->denied), ETIME);
		CHECK_INT(try_call(&f, SYS_getppid, k->passed), 0);
		arena_release(&a);
	}
}

TEST(conditions_that_repeat_an_argument_are_alternatives)
{
	uint32_t etime = ETIME;
	struct oci_seccomp_arg args[] = { { 0, 3, NULL, "SCMP_CMP_EQ" },
					  { 0, 7, NULL, "SCMP_CMP_EQ" } };
	struct oci_seccomp_syscall rule = { .names = { name_getppid, 1 },
					    .action = "SCMP_ACT_ERRNO",
					    .errno_ret = &etime,
					    .args = { args, 2 } };
	struct oci_seccomp c = profile(&rule, 1);
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK_INT(try_call(&f, SYS_getppid, 3), ETIME);
	CHECK_INT(try_call(&f, SYS_getppid, 7), ETIME);
	CHECK_INT(try_call(&f, SYS_getppid, 5), 0);
	arena_release(&a);
}

TEST(flags_and_architectures)
{
	static const char *flags[] = { "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC",
				       "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" };
	static const char *archs[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" };
	static const char *bad[] = { "SCMP_ARCH_x86" };
	struct oci_seccomp_syscall rule = { .names = { name_getppid, 1 },
					    .action = "SCMP_ACT_ERRNO" };
	struct oci_seccomp c = profile(&rule, 1);
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	c.flags = (struct oci_strings){ flags, 3 };
	c.architectures = (struct oci_strings){ archs, 3 };
	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK_INT(f.flags, SECCOMP_FLAG_LOG | SECCOMP_FLAG_TSYNC);
	CHECK_INT(try_call(&f, SYS_getppid, 0), EPERM);
	c.flags.count = 0;
	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK_INT(f.flags, 0);
	c.architectures = (struct oci_strings){ bad, 1 };
	expect_refusal(&c, "/linux/seccomp/architectures/0",
		       "unknown seccomp architecture SCMP_ARCH_x86");
	flags[0] = "NONE";
	c.flags.count = 1;
	expect_refusal(&c, "/linux/seccomp/flags/0", "Linux has no seccomp flag NONE");
	arena_release(&a);
}

TEST(calls_newer_than_the_profile_are_unknown)
{
	static const char *allowed[] = { "exit_group", "prctl", "seccomp", "read", "statx" };
	enum {
		NEWER = 4711
	};
	uint32_t denied = EACCES;
	struct oci_seccomp_syscall rule = { .names = { allowed, 5 }, .action = "SCMP_ACT_ALLOW" };
	struct oci_seccomp c = profile(&rule, 1);
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	c.default_action = "SCMP_ACT_ERRNO";
	c.default_errno_ret = &denied;
	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK_INT(try_call(&f, SYS_getppid, 0), EACCES);
	CHECK_INT(try_call(&f, SYS_statx + 1, 0), ENOSYS);
	CHECK_INT(try_call(&f, NEWER, 0), ENOSYS);
	c.default_errno_ret = NULL;
	c.default_action = "SCMP_ACT_KILL_PROCESS";
	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK_INT(try_call(&f, SYS_getppid, 0), -1);
	CHECK_INT(try_call(&f, NEWER, 0), ENOSYS);
	/* Nothing is denied by default: nothing to correct. */
	c.default_action = "SCMP_ACT_ALLOW";
	rule.action = "SCMP_ACT_ERRNO";
	rule.names.items = name_getppid;
	rule.names.count = 1;
	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK_INT(try_call(&f, SYS_statx, 0), EFAULT);
	arena_release(&a);
}

/* The rows themselves, for architectures that this machine is not. */
static uint32_t run_stub(const struct sock_filter *p, size_t count, uint32_t arch, uint32_t nr)
{
	uint32_t a = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_true = false;

		switch (p[i].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = p[i].k == offsetof(struct seccomp_data, nr) ? nr : arch;
			continue;
		case BPF_RET | BPF_K:
			return p[i].k;
		case BPF_JMP | BPF_JEQ | BPF_K:
			is_true = a == p[i].k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			is_true = a > p[i].k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			is_true = a >= p[i].k;
			break;
		}
		i += is_true ? p[i].jt : p[i].jf;
	}
	return 0; /* fell through, to the program */
}

TEST(stub_rows)
{
	const struct seccomp_stub rows[] = { { 1, 400, 0x40000000 },
					     { 1, 0x40000190, UINT32_MAX },
					     { 2, 300, 0xf0000 } };
	const uint32_t enosys = SECCOMP_RET_ERRNO | ENOSYS;
	struct sock_filter p[3 * SECCOMP_STUB_INSNS];

	seccomp_stub_write(rows, 3, p);
	CHECK_INT(run_stub(p, ARRAY_SIZE(p), 1, 400), 0);
	CHECK_INT(run_stub(p, ARRAY_SIZE(p), 1, 401), enosys);
	CHECK_INT(run_stub(p, ARRAY_SIZE(p), 1, 0x40000000), 0);
	CHECK_INT(run_stub(p, ARRAY_SIZE(p), 1, 0x40000190), 0);
	CHECK_INT(run_stub(p, ARRAY_SIZE(p), 1, 0x40000191), enosys);
	CHECK_INT(run_stub(p, ARRAY_SIZE(p), 2, 300), 0);
	CHECK_INT(run_stub(p, ARRAY_SIZE(p), 2, 301), enosys);
	CHECK_INT(run_stub(p, ARRAY_SIZE(p), 2, 0xf0002), 0);
	CHECK_INT(run_stub(p, ARRAY_SIZE(p), 3, 5000), 0);
}

TEST(every_known_architecture_is_taken)
{
	size_t known = 0;

	for (size_t i = 0; oci_seccomp_arch_words[i]; i++) {
		const char *archs[] = { oci_seccomp_arch_words[i] };
		struct oci_seccomp_syscall rule = { .names = { name_getppid, 1 },
						    .action = "SCMP_ACT_ERRNO" };
		struct oci_seccomp c = profile(&rule, 1);
		struct arena a = { 0 };
		struct seccomp_filter f = { 0 };
		struct err e = { 0 };

		c.architectures = (struct oci_strings){ archs, 1 };
		if (seccomp_has_arch(archs[0])) {
			known++;
			CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
			CHECK_STR(e.msg, "");
			CHECK_INT(try_call(&f, SYS_getppid, 0), EPERM);
		} else {
			expect_refusal(&c, "/linux/seccomp/architectures/0", NULL);
		}
		arena_release(&a);
	}
	CHECK(known >= 19);
}

/* What a listener needs, with a filter that kills for everything but the load
 * itself. */
TEST(gate_lets_the_listener_out_of_any_filter)
{
	static const char *notified[] = { "sendmsg", "close" };
	static const char *allowed[] = { "exit_group", "exit" };
	struct oci_seccomp_syscall rules[] = {
		{ .names = { notified, 2 }, .action = "SCMP_ACT_NOTIFY" },
		{ .names = { allowed, 2 }, .action = "SCMP_ACT_ALLOW" },
	};
	struct oci_seccomp c = profile(rules, 2);
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };
	int pair[2], passed = -1, status;
	char note[8] = "";
	pid_t pid;

	c.default_action = "SCMP_ACT_KILL_PROCESS";
	c.listener_path = "/run/agent";
	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK(f.has_listener);
	CHECK_STR(f.receiver, "/run/agent");
	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	f.way = (struct seccomp_way){ pair[1], "note", 5 };
	pid = fork();
	if (pid == 0) {
		int r;

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		r = seccomp_apply(&f, &e);
		syscall(SYS_exit_group, r == 0 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_INT(receive_fd(pair[0], note, sizeof(note), &passed), 5);
	CHECK_STR(note, "note");
	CHECK(passed >= 0 && (fcntl(passed, F_GETFD) & FD_CLOEXEC));
	/* Everybody who had the filter is gone: only a listener tells. */
	if (passed >= 0) {
		struct pollfd p = { .fd = passed, .events = POLLIN };

		CHECK(poll(&p, 1, 30000) == 1 && (p.revents & POLLHUP));
		close(passed);
	}
	close(pair[0]);
	close(pair[1]);
	arena_release(&a);
}

/* Of every argument that a call does not have, one word is wrong. */
TEST(gate_is_closed_to_others)
{
	static const char *denied[] = { "sendmsg", "close" };
	struct oci_seccomp_syscall rules[] = {
		{ .names = { denied, 2 }, .action = "SCMP_ACT_ERRNO" },
		{ .names = { name_getppid, 1 }, .action = "SCMP_ACT_NOTIFY" },
	};
	struct oci_seccomp c = profile(rules, 2);
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };
	int status;
	pid_t pid;

	c.listener_path = "/run/agent";
	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	pid = fork();
	if (pid == 0) {
		const unsigned long *s = f.gate.secret;
		int bad = 0;

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		bad |= seccomp_install(f.insns, f.count, f.flags) < 0;
		for (unsigned wrong = 0; wrong < 6; wrong++) {
			unsigned long w[3] = { s[0], s[1], s[2] };

			w[wrong / 2] ^= wrong % 2 ? 1UL << 40 : 1;
			errno = 0;
			syscall(SYS_close, -1, 0, 0, w[0], w[1], w[2]);
			bad |= (errno != EPERM) << 1;
			syscall(SYS_sendmsg, -1, 0, 0, w[0], w[1], w[2]);
			bad |= (errno != EPERM) << 2;
		}
		syscall(SYS_close, -1, 0, 0, s[0], s[1], s[2]);
		bad |= (errno != EBADF) << 3;
		/* Other calls have no gate. */
		syscall(SYS_dup, -1, 0, 0, s[0], s[1], s[2]);
		bad |= (errno != EBADF) << 4;
		syscall(SYS_exit_group, bad);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
	arena_release(&a);
}

static void expect_raw(const char *text, const char *want)
{
	const struct seccomp_source source = { .raw = text };
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	seccomp_prepare(&a, &source, -1, &f, &e);
	CHECK_STR(e.msg, want);
	CHECK_INT(f.count > 0, !*want);
	arena_release(&a);
}

TEST(raw_programs)
{
	expect_raw("BgAAAAAA/38=", "");             /* ret ALLOW */
	expect_raw("IAAAAAAAAAAGAAAAAAD/fw==", ""); /* ld nr; ret ALLOW */
	expect_raw("BgAAAAAA/38", "the seccomp program is not base64");
	expect_raw("BgAAAAAA", "a seccomp program of 6 bytes: not whole instructions of 8");
	expect_raw("IAAAAAAAAAA=", "instruction 0 of the seccomp program is invalid"); /* no ret */
	expect_raw("IAAAAEAAAAAGAAAAAAD/fw==",
		   "instruction 0 of the seccomp program is invalid"); /* ld [64] */
	expect_raw("FQABAAAAAAAGAAAAAAD/fw==",
		   "instruction 0 of the seccomp program is invalid"); /* jumps out */
	expect_raw("BgAAAAAAwH8=", "a program that notifies: seccomp listenerPath is not set");
}

/* The kernel is the measure: for each number, the errno that it gives or none.
 */
TEST(an_answer_is_what_the_kernel_would_do)
{
	/* All kinds of instructions: getppid gives 5 + 6, as a word that was kept
	 * says. */
	static const struct sock_filter all[] = {
		BPF_STMT(BPF_LD | BPF_IMM, 5),
		BPF_STMT(BPF_ST, 3),
		BPF_STMT(BPF_LDX | BPF_IMM, 12),
		BPF_STMT(BPF_STX, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),           /* 64 */
		BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0),          /* 52 */
		BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 4),          /* 13 */
		BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),          /* 52 */
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 3),          /* 6 */
		BPF_STMT(BPF_ALU | BPF_NEG, 0),                  /* -6 */
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, UINT32_MAX), /* 6 */
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_MEM, 3),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0), /* 11 */
		BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 0),
		BPF_STMT(BPF_ST, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0),
		BPF_STMT(BPF_JMP | BPF_JA, 3),
		BPF_STMT(BPF_LDX | BPF_MEM, 5),
		BPF_STMT(BPF_MISC | BPF_TXA, 0),
		BPF_STMT(BPF_RET | BPF_A, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct seccomp_filter f = { .insns = all, .count = ARRAY_SIZE(all) };
	struct seccomp_data call = { .nr = SYS_getppid };

	CHECK_INT(try_call(&f, SYS_getppid, 0), 11);
	CHECK_INT(seccomp_answer(all, f.count, &call), SECCOMP_RET_ERRNO | 11);
	call.nr = SYS_execve;
	CHECK_INT(seccomp_answer(all, f.count, &call), SECCOMP_RET_ALLOW);
}

/* Every call that differs from its neighbours in something, by the program as
 * libseccomp wrote it and by the one that is made of it. */
static void expect_same_answers(const struct seccomp_filter *before,
				const struct sock_filter *after, size_t count)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
					  0 };
	static const uint32_t bases[] = { 0, 0x3ffffff0, 0x7ffffff0, 0xfffffc00 };
	static const uint64_t values[] = {
		0,         8,  0x20000,    0x20008,    39,
		40,        41, 0x7e020000, UINT32_MAX, UINT32_MAX + 41ULL,
		UINT64_MAX
	};
	size_t differ = 0;

	for (size_t a = 0; a < ARRAY_SIZE(archs); a++)
		for (size_t b = 0; b < ARRAY_SIZE(bases); b++)
			for (uint32_t n = 0; n < 1024; n++)
				for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
					struct seccomp_data call = { .nr = (int)(bases[b] + n),
								     .arch = archs[a] };

					for (size_t i = 0; i < ARRAY_SIZE(call.args); i++)
						call.args[i] = values[v];
					differ += seccomp_answer(before->insns, before->count,
								 &call) !=
						  seccomp_answer(after, count, &call);
				}
	CHECK_INT(differ, 0);
}

TEST(a_shorter_filter_gives_the_same_answers)
{
	static const char *archs[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" };
	static const char *allowed[] = {
		"accept", "access",     "alarm",        "bind",         "brk",        "capget",
		"chdir",  "chmod",      "chown",        "close",        "connect",    "creat",
		"dup",    "dup2",       "dup3",         "epoll_create", "epoll_wait", "execve",
		"exit",   "exit_group", "faccessat2",   "fchdir",       "fork",       "fstat",
		"futex",  "getcwd",     "getdents64",   "getpid",       "getrandom",  "getuid",
		"ioctl",  "kill",       "link",         "listen",       "lseek",      "lstat",
		"mkdir",  "mmap",       "mprotect",     "munmap",       "nanosleep",  "open",
		"openat", "pipe",       "poll",         "prctl",        "read",       "readlink",
		"rename", "rmdir",      "rt_sigaction", "select",       "sendto",     "setuid",
		"stat",   "statx",      "symlink",      "umask",        "uname",      "unlink",
		"wait4",  "write",      "writev",       "openat2",      "close_range"
	};
	static const char *traced[] = { "ptrace", "process_vm_readv", "process_vm_writev" };
	static const char *by_value[] = { "personality" }, *by_mask[] = { "clone" };
	static const char *by_domain[] = { "socket" };
	uint64_t no_bits = 0;
	uint32_t enosys = ENOSYS;
	struct oci_seccomp_arg none = { 0, 0, NULL, "SCMP_CMP_EQ" };
	struct oci_seccomp_arg eight = { 0, 8, NULL, "SCMP_CMP_EQ" };
	struct oci_seccomp_arg mask = { 0, 0x7e020000, &no_bits, "SCMP_CMP_MASKED_EQ" };
	struct oci_seccomp_arg vsock = { 0, 40, NULL, "SCMP_CMP_NE" };
	struct oci_seccomp_syscall rules[] = {
		{ .names = { allowed, ARRAY_SIZE(allowed) }, .action = "SCMP_ACT_ALLOW" },
		{ .names = { traced, 3 }, .action = "SCMP_ACT_ERRNO", .errno_ret = &enosys },
		{ .names = { by_value, 1 }, .action = "SCMP_ACT_ALLOW", .args = { &none, 1 } },
		{ .names = { by_value, 1 }, .action = "SCMP_ACT_ALLOW", .args = { &eight, 1 } },
		{ .names = { by_mask, 1 }, .action = "SCMP_ACT_ALLOW", .args = { &mask, 1 } },
		{ .names = { by_domain, 1 }, .action = "SCMP_ACT_ALLOW", .args = { &vsock, 1 } },
	};
	struct oci_seccomp c = profile(rules, ARRAY_SIZE(rules));
	const struct seccomp_source source = { .config = &c };
	const struct sock_filter *shorter;
	struct seccomp_filter f = { 0 };
	struct arena a = { 0 };
	struct err e = { 0 };
	size_t count;

	c.default_action = "SCMP_ACT_ERRNO";
	c.architectures = (struct oci_strings){ archs, ARRAY_SIZE(archs) };
	CHECK_INT(seccomp_compile(&a, &source, &f, &e), 0);
	count = f.count;
	shorter = seccomp_shorten(&a, f.insns, &count);
	CHECK(shorter != f.insns && count < f.count);
	expect_same_answers(&f, shorter, count);
	arena_release(&a);
}

/* What it does not understand stays as it is: a word that is kept, a number
 * that is counted with.
 */
TEST(other_programs_are_left_alone)
{
	static const struct sock_filter calculated[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
	};
	static const struct sock_filter constant[] = { BPF_STMT(BPF_RET | BPF_K,
								SECCOMP_RET_ALLOW) };
	size_t count = ARRAY_SIZE(calculated);
	struct arena a = { 0 };

	CHECK(seccomp_shorten(&a, calculated, &count) == calculated);
	CHECK_INT(count, ARRAY_SIZE(calculated));
	count = 1;
	CHECK(seccomp_shorten(&a, constant, &count) == constant);
	CHECK_INT(count, 1);
	arena_release(&a);
}

/* A jump behind the end is the kernel's to refuse: it is neither followed nor made another. */
TEST(programs_that_leave_themselves_are_left_alone)
{
	static const struct sock_filter out[] = { BPF_STMT(BPF_JMP | BPF_JA, 0x7fffffff),
						  BPF_STMT(BPF_JMP | BPF_JA, 2),
						  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 3, 0),
						  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 255),
						  BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1) };
	struct sock_filter program[60] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	};
	static const struct sock_filter by_argument[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 300, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
	};
	size_t last = ARRAY_SIZE(program) - 1, count = ARRAY_SIZE(program);
	struct arena a = { 0 };

	/* Neighbours have the same answer, which is worth a shorter program. */
	for (size_t i = 4; i < last - 4; i++)
		program[i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)i,
							  (uint8_t)(last - 4 - i), 0);
	memcpy(program + last - 4, by_argument, sizeof(by_argument));
	for (size_t i = 0; i < ARRAY_SIZE(out); i++) {
		program[last - 1] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1);
		program[last] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO);
		CHECK(seccomp_shorten(&a, program, &count) != program);
		CHECK(count < ARRAY_SIZE(program));
		count = ARRAY_SIZE(program);
		program[i == 4 ? last : last - 1] = out[i];
		CHECK(seccomp_shorten(&a, program, &count) == program);
		CHECK_INT(count, ARRAY_SIZE(program));
	}
	arena_release(&a);
}

TEST(what_davit_needs_itself)
{
	static const char *name_execve[] = { "execve", "exit_group" },
			  *name_both[] = { "execve", "capset" };
	struct oci_seccomp_syscall rule = { .names = { name_execve, 2 },
					    .action = "SCMP_ACT_ALLOW" };
	struct oci_seccomp c = { .default_action = "SCMP_ACT_KILL", .syscalls = { &rule, 1 } };
	const struct seccomp_source source = { .config = &c };
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK_INT(seccomp_check_needs(&source, &f, false, &e), 0);
	CHECK(seccomp_check_needs(&source, &f, true, &e) < 0);
	CHECK_STR(e.pointer, "/linux/seccomp/defaultAction");
	CHECK_STR(e.msg, "the seccomp profile kills for capset, which davit itself must still "
			 "call to drop CAP_SYS_ADMIN");
	e = (struct err){ 0 };
	rule.names = (struct oci_strings){ name_both, 2 };
	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK_INT(seccomp_check_needs(&source, &f, true, &e), 0);
	rule.action = "SCMP_ACT_TRAP";
	CHECK_INT(prepare(&a, &c, -1, &f, &e), 0);
	CHECK(seccomp_check_needs(&source, &f, false, &e) < 0);
	CHECK_STR(e.pointer, "/linux/seccomp/syscalls/0");
	arena_release(&a);
}

TEST(refusals)
{
	struct oci_seccomp_arg arg = { 0, 0, NULL, "EQ" };
	struct oci_seccomp_syscall rule = { .names = { name_personality, 1 },
					    .action = "SCMP_ACT_NOTIFY" };
	struct oci_seccomp c = profile(&rule, 1);

	expect_refusal(&c, "/linux/seccomp/syscalls/0/action",
		       "SCMP_ACT_NOTIFY: seccomp listenerPath is not set");
	c.default_action = "SCMP_ACT_NOTIFY";
	expect_refusal(&c, "/linux/seccomp/defaultAction",
		       "SCMP_ACT_NOTIFY: seccomp listenerPath is not set");
	c.default_action = "SCMP_ACT_ALLOW";
	rule.action = "SCMP_ACT_NONE";
	expect_refusal(&c, "/linux/seccomp/syscalls/0/action",
		       "Linux has no seccomp action SCMP_ACT_NONE");
	rule.action = "SCMP_ACT_KILL";
	rule.args = (struct oci_seccomp_args){ &arg, 1 };
	expect_refusal(&c, "/linux/seccomp/syscalls/0/args/0", "Linux has no seccomp operator EQ");
}

/* @count times getppid() with other numbers as its arguments. */
static void refuse_conditions(size_t count, const char *want)
{
	struct oci_seccomp_syscall *rules = calloc(count, sizeof(*rules));
	struct oci_seccomp_arg *args = calloc(2 * count, sizeof(*args));
	struct oci_seccomp c = profile(rules, count);
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < count; i++) {
		args[2 * i] = (struct oci_seccomp_arg){ 0, i, NULL, "SCMP_CMP_EQ" };
		args[2 * i + 1] = (struct oci_seccomp_arg){ 1, i * 7, NULL, "SCMP_CMP_GT" };
		rules[i] = (struct oci_seccomp_syscall){ .names = { name_getppid, 1 },
							 .action = "SCMP_ACT_ERRNO",
							 .args = { &args[2 * i], 2 } };
	}
	CHECK(prepare(&a, &c, -1, &f, &e) < 0);
	CHECK_STR(e.pointer, "/linux/seccomp");
	if (!strstr(e.msg, want))
		CHECK_STR(e.msg, want);
	arena_release(&a);
	free(args);
	free(rules);
}

TEST(a_filter_of_more_instructions_than_the_kernel_takes)
{
	refuse_conditions(1500, "instructions, the kernel takes 4096");
}

/* What a traced child starts has a limit on its processor time, and is killed as soon as it has:
 * then it is as if that had passed. */
static bool kill_when_limited(pid_t child)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE;
	bool is_limited = false;
	struct rlimit limit;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (pid == child && !WIFSTOPPED(status))
			break;
		if (!WIFSTOPPED(status))
			continue;
		if (pid == child) {
			bool is_first = WSTOPSIG(status) == SIGSTOP;

			if (is_first)
				CHECK_INT(ptrace(PTRACE_SETOPTIONS, pid, NULL, options), 0);
			/* Else an event, or SIGCHLD. */
			CHECK_INT(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
			continue;
		}
		if (prlimit(pid, RLIMIT_CPU, NULL, &limit) == 0 &&
		    limit.rlim_max <= SECCOMP_EXPORT_SECONDS) {
			is_limited = true;
			kill(pid, SIGKILL);
		}
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	}
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return is_limited;
}

TEST(compiling_is_bounded_in_time)
{
	pid_t pid = fork();

	if (pid == 0) {
		CHECK_INT(ptrace(PTRACE_TRACEME, 0, NULL, NULL), 0);
		raise(SIGSTOP);
		refuse_conditions(1500, "the seccomp profile takes more than 8 seconds to compile: "
					"too many conditions for one filter");
		_exit(test_failures ? 1 : 0);
	}
	CHECK(kill_when_limited(pid));
}

/* As in a sandbox that does not know the flag: its filter answers for the
 * kernel. */
static void deny_flag(unsigned flag)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, flag, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	CHECK_INT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHECK_INT(seccomp_install(insns, ARRAY_SIZE(insns), 0), 0);
}

TEST(a_flag_that_is_not_known_here_is_refused)
{
	const char *flag = "SECCOMP_FILTER_FLAG_SPEC_ALLOW";
	struct oci_seccomp c = profile(NULL, 0);
	int status;
	pid_t pid = fork();

	c.flags = (struct oci_strings){ &flag, 1 };
	if (pid == 0) {
		deny_flag(SECCOMP_FILTER_FLAG_SPEC_ALLOW);
		expect_refusal(&c, "/linux/seccomp/flags", "this kernel lacks a seccomp flag");
		_exit(test_failures ? 1 : 0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

TEST(a_raw_program_with_no_room_for_the_gate)
{
	static const char three[] = "IAAAAAAAAAAgAAAAAAAAACAAAAAAAAAA"; /* ld nr, three times */
	static char text[1365 * 32 + 13];
	const struct seccomp_source source = { .raw = text, .receiver = "/run/agent.sock" };
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < 1365; i++)
		memcpy(text + i * 32, three, 32);
	strcpy(text + 1365 * 32, "BgAAAAAAwH8="); /* ret USER_NOTIF */
	CHECK_INT(seccomp_prepare(&a, &source, -1, &f, &e), -E2BIG);
	CHECK(strstr(e.msg, "instructions, the kernel takes 4096"));
	arena_release(&a);
}

/* A cache directory of the test's own. */
static int make_cache(char path[static 64])
{
	strcpy(path, "/tmp/davit-seccomp-XXXXXX");
	return mkdtemp(path) ? seccomp_cache_open(path) : -1;
}

static void remove_cache(const char *path)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", path);
	CHECK_INT(system(command), 0);
}

static size_t count_files(const char *path, char *ret_last, size_t size)
{
	char command[128];
	size_t n = 0;
	FILE *f;

	snprintf(command, sizeof(command), "ls -A %s/" SECCOMP_CACHE_NAME, path);
	f = popen(command, "r");
	while (f && fgets(ret_last, (int)size, f))
		n++;
	if (f)
		pclose(f);
	ret_last[strcspn(ret_last, "\n")] = '\0';
	return n;
}

TEST(cache_gives_the_same_program)
{
	uint32_t etime = ETIME;
	struct oci_seccomp_syscall rule = { .names = { name_getppid, 2 },
					    .action = "SCMP_ACT_ERRNO",
					    .errno_ret = &etime };
	struct oci_seccomp c = profile(&rule, 1);
	struct arena a = { 0 };
	struct seccomp_filter fresh = { 0 }, stored = { 0 }, hit = { 0 };
	struct err e = { 0 };
	char path[64], name[256] = "";
	int fd = make_cache(path);

	CHECK(fd >= 0);
	CHECK_INT(prepare(&a, &c, -1, &fresh, &e), 0);
	CHECK_INT(prepare(&a, &c, fd, &stored, &e), 0);
	CHECK_INT(count_files(path, name, sizeof(name)), 1);
	CHECK_INT(prepare(&a, &c, fd, &hit, &e), 0);
	CHECK(hit.count == fresh.count && hit.flags == fresh.flags);
	CHECK(memcmp(hit.insns, fresh.insns, fresh.count * sizeof(*fresh.insns)) == 0);
	CHECK_INT(try_call(&hit, SYS_getppid, 0), ETIME);
	/* Another errno is another program (crun#1394). */
	etime = EXDEV;
	CHECK_INT(prepare(&a, &c, fd, &hit, &e), 0);
	CHECK_INT(try_call(&hit, SYS_getppid, 0), EXDEV);
	CHECK_INT(count_files(path, name, sizeof(name)), 2);
	close(fd);
	remove_cache(path);
	arena_release(&a);
}

/* What the file of the only cached program may look like without being
 * believed. */
static void damage_byte(int fd)
{
	char c = 0x55;

	CHECK_INT(pwrite(fd, &c, 1, 90), 1);
}

static void damage_length(int fd)
{
	CHECK_INT(ftruncate(fd, 88), 0);
}

static void damage_mode(int fd)
{
	CHECK_INT(fchmod(fd, 0644), 0);
}

static void damage_owner(int fd)
{
	CHECK_INT(fchown(fd, 12345, 12345), 0);
}

TEST(damaged_files_are_replaced)
{
	static void (*const damages[])(int fd) = { damage_byte, damage_length, damage_mode,
						   damage_owner };
	struct oci_seccomp_syscall rule = { .names = { name_getppid, 1 },
					    .action = "SCMP_ACT_ERRNO" };
	struct oci_seccomp c = profile(&rule, 1);
	char path[64], name[256] = "", last[256] = "";
	int fd = make_cache(path);
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	if (geteuid() != 0)
		SKIP("needs root to give files away");
	CHECK_INT(prepare(&a, &c, fd, &f, &e), 0);
	count_files(path, name, sizeof(name));
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		int file = openat(fd, name, O_RDWR | O_CLOEXEC);
		struct stat st;

		damages[i](file);
		CHECK_INT(prepare(&a, &c, fd, &f, &e), 0);
		CHECK_INT(try_call(&f, SYS_getppid, 0), EPERM);
		/* The damaged file has made way for a sound one. */
		CHECK(fstat(file, &st) == 0 && st.st_nlink == 0);
		CHECK_INT(count_files(path, last, sizeof(last)), 1);
		close(file);
	}
	close(fd);
	remove_cache(path);
	arena_release(&a);
}

TEST(cache_is_bounded_and_drops_the_oldest)
{
	uint32_t value;
	struct oci_seccomp_syscall rule = { .names = { name_getppid, 1 },
					    .action = "SCMP_ACT_ERRNO",
					    .errno_ret = &value };
	struct oci_seccomp c = profile(&rule, 1);
	char path[64], first[256] = "", last[256] = "";
	int fd = make_cache(path);
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	for (value = 1; value <= SECCOMP_CACHE_FILES + 5; value++) {
		CHECK_INT(prepare(&a, &c, fd, &f, &e), 0);
		if (value == 1) {
			struct timespec old[2] = { { 1, 0 }, { 1, 0 } };

			count_files(path, first, sizeof(first));
			CHECK_INT(utimensat(fd, first, old, 0), 0);
		}
	}
	CHECK_INT(count_files(path, last, sizeof(last)), SECCOMP_CACHE_FILES);
	CHECK(faccessat(fd, first, F_OK, 0) < 0);
	close(fd);
	remove_cache(path);
	arena_release(&a);
}

TEST(directory_of_others_is_refused)
{
	char path[64];
	int fd = make_cache(path);

	CHECK_INT(fchmod(fd, 0770), 0);
	CHECK_INT(seccomp_cache_open(path), -EPERM);
	close(fd);
	remove_cache(path);
	/* Nor is one made where others may write, or where nothing is. */
	CHECK_INT(mkdir(path, 0700), 0);
	CHECK_INT(chmod(path, 0777), 0);
	CHECK_INT(seccomp_cache_open(path), -EPERM);
	CHECK_INT(rmdir(path), 0); /* as it was: empty */
	CHECK_INT(seccomp_cache_open(path), -EPERM);
}

TEST(each_build_has_a_name_of_its_own)
{
	size_t len = 0;
	const unsigned char *id = build_id(&len);
	char told[128] = "", want[128] = "";
	FILE *f = popen("readelf -n /proc/$PPID/exe 2>/dev/null | sed -n 's/.*Build ID: //p'", "r");

	if (f && !fgets(told, sizeof(told), f))
		told[0] = '\0';
	if (f)
		pclose(f);
	if (!told[0])
		SKIP("needs readelf, and a linker that notes a build id");
	told[strcspn(told, "\n")] = '\0';
	CHECK(id && len >= 8 && len < sizeof(want) / 2);
	for (size_t i = 0; i < len; i++)
		snprintf(want + 2 * i, 3, "%02x", id[i]);
	CHECK_STR(told, want);
}
