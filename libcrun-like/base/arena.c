/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See arena.h. Here is what is the same wherever the pieces come from: arena_blocks.c, or
 * arena_pieces.c in sanitizer builds.
 */
#include "arena.h"

#include <string.h>

#include "fmt.h"

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
