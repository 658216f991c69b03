/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Memory of one lifetime: allocated piece by piece, released at once. Zeroed; aligned to 16 bytes.
 * Only HOST allocates (an arena is never touched after a spawn).
 */
#ifndef DAVIT_BASE_ARENA_H
#define DAVIT_BASE_ARENA_H

#include "util.h"

struct arena_block;
struct arena {
	struct arena_block *blocks;
	char *next;
	size_t left;
};

/* NULL when memory is gone or the size overflows; everything else cannot fail. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t count, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))

void arena_release(struct arena *a);

#endif
