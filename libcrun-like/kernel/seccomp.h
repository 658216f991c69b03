/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * seccomp(2): a compiled filter becomes the caller's. Compiling is setup/seccomp's. The name
 * differs from libseccomp's seccomp_load(), which it would shadow in a static link.
 */
#ifndef DAVIT_KERNEL_SECCOMP_H
#define DAVIT_KERNEL_SECCOMP_H

#include <linux/filter.h>

#include "base/util.h"

enum {
	/* linux/seccomp.h has them all but the last in the headers of 5.15. */
	SECCOMP_FLAG_TSYNC = 1 << 0,
	SECCOMP_FLAG_LOG = 1 << 1,
	SECCOMP_FLAG_SPEC_ALLOW = 1 << 2,
	SECCOMP_FLAG_WAIT_KILLABLE_RECV = 1 << 5, /* Linux 5.19 */
	SECCOMP_INSNS_MAX = 4096                  /* BPF_MAXINSNS */
};

/*
 * Wants no_new_privs or CAP_SYS_ADMIN in the user namespace (-EACCES). -EINVAL: the kernel knows
 * not all of @flags, or refuses the program. -ESRCH: TSYNC, and a thread has a filter of another
 * ancestry.
 */
int seccomp_install(const struct sock_filter *insns, unsigned short count, unsigned flags);

#endif
