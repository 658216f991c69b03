/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/process/memory_policy: lists of nodes become masks, words become the kernel's numbers, and
 * the kernel has the policy afterwards.
 */
#include "setup/process/memory_policy.h"

#include <linux/mempolicy.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "test.h"

enum {
	WORD_BITS = 8 * sizeof(unsigned long)
};

static struct arena arena;

static int prepare(const char *mode, const char *nodes, const char *flag, struct memory_policy *ret,
		   struct err *e)
{
	struct oci_memory_policy asked = { mode, nodes, { &flag, flag ? 1 : 0 } };
	const struct oci_linux lin = { .memory_policy = &asked };
	int r;

	*e = (struct err){ 0 };
	r = memory_policy_prepare(&arena, &lin, ret, e);
	ret->asked = NULL; /* it is on our stack */
	return r;
}

TEST(lists_of_nodes)
{
	struct memory_policy p = { 0 };
	struct err e;

	CHECK_INT(prepare("MPOL_BIND", "0-3,7", NULL, &p, &e), 0);
	CHECK_INT(p.bits, 8);
	CHECK_INT(p.nodes[0], 0x8f);
	CHECK_INT(prepare("MPOL_BIND", " 1 - 2 , 64", NULL, &p, &e), 0);
	CHECK_INT(p.bits, 65);
	CHECK_INT(p.nodes[0], 6);
	CHECK_INT(p.nodes[64 / WORD_BITS], 1);
	CHECK_INT(prepare("MPOL_BIND", "5000", NULL, &p, &e), 0);
	CHECK_INT(p.bits, 5001);
	CHECK_INT(p.nodes[5000 / WORD_BITS], 1L << 5000 % WORD_BITS);
	CHECK_INT(prepare("MPOL_PREFERRED", "", NULL, &p, &e), 0);
	CHECK_INT(p.bits, 0);
	CHECK(!p.nodes);
	CHECK_INT(prepare("MPOL_LOCAL", NULL, NULL, &p, &e), 0);
}

TEST(modes_and_flags)
{
	struct memory_policy p = { 0 };
	struct err e;

	CHECK_INT(prepare("MPOL_INTERLEAVE", "0", "MPOL_F_STATIC_NODES", &p, &e), 0);
	CHECK_INT(p.mode, MPOL_INTERLEAVE | MPOL_F_STATIC_NODES);
	CHECK_INT(prepare("MPOL_NONE", "0", NULL, &p, &e), -EOPNOTSUPP);
	CHECK_STR(e.pointer, "/linux/memoryPolicy/mode");
	CHECK_INT(prepare("MPOL_BIND", "0", "MPOL_F_NONE", &p, &e), -EOPNOTSUPP);
	CHECK_STR(e.pointer, "/linux/memoryPolicy/flags/0");
	CHECK_INT(memory_policy_prepare(&arena, NULL, &p, &e), 0);
	CHECK_INT(memory_policy_apply(&p, &e), 0); /* nothing asked, nothing done */
}

TEST(the_kernel_has_it)
{
	const struct oci_memory_policy asked = { "MPOL_BIND", "0", { NULL, 0 } };
	const struct oci_linux lin = { .memory_policy = &asked };
	struct memory_policy p = { 0 };
	struct err e = { 0 };
	int status, mode = -1;

	if (syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) < 0)
		SKIP("needs a kernel with NUMA");
	CHECK_INT(memory_policy_prepare(&arena, &lin, &p, &e), 0);
	if (fork() == 0) {
		unsigned long mask[16] = { 0 };

		if (memory_policy_apply(&p, &e) < 0)
			_exit(1);
		if (syscall(SYS_get_mempolicy, &mode, mask, 8 * sizeof(mask), NULL, 0) < 0)
			_exit(2);
		_exit(mode == MPOL_BIND && mask[0] == 1 ? 0 : 3);
	}
	CHECK(wait(&status) > 0);
	CHECK_INT(status, 0);
	arena_release(&arena);
}
