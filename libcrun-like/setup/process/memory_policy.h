/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.memoryPolicy: from which NUMA nodes the container's memory comes. Which modes want nodes
 * and which take none is a check of oci-spec/; which nodes there are is known to the kernel alone.
 */
#ifndef DAVIT_SETUP_PROCESS_MEMORY_POLICY_H
#define DAVIT_SETUP_PROCESS_MEMORY_POLICY_H

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"

struct memory_policy {
	const struct oci_memory_policy *asked; /* NULL: unchanged */
	int mode;                              /* with its flags */
	const unsigned long *nodes;            /* a mask as long as the highest node needs */
	unsigned long bits;
};

/* @lin may be NULL. */
int memory_policy_prepare(struct arena *a, const struct oci_linux *lin, struct memory_policy *ret,
			  struct err *e);

/* INIT: holds over fork and execve. */
int memory_policy_apply(const struct memory_policy *p, struct err *e);

void memory_policy_describe(const struct memory_policy *p, const struct describe *d);

/* What this build knows; NULL ends it. For `features`. */
const char *memory_policy_mode_name(size_t i);
const char *memory_policy_flag_name(size_t i);

#endif
