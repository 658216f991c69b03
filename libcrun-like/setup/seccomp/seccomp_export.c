/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp_export.h. The code generator cannot be interrupted and says nothing of its progress,
 * so a long one runs in a child, which the kernel ends: the program is in a file that both have,
 * and the result in a page that both have, for a caller may ignore SIGCHLD.
 */
#include "setup/seccomp/seccomp_export.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sha256.h"
#include "kernel/process.h"

enum {
	SLOTS = 2 * SECCOMP_RULES_MAX,
	UNFINISHED = 1
};

struct seccomp_seen {
	size_t count, conditions;
	struct slot {
		bool is_taken;
		uint8_t digest[SHA256_SIZE];
	} slots[SLOTS];
};

struct seccomp_seen *seccomp_seen_make(struct arena *a)
{
	return arena_alloc(a, sizeof(struct seccomp_seen));
}

static void digest_of(const struct seccomp_rule *rule, uint8_t ret[static SHA256_SIZE])
{
	struct sha256 s;

	sha256_begin(&s);
	sha256_add(&s, &rule->action, sizeof(rule->action));
	sha256_add(&s, &rule->number, sizeof(rule->number));
	for (size_t i = 0; i < rule->count; i++) {
		const struct scmp_arg_cmp *c = &rule->args[i];
		const uint64_t words[] = { c->arg, c->op, c->datum_a, c->datum_b };

		sha256_add(&s, words, sizeof(words));
	}
	sha256_end(&s, ret);
}

int seccomp_seen_add(struct seccomp_seen *seen, const struct seccomp_rule *rule)
{
	uint8_t digest[SHA256_SIZE];
	uint32_t at;

	digest_of(rule, digest);
	memcpy(&at, digest, sizeof(at));
	for (at %= SLOTS; seen->slots[at].is_taken; at = (at + 1) % SLOTS)
		if (memcmp(seen->slots[at].digest, digest, SHA256_SIZE) == 0)
			return 0;
	if (seen->count == SECCOMP_RULES_MAX)
		return -E2BIG;
	seen->count++;
	seen->conditions += rule->count;
	seen->slots[at].is_taken = true;
	memcpy(seen->slots[at].digest, digest, SHA256_SIZE);
	return 1;
}

static _Noreturn void fail(int *ret)
{
	*ret = neg_errno();
	_exit(1);
}

static _Noreturn void export_in_child(scmp_filter_ctx ctx, int fd, int *ret)
{
	struct rlimit time, stack;

	process_die_with_parent(true);
	if (getrlimit(RLIMIT_CPU, &time) < 0)
		fail(ret);
	/* The caller's may be less, and not everybody may raise it. */
	if (time.rlim_max > SECCOMP_EXPORT_SECONDS)
		time.rlim_max = SECCOMP_EXPORT_SECONDS;
	time.rlim_cur = time.rlim_max;
	if (setrlimit(RLIMIT_CPU, &time) < 0)
		fail(ret);
	/* The caller's may be a few pages. */
	if (getrlimit(RLIMIT_STACK, &stack) == 0) {
		stack.rlim_cur = stack.rlim_max;
		(void)setrlimit(RLIMIT_STACK, &stack); /* then it is what it was */
	}
	*ret = seccomp_export_bpf(ctx, fd);
	_exit(0);
}

int seccomp_export_bounded(const struct seccomp_seen *seen, scmp_filter_ctx ctx, int fd)
{
	int *result, r;
	pid_t pid;

	if (seen->conditions <= SECCOMP_CONDITIONS_FAST)
		return seccomp_export_bpf(ctx, fd);
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (result == MAP_FAILED)
		return neg_errno();
	*result = UNFINISHED;
	pid = fork();
	if (pid == 0)
		export_in_child(ctx, fd, result);
	r = pid < 0 ? neg_errno() : 0;
	while (pid > 0 && waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		continue;
	if (r == 0)
		r = *result == UNFINISHED ? -ETIME : *result;
	munmap(result, sizeof(*result));
	return r;
}
