/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the pieces of an arena come from in a sanitizer build, instead of arena_blocks.c: each is
 * an allocation of its own, of exactly the size that was asked for. Then the sanitizer's red zones
 * lie on both sides of it (what is known about a piece lies apart, for that), and what is used
 * after arena_release() is found too.
 */
#include "arena.h"

struct arena_block {
	struct arena_block *before;
	void *piece;
};

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = size > SIZE_MAX / 2 ? NULL : malloc(sizeof(*b));

	if (!b)
		return NULL;
	/* calloc() may give NULL for nothing at all, which would look like lack of memory. */
	b->piece = calloc(1, size ? size : 1);
	if (!b->piece) {
		free(b);
		return NULL;
	}
	b->before = a->blocks;
	a->blocks = b;
	return b->piece;
}

void arena_release(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->before;
		free(b->piece);
		free(b);
	}
	*a = (struct arena){ 0 };
}
