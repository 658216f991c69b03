/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Would a filter let davit do what it must still do when the filter is in force? Asked of the
 * compiled program, by running it, before anything is made: under the filter itself there may be no
 * call left by which to say what is wrong.
 */
#ifndef DAVIT_SETUP_SECCOMP_SECCOMP_NEEDS_H
#define DAVIT_SETUP_SECCOMP_SECCOMP_NEEDS_H

#include <linux/seccomp.h>

#include "setup/seccomp/seccomp.h"

/* What @insns, of a valid program (seccomp_raw.h), answer to a call: SECCOMP_RET_... with its data.
 */
uint32_t seccomp_answer(const struct sock_filter *insns, size_t count,
			const struct seccomp_data *call);

/*
 * execve(2) is always needed, capset(2) when CAP_SYS_ADMIN is kept until the filter is loaded
 * (credentials_drop_after_filter()). An error names the call, what the profile does with it, and
 * the cure. A tracer or an agent is trusted to let it through.
 */
int seccomp_check_needs(const struct seccomp_source *s, const struct seccomp_filter *f,
			bool needs_capset, struct err *e);

#endif
