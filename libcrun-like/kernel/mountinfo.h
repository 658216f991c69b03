/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lines of /proc/PID/mountinfo (proc(5)).
 */
#ifndef DAVIT_KERNEL_MOUNTINFO_H
#define DAVIT_KERNEL_MOUNTINFO_H

#include <sys/types.h>

#include "base/util.h"

enum {
	MOUNTINFO_SIZE = 1024 * 1024 /* of the whole text, at most */
};

struct mountinfo {
	uint64_t id, parent;
	const char *device; /* "0:52" */
	char *root, *place, *options;
	const char *tags; /* "shared:1 master:2 ", or "" */
	char *type, *source;
};

/* The whole text of a process; @pid 0: the caller's. The length, or -errno; -EFBIG. */
int mountinfo_read(pid_t pid, char *buf, size_t size);

/* The next line of *@text, which is changed; false at its end. Strings point into it. */
bool mountinfo_next(char **text, struct mountinfo *ret);

#endif
