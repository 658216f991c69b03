/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See arena.h. Blocks double up to 1 MiB; a piece larger than a block gets one of its own.
 */
#include "arena.h"

#include <string.h>

#include "fmt.h"

enum {
	BLOCK_FIRST = 32 * 1024,
	BLOCK_LAST = 1024 * 1024,
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
	b = calloc(1, sizeof(*b) + size);
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
	return piece;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(count, size, &all))
		return NULL;
	return arena_alloc(a, all);
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *copy = len < SIZE_MAX ? arena_alloc(a, len + 1) : NULL;

	if (copy)
		memcpy(copy, s, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list ap;
	char *text;
	size_t len;

	va_start(ap, format);
	len = fmt_v(NULL, 0, format, ap);
	va_end(ap);
	text = arena_alloc(a, len + 1);
	if (!text)
		return NULL;
	va_start(ap, format);
	fmt_v(text, len + 1, format, ap);
	va_end(ap);
	return text;
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
