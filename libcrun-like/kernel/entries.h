/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The entries of an open directory, without a heap, "." and ".." among them. What is made or
 * removed meanwhile may or may not be seen (readdir(3)).
 */
#ifndef DAVIT_KERNEL_ENTRIES_H
#define DAVIT_KERNEL_ENTRIES_H

#include "kernel/sys.h"

struct entries {
	int dirfd;
	void *list; /* room for some of them, aligned as a struct sys_dirent */
	size_t size;
	int at, len; /* 0 at first; len is -errno when they cannot be read */
};

/* The next one, which lives until more have to be read; NULL: there is none, or it cannot be read.
 */
static inline const struct sys_dirent *entries_next(struct entries *e)
{
	const struct sys_dirent *entry;

	if (e->at >= e->len) {
		e->len = sys_getdents(e->dirfd, e->list, e->size);
		e->at = 0;
	}
	if (e->len <= 0)
		return NULL;
	entry = (const void *)((const char *)e->list + e->at);
	e->at += entry->size;
	return entry;
}

#endif
