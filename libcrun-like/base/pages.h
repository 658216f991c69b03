/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Memory for a while, beside heap and stack: INIT may not use the one, and a thread of an embedding
 * program may have little of the other (musl gives 128 KiB). What is not touched costs nothing.
 */
#ifndef DAVIT_BASE_PAGES_H
#define DAVIT_BASE_PAGES_H

#include <sys/mman.h>

#include "base/util.h"

/* Zeroed, or NULL and errno. */
static inline void *pages_take(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static inline void pages_give(void *p, size_t size)
{
	int saved = errno;

	if (p)
		(void)munmap(p, size);
	errno = saved;
}

#endif
