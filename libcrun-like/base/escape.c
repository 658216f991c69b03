/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See escape.h. Nothing here allocates: children of a half-made container report through it.
 */
#include "escape.h"

#include <string.h>

#include "fmt.h"

/* The bytes of the UTF-8 character at @s; 0: there is none (overlong, a surrogate, cut off). */
static size_t decode(const unsigned char *s, unsigned *ret)
{
	static const struct {
		unsigned char mask, lead;
		unsigned least;
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		unsigned code = s[0] & (unsigned char)~forms[i].mask;

		if ((s[0] & forms[i].mask) != forms[i].lead)
			continue;
		for (size_t k = 1; k <= i; k++) {
			if ((s[k] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (s[k] & 0x3f);
		}
		if (code < forms[i].least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return 0;
		*ret = code;
		return i + 1;
	}
	return 0;
}

static const char *letter_of(unsigned code)
{
	return code == '\n' ? "\\n" : code == '\r' ? "\\r" : code == '\t' ? "\\t" : NULL;
}

size_t escape_piece(const char *text, char ret[static ESCAPE_PIECE])
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned code = 0;
	size_t len = *s ? decode(s, &code) : 0;

	if (!*s)
		ret[0] = '\0';
	else if (len == 0)
		fmt(ret, ESCAPE_PIECE, "\\x%02x", *s);
	else if (letter_of(code))
		fmt(ret, ESCAPE_PIECE, "%s", letter_of(code));
	else if (code < 0x20 || code == 0x7f)
		fmt(ret, ESCAPE_PIECE, "\\x%02x", code);
	else if (code >= 0x80 && code < 0xa0)
		fmt(ret, ESCAPE_PIECE, "\\u%04x", code);
	else
		fmt(ret, ESCAPE_PIECE, "%.*s", (int)len, text);
	return *s && len == 0 ? 1 : len;
}

size_t escape(char *buf, size_t size, const char *text)
{
	size_t at = 0, shown = 0, taken;
	char piece[ESCAPE_PIECE];

	while ((taken = escape_piece(text, piece))) {
		size_t len = strlen(piece);

		if (at == shown && at + len < size) {
			memcpy(buf + at, piece, len);
			shown += len;
		}
		at += len;
		text += taken;
	}
	if (size)
		buf[shown] = '\0';
	return at;
}
