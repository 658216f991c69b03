/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Instructions in front of a filter that answer ENOSYS to system calls which are newer than its
 * profile. C libraries try a new call first and fall back to an old one on ENOSYS, but take the
 * default action's EPERM for the kernel's last word. What is newer is told by numbers, which only
 * ever grow within an architecture: above the newest call that the profile names.
 */
#ifndef DAVIT_SETUP_SECCOMP_SECCOMP_STUB_H
#define DAVIT_SETUP_SECCOMP_SECCOMP_STUB_H

#include <linux/filter.h>

#include "base/util.h"

enum {
	SECCOMP_STUB_INSNS = 6 /* for each row */
};

/* Of one architecture: numbers in (last, end) are newer than the profile. */
struct seccomp_stub {
	uint32_t arch; /* as the kernel has it in seccomp_data */
	uint32_t last, end;
};

/* @ret has room for @count * SECCOMP_STUB_INSNS. */
void seccomp_stub_write(const struct seccomp_stub *rows, size_t count, struct sock_filter *ret);

#endif
