/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/bpf_device: the program against an evaluator of the rules (the kernel has no test run for
 * this type, so a small interpreter runs it), its size and load time, and real opens behind it.
 */
#include "kernel/bpf_device.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "kernel/cgroupfs.h"
#include "test.h"

enum {
	M = BPF_DEVCG_ACC_MKNOD,
	R = BPF_DEVCG_ACC_READ,
	W = BPF_DEVCG_ACC_WRITE
};

/* -1: the program did something that the interpreter does not know. */
static int interpret(const struct bpf_device_program *p, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t reg[11] = { 0 };

	for (size_t at = 0; at < p->count; at++) {
		const struct bpf_insn *i = &p->insns[at];
		uint32_t dst = (uint32_t)reg[i->dst_reg], imm = (uint32_t)i->imm;

		switch (i->code) {
		case BPF_LDX | BPF_W | BPF_MEM:
			if (i->src_reg != BPF_REG_1 || i->off < 0 ||
			    (size_t)i->off > sizeof(*ctx) - 4)
				return -1;
			reg[i->dst_reg] = 0;
			memcpy(&reg[i->dst_reg], (const char *)ctx + i->off, 4);
			break;
		case BPF_ALU | BPF_X | BPF_MOV:
			reg[i->dst_reg] = (uint32_t)reg[i->src_reg];
			break;
		case BPF_ALU | BPF_K | BPF_MOV:
			reg[i->dst_reg] = imm;
			break;
		case BPF_ALU | BPF_K | BPF_AND:
			reg[i->dst_reg] = dst & imm;
			break;
		case BPF_ALU | BPF_K | BPF_RSH:
			reg[i->dst_reg] = dst >> imm;
			break;
		case BPF_JMP32 | BPF_K | BPF_JNE:
			at += dst != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP32 | BPF_K | BPF_JSET:
			at += (dst & imm) ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)reg[0];
		default:
			return -1;
		}
	}
	return -1;
}

static int run(const struct bpf_device_program *p, char type, uint32_t major, uint32_t minor,
	       unsigned access)
{
	struct bpf_cgroup_dev_ctx ctx = {
		.access_type =
			access << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
		.major = major,
		.minor = minor,
	};

	return interpret(p, &ctx);
}

static int reference(const struct bpf_device_rule *rules, size_t count, char type, uint32_t major,
		     uint32_t minor, unsigned access)
{
	unsigned allowed = 0;

	for (size_t i = 0; i < count; i++) {
		const struct bpf_device_rule *r = &rules[i];

		if ((r->type != 'a' && r->type != type) || (r->major >= 0 && r->major != major) ||
		    (r->minor >= 0 && r->minor != minor))
			continue;
		allowed = r->allow ? allowed | r->access : allowed & ~r->access;
	}
	return allowed && !(access & ~allowed);
}

static void compare(const struct bpf_device_rule *rules, size_t count)
{
	struct arena a = { 0 };
	struct bpf_device_program p;

	CHECK_INT(bpf_device_build(&a, rules, count, &p), 0);
	for (unsigned n = 0; n < 2 * 6 * 6 * 8; n++) {
		char type = n % 2 ? 'b' : 'c';
		unsigned major = n / 2 % 6, minor = n / 12 % 6, access = n / 72;
		int want = reference(rules, count, type, major, minor, access);

		if (run(&p, type, major, minor, access) == want)
			continue;
		CHECK_INT(run(&p, type, major, minor, access), want);
		printf("# %c %u:%u access %u\n", type, major, minor, access);
	}
	arena_release(&a);
}

TEST(random_rules_decide_as_the_reference)
{
	struct bpf_device_rule rules[12];
	struct arena a = { 0 };

	srandom(4711);
	for (int round = 0; round < 3000; round++) {
		size_t count = (size_t)random() % 13;

		for (size_t i = 0; i < count; i++)
			rules[i] = (struct bpf_device_rule){
				.allow = random() % 2,
				.type = "abc"[random() % 3],
				.major = random() % 6 - 1,
				.minor = random() % 6 - 1,
				.access = (unsigned)random() % 8,
			};
		compare(rules, count);
	}
	arena_release(&a);
}

TEST(no_rules_refuse_everything)
{
	struct arena a = { 0 };
	struct bpf_device_program p;

	CHECK_INT(bpf_device_build(&a, NULL, 0, &p), 0);
	CHECK_INT(run(&p, 'c', 1, 3, R), 0);
	CHECK_INT(run(&p, 'b', 8, 0, M), 0);
	CHECK(!bpf_device_allows_all(&p));
	arena_release(&a);
}

TEST(allow_all_is_recognised)
{
	const struct bpf_device_rule rules[] = {
		{ false, 'a', -1, -1, R | W | M },
		{ true, 'c', 1, 3, R | W },
		{ true, 'a', -1, -1, R | W | M },
		{ true, 'c', 136, -1, R | W | M },
	};
	struct arena a = { 0 };
	struct bpf_device_program p;

	CHECK_INT(bpf_device_build(&a, rules, 4, &p), 0);
	CHECK(bpf_device_allows_all(&p));
	CHECK_INT(bpf_device_build(&a, rules, 2, &p), 0);
	CHECK(!bpf_device_allows_all(&p));
	arena_release(&a);
}

TEST(numbers_are_32_bits_wide)
{
	const struct bpf_device_rule rule = { true, 'c', UINT32_MAX, UINT32_MAX - 1, R };
	const struct bpf_device_rule bad[] = { { true, 'c', 1LL << 32, 0, R },
					       { true, 'c', 0, -2, R },
					       { true, 'p', 0, 0, R },
					       { true, 'c', 0, 0, 8 } };
	struct arena a = { 0 };
	struct bpf_device_program p;

	CHECK_INT(bpf_device_build(&a, &rule, 1, &p), 0);
	CHECK_INT(run(&p, 'c', UINT32_MAX, UINT32_MAX - 1, R), 1);
	CHECK_INT(run(&p, 'c', UINT32_MAX, UINT32_MAX - 1, W), 0);
	CHECK_INT(run(&p, 'c', UINT32_MAX, 0, R), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(bpf_device_build(&a, &bad[i], 1, &p), -EINVAL);
	arena_release(&a);
}

/* Of this thread's own work: what else the machine does must not matter. The kernel's verifier
 * works for its caller. */
static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Three minors a major and changing accesses, after a deny-all. */
static struct bpf_device_rule *make_rules(struct arena *a, size_t count)
{
	struct bpf_device_rule *rules = arena_array(a, count, sizeof(*rules));

	rules[0] = (struct bpf_device_rule){ false, 'a', -1, -1, R | W | M };
	for (size_t i = 1; i < count; i++)
		rules[i] = (struct bpf_device_rule){ true, i % 4 ? 'c' : 'b', (int64_t)i / 3,
						     (int64_t)i % 3, (unsigned)i % 7 + 1 };
	return rules;
}

/* The best of ten; -1: refused. */
static double load_time(size_t count, double *ret_build)
{
	double best = -1;

	*ret_build = -1;
	for (int round = 0; round < 10; round++) {
		struct arena a = { 0 };
		struct bpf_device_rule *rules = make_rules(&a, count);
		struct bpf_device_program p = { 0 };
		double t0 = now_us(), t1, t2;
		int fd;

		CHECK_INT(bpf_device_build(&a, rules, count, &p), 0);
		t1 = now_us();
		fd = bpf_device_load(&p);
		t2 = now_us();
		arena_release(&a);
		if (fd < 0) {
			CHECK(fd == -EPERM);
			return -1;
		}
		close(fd);
		best = best < 0 || t2 - t1 < best ? t2 - t1 : best;
		*ret_build = *ret_build < 0 || t1 - t0 < *ret_build ? t1 - t0 : *ret_build;
	}
	return best;
}

TEST(load_time_grows_with_the_rules_only)
{
	static const size_t counts[] = { 15, 60, 500, 1000, 2000, 4000 };
	double took[ARRAY_SIZE(counts)], build;

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		took[i] = load_time(counts[i], &build);
		if (took[i] < 0)
			SKIP("may not load BPF programs");
		printf("# %zu rules: build %.0f us, load %.0f us\n", counts[i], build, took[i]);
	}
	/* Doubled three times over, with room for a noisy machine; quadratic would be 64 x. */
	CHECK(took[5] < took[2] * 32);
}

static int open_result(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Runs in the cgroup: a bit for each thing that is not as it should be. */
static int try_devices(int cgroup_fd, const char *node)
{
	int bad = 0;

	if (cgroupfs_write(cgroup_fd, "cgroup.procs", "0") < 0)
		return 64;
	bad |= open_result("/dev/null", O_RDWR) == 0 ? 0 : 1;
	bad |= open_result("/dev/zero", O_RDONLY) == 0 ? 0 : 2;
	bad |= open_result("/dev/zero", O_WRONLY) == EPERM ? 0 : 4;
	bad |= open_result("/dev/full", O_RDONLY) == EPERM ? 0 : 8;
	bad |= mknod(node, S_IFCHR | 0600, makedev(1, 3)) == 0 ? 0 : 16;
	unlink(node);
	bad |= mknod(node, S_IFCHR | 0600, makedev(1, 5)) < 0 && errno == EPERM ? 0 : 32;
	unlink(node);
	return bad;
}

static int in_cgroup(int cgroup_fd, int (*run_there)(int, const char *))
{
	char node[64];
	pid_t pid = fork();
	int status = -1;

	snprintf(node, sizeof(node), "/tmp/davit-test-node-%d", (int)getpid());
	if (pid == 0)
		_exit(run_there(cgroup_fd, node));
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int try_null(int cgroup_fd, const char *node)
{
	if (cgroupfs_write(cgroup_fd, "cgroup.procs", "0") < 0)
		return 64;
	return open_result("/dev/null", O_RDWR);
}

static int load_rules(const struct bpf_device_rule *rules, size_t count)
{
	struct arena a = { 0 };
	struct bpf_device_program p;
	int fd = -EINVAL;

	if (bpf_device_build(&a, rules, count, &p) == 0)
		fd = bpf_device_load(&p);
	arena_release(&a);
	return fd;
}

TEST(attached_program_decides_real_opens)
{
	const struct bpf_device_rule rules[] = { { true, 'c', 1, 3, R | W | M },
						 { true, 'c', 1, 5, R } };
	struct cgroupfs_made made;
	char path[64];
	size_t count = 99;
	int rootfd = cgroupfs_open_root(NULL), first, second;

	if (rootfd < 0)
		SKIP("no cgroup2 hierarchy");
	first = load_rules(rules, 2);
	second = load_rules(NULL, 0);
	snprintf(path, sizeof(path), "davit-test-bpf-%d", (int)getpid());
	if (first < 0 || second < 0 || cgroupfs_make(rootfd, path, &made) < 0)
		SKIP("may not load BPF programs or make cgroups");

	CHECK_INT(bpf_device_attach(made.dirfd, first), 0);
	CHECK_INT(in_cgroup(made.dirfd, try_devices), 0);
	CHECK_INT(bpf_device_query(made.dirfd, &count), 0);
	CHECK_INT(count, 1);

	CHECK_INT(bpf_device_attach(made.dirfd, second), 0);
	CHECK_INT(bpf_device_query(made.dirfd, &count), 0);
	CHECK_INT(count, 1);
	CHECK_INT(in_cgroup(made.dirfd, try_null), EPERM);

	CHECK_INT(bpf_device_detach(made.dirfd), 0);
	CHECK_INT(bpf_device_query(made.dirfd, &count), 0);
	CHECK_INT(count, 0);
	CHECK_INT(in_cgroup(made.dirfd, try_null), 0);

	CHECK_INT(cgroupfs_remove(rootfd, path, 2000), 0);
	close(first);
	close(second);
	close(made.dirfd);
	close(rootfd);
}
