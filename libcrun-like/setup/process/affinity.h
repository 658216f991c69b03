/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * process.execCPUAffinity: the CPUs that a program of `exec` may run on, before and after it is in
 * the container's cgroup (config.md#process). A mask is that of a whole process here: callers have
 * one thread that counts.
 */
#ifndef DAVIT_SETUP_PROCESS_AFFINITY_H
#define DAVIT_SETUP_PROCESS_AFFINITY_H

#include "base/err.h"
#include "base/numbers.h"

enum {
	AFFINITY_CPUS = NUMBERS_CPUS + 1
};

struct affinity {
	bool is_given; /* false: nothing is to be changed */
	unsigned long bits[AFFINITY_CPUS / (8 * sizeof(unsigned long))];
};

/* A sound list as of cpuset(7), "0-3,7". NULL and "": none is given. */
void affinity_prepare(const char *list, struct affinity *ret);

/* The CPUs that the calling thread may run on. */
int affinity_get(struct affinity *ret, struct err *e);
int affinity_set(const struct affinity *cpus, struct err *e);

/* All CPUs that the cpuset of the cgroup has: what the caller of davit is bound to is its own
 * affair. Needs no right, and what cannot be is left as it is. */
void affinity_reset(void);

#endif
