/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What bounds the work of libseccomp, whose time grows with the square of the rules and more: rules
 * that say the same are given to it once, no more different ones than a filter has instructions,
 * and its code generator has so many seconds of processor time (1,000 rules of two conditions for
 * three architectures took it 40).
 */
#ifndef DAVIT_SETUP_SECCOMP_SECCOMP_EXPORT_H
#define DAVIT_SETUP_SECCOMP_SECCOMP_EXPORT_H

#include <seccomp.h>

#include "base/arena.h"
#include "base/err.h"

enum {
	SECCOMP_RULES_MAX = 4096,
	SECCOMP_EXPORT_SECONDS = 8,
	SECCOMP_CONDITIONS_FAST = 256 /* up to here it is milliseconds: no child */
};

struct seccomp_rule {
	uint32_t action;
	int number;
	const struct scmp_arg_cmp *args;
	size_t count;
};

struct seccomp_seen; /* the different rules, by their digests */

/* NULL: no memory. */
struct seccomp_seen *seccomp_seen_make(struct arena *a);
/* 1: it is new; 0: it was there; -E2BIG: one more than there may be. */
int seccomp_seen_add(struct seccomp_seen *seen, const struct seccomp_rule *rule);

/* seccomp_export_bpf() of what was seen; -ETIME: it took too long. */
int seccomp_export_bounded(const struct seccomp_seen *seen, scmp_filter_ctx ctx, int fd);

#endif
