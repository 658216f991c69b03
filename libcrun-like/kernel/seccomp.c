/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp.h. The raw call, because the C library has none; no heap, runs in INIT.
 */
#include "seccomp.h"

#include <linux/seccomp.h>

#include "sys.h"

int seccomp_install(const struct sock_filter *insns, unsigned short count, unsigned flags)
{
	/* The kernel only reads the program; the header lacks the const. */
	struct sock_fprog program = { .len = count,
				      .filter = (struct sock_filter *)(uintptr_t)insns };
	int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);

	/* With TSYNC a positive value is the thread that could not be synchronised. */
	return r > 0 ? -ESRCH : r;
}
