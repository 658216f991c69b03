/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lines of /proc/PID/mountinfo (proc(5)).
 */
#ifndef DAVIT_KERNEL_MOUNTINFO_H
#define DAVIT_KERNEL_MOUNTINFO_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/util.h"

struct mountinfo {
	uint64_t id, parent;
	const char *device; /* "0:52" */
	char *root, *place, *options;
	const char *tags; /* "shared:1 master:2 ", or "" */
	char *type, *source;
};

struct mountinfo_list {
	struct mountinfo *items;
	size_t count;
};

/* All of a process; @pid 0: the caller's. 0 or -errno; -EFBIG: the text is too long. */
int mountinfo_read(struct arena *a, pid_t pid, struct mountinfo_list *ret);

/* The next line of *@text, which is changed; false at its end. Strings point into it. */
bool mountinfo_next(char **text, struct mountinfo *ret);

#endif
