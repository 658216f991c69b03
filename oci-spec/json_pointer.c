/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See json_pointer.h.
 */
#include "json_pointer.h"

#include <string.h>

static size_t add(char *buf, size_t size, size_t at, const char *text, size_t len)
{
	for (size_t i = 0; i < len && at + 1 < size; i++)
		buf[at++] = text[i];
	buf[at] = '\0';
	return at;
}

/* A full buffer ends in dots, behind a whole character. */
static void mark_cut(char *buf, size_t size)
{
	size_t at = size - 4;

	while (at && (buf[at] & 0xc0) == 0x80)
		at--;
	memset(buf + at, '.', size - 1 - at);
}

size_t json_pointer_add(char *buf, size_t size, size_t at, const char *key, size_t len)
{
	at = add(buf, size, at, "/", 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = key[i];

		if (c == '~')
			at = add(buf, size, at, "~0", 2);
		else if (c == '/')
			at = add(buf, size, at, "~1", 2);
		else
			at = add(buf, size, at, c < ' ' || c == 0x7f ? "?" : key + i, 1);
	}
	if (at + 1 == size)
		mark_cut(buf, size);
	return at;
}

const char *json_pointer_below(char buf[static 128], const char *above, const char *key)
{
	size_t len = strlen(above);

	memcpy(buf, above, len + 1);
	json_pointer_add(buf, 128, len, key, strlen(key));
	return buf;
}
