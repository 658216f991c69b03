/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Helper executables: what needs libraries that davit does not have in it. A helper reads one
 * message from its standard input, answers on its standard output, and has nothing else of ours: no
 * descriptor, no environment but what it is given. When this process ends it is killed.
 */
#ifndef DAVIT_KERNEL_HELPER_H
#define DAVIT_KERNEL_HELPER_H

#include "base/util.h"

/*
 * Opens the helper @name: in @dir, in the folder ../libexec/davit beside @dir, or in the folder of
 * the installation, whichever comes first. @dir NULL: where this process's own executable is.
 * Neither PATH nor anything else that a caller's environment says counts, and nobody but root and
 * the caller may be able to write to the helper or to the folder that it is in: what somebody put
 * beside an executable in a folder of everybody's is passed over. -ENOENT: there is none; -EPERM:
 * the one that there is may be another's.
 */
int helper_open(const char *dir, const char *name, int *ret_fd);

struct helper_call {
	int fd; /* of helper_open() */
	const char *name;
	char *const *envp;
	const char *message;
	size_t len;
	unsigned deadline_ms;
};

/*
 * Runs it, and gives the answer, at most @size - 1 bytes with a NUL behind them. Returns its
 * length; -ETIMEDOUT: it was killed at the deadline; -EPIPE: it ended without a complete answer, by
 * another status than 0; -EFBIG: more than there is room for; other -errno.
 */
int helper_run(const struct helper_call *call, char *answer, size_t size);

#endif
