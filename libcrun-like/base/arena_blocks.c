/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the pieces of an arena come from: blocks, which double up to 1 MiB; a piece larger than a
 * block gets one of its own. Small ones are zeroed as they are handed out: calloc() would touch all
 * their pages, and most of the last one are never asked for. Sanitizer builds have arena_pieces.c
 * instead.
 */
#include <string.h>

#include "arena.h"

enum {
	BLOCK_FIRST = 32 * 1024,
	BLOCK_LAST = 1024 * 1024,
	BLOCK_MAPPED = 128 * 1024, /* from here on the C library asks the kernel */
	ALIGN = 16
};

struct arena_block {
	struct arena_block *before;
	size_t size;
};

_Static_assert(sizeof(struct arena_block) % ALIGN == 0,
	       "the first piece of a block must be aligned");

static bool add_block(struct arena *a, size_t least)
{
	size_t size = a->blocks ? a->blocks->size * 2 : BLOCK_FIRST;
	struct arena_block *b;

	if (size > BLOCK_LAST)
		size = BLOCK_LAST;
	if (size < least)
		size = least;
	b = size >= BLOCK_MAPPED ? calloc(1, sizeof(*b) + size) : malloc(sizeof(*b) + size);
	if (!b)
		return false;
	b->before = a->blocks;
	b->size = size;
	a->blocks = b;
	a->next = (char *)(b + 1);
	a->left = size;
	return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *piece;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (size > a->left && !add_block(a, size))
		return NULL;
	piece = a->next;
	a->next += size;
	a->left -= size;
	return a->blocks->size >= BLOCK_MAPPED ? piece : memset(piece, 0, size);
}

void arena_release(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->before;
		free(b);
	}
	*a = (struct arena){ 0 };
}
