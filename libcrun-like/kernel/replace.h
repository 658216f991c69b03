/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file that is there whole or not at all: written under another name, then renamed. That name is
 * made by this call or not used: others may write to the directory, and have prepared a link or a
 * FIFO.
 */
#ifndef DAVIT_KERNEL_REPLACE_H
#define DAVIT_KERNEL_REPLACE_H

#include <sys/types.h>

#include "base/util.h"

struct replacement {
	const char *text;
	size_t len;
	mode_t mode;
	bool is_private; /* nobody else uses the directory: a stale temporary is removed */
};

/* -errno; then what had the name is as it was, and no temporary is left. */
int replace_file(int dirfd, const char *name, const struct replacement *with);
/* The same by a path of the host, as the caller names it. */
int replace_path(const char *path, const struct replacement *with);

#endif
