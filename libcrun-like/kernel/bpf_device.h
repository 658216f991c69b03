/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The device filter of a cgroup (v2): a BPF_PROG_TYPE_CGROUP_DEVICE program made from rules, loaded
 * and attached. Rules are evaluated in their order as the v1 device allow-list did: each one sets
 * (allow) or clears (deny) the access bits that it names for the devices that it matches; a request
 * passes when all of its bits are set at the end. Where no rule says anything, it is refused.
 *
 * The rules are evaluated while building, not by the program: what is emitted is a tree (type,
 * major, minor) in which no path goes on with a known major. Tests in a row, one a rule, make the
 * verifier's work quadratic (15 rules 1.3 ms, 400 refused); the tree's is linear.
 */
#ifndef DAVIT_KERNEL_BPF_DEVICE_H
#define DAVIT_KERNEL_BPF_DEVICE_H

#include <linux/bpf.h>

#include "base/arena.h"
#include "base/util.h"

struct bpf_device_rule {
	bool allow;
	char type;            /* 'a' (both), 'b', 'c' */
	int64_t major, minor; /* -1: every */
	unsigned access;      /* BPF_DEVCG_ACC_* */
};

struct bpf_device_program {
	const struct bpf_insn *insns;
	size_t count;
};

/* -EINVAL: no such type or number; -E2BIG: beyond the reach of a jump (about 8,000 rules). */
int bpf_device_build(struct arena *a, const struct bpf_device_rule *rules, size_t count,
		     struct bpf_device_program *ret);
/* True when the program refuses nothing, so that attaching it would change nothing. */
bool bpf_device_allows_all(const struct bpf_device_program *p);

/* An fd of the loaded program. -EPERM without CAP_BPF and CAP_NET_ADMIN of the first user
 * namespace. */
int bpf_device_load(const struct bpf_device_program *p);

/* Attaches beside the programs of others (BPF_F_ALLOW_MULTI), in the place of one that
 * bpf_device_load() made before, if there is one: never a moment without a filter. */
int bpf_device_attach(int cgroup_fd, int prog_fd);
/* Takes away the programs that bpf_device_load() made; 0 also when there were none. */
int bpf_device_detach(int cgroup_fd);
/* How many of ours are attached. */
int bpf_device_query(int cgroup_fd, size_t *ret_count);

#endif
