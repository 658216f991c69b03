/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * seccomp(2): a compiled filter becomes the caller's. Compiling is setup/seccomp/seccomp's. The
 * name differs from libseccomp's seccomp_load(), which it would shadow in a static link.
 *
 * The gate. A filter with a listener is in force before anybody can answer its notifications: the
 * listener's descriptor must leave the process by a system call that the filter may deny, kill for,
 * or notify of. Instructions in front of the program therefore let sendmsg(2) and close(2) through
 * when the arguments that these calls do not have are three random words. They are drawn for one
 * container, are nowhere in its memory after execve(2), and cannot be read back out of the filter
 * by anybody inside (PTRACE_SECCOMP_GET_FILTER wants CAP_SYS_ADMIN outside of any container).
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
	SECCOMP_INSNS_MAX = 4096,                 /* BPF_MAXINSNS */
	SECCOMP_GATE_WORDS = 3,
	SECCOMP_GATE_INSNS = 4 + 4 * SECCOMP_GATE_WORDS + 1
};

/*
 * Wants no_new_privs or CAP_SYS_ADMIN in the user namespace (-EACCES). -EINVAL: the kernel knows
 * not all of @flags, or refuses the program. -ESRCH: TSYNC, and a thread has a filter of another
 * ancestry.
 */
int seccomp_install(const struct sock_filter *insns, unsigned short count, unsigned flags);

/* The same with a listener: its descriptor, close-on-exec. -EBUSY: there is a filter with a
 * listener already. */
int seccomp_install_listener(const struct sock_filter *insns, unsigned short count, unsigned flags);

/* False when this kernel refuses one of @flags; nothing is installed. */
bool seccomp_knows_flags(unsigned flags);

/* Is the calling thread under a filter already? */
bool seccomp_has_filter(void);

struct seccomp_gate {
	unsigned long secret[SECCOMP_GATE_WORDS];
};

/* Draws the words. */
int seccomp_gate_make(struct seccomp_gate *ret);
/* The instructions, to stand before a program. */
void seccomp_gate_write(const struct seccomp_gate *g, struct sock_filter ret[SECCOMP_GATE_INSNS]);
/* Through the gate: @data with @pass_fd over @sockfd, then @pass_fd is closed. */
int seccomp_gate_hand_over(const struct seccomp_gate *g, int sockfd, const void *data, size_t len,
			   int pass_fd);

#endif
