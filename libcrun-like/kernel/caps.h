/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The five capability sets of the calling thread, as 64-bit masks (bit N: capability N). Raw system
 * calls: libcap allocates, and this runs in INIT. Names of capabilities are setup/'s.
 */
#ifndef DAVIT_KERNEL_CAPS_H
#define DAVIT_KERNEL_CAPS_H

#include "base/util.h"

struct caps {
	uint64_t effective, permitted, inheritable;
};

/* The mask of the capabilities that the running kernel has. */
uint64_t caps_known(void);

int caps_get(struct caps *ret);
int caps_set(const struct caps *caps);

uint64_t caps_bounding(void);
/* Drops all but @keep from the bounding set. -EPERM: without CAP_SETPCAP, unless nothing is left to
 * drop. */
int caps_limit_bounding(uint64_t keep);

/* Makes the ambient set equal to @ambient. -EPERM: not in permitted and inheritable. */
int caps_set_ambient(uint64_t ambient);

/* The permitted set survives the next setresuid(2); execve(2) takes the flag back. */
int caps_keep_over_setuid(void);

int caps_set_no_new_privs(void);

#endif
