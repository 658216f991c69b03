/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See json_utf8.h. Documents are ASCII for the most part, so eight bytes are looked at together.
 * yajl's own check is off: it lets overlong forms and surrogates pass, decodes a lone \udc00 to
 * invalid UTF-8, and \u0000 cuts a C string short ("/etc\u0000/x" would name /etc).
 */
#include "json_utf8.h"

#include <string.h>

static bool are_eight_plain(const char *p)
{
	const uint64_t low = 0x0101010101010101, high = 0x8080808080808080;
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return !(w & high) && !((w - low) & ~w & high); /* no byte above 127, no byte 0 */
}

/* Length of the sequence at @p; 0: invalid. RFC 3629, section 4: only the second byte's range
 * depends on the first. */
static size_t sequence_len(const unsigned char *p, size_t left)
{
	unsigned char first = 0x80, last = 0xbf;
	size_t len;

	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		first = 0xa0;
	if (p[0] == 0xed)
		last = 0x9f;
	if (p[0] == 0xf0)
		first = 0x90;
	if (p[0] == 0xf4)
		last = 0x8f;
	if (len > left || p[1] < first || p[1] > last)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return len;
}

size_t json_utf8_scan(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		if (len - at >= 8 && are_eight_plain(text + at)) {
			at += 8;
		} else if ((signed char)text[at] > 0) {
			at++;
		} else {
			size_t n = sequence_len((const unsigned char *)text + at, len - at);

			if (!n)
				return at;
			at += n;
		}
	}
	return at;
}

static unsigned hex_digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* The code unit of the \uXXXX at @p; yajl's lexer has checked the digits. */
static unsigned code_unit(const char *p)
{
	return hex_digit(p[2]) << 12 | hex_digit(p[3]) << 8 | hex_digit(p[4]) << 4 |
	       hex_digit(p[5]);
}

const char *json_escapes_fault(const char *raw, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		unsigned unit;

		if (raw[i] != '\\')
			continue;
		if (raw[i + 1] != 'u' || i + 5 >= len) {
			i++;
			continue;
		}
		unit = code_unit(raw + i);
		i += 5;
		if (unit == 0)
			return "NUL in a string";
		if (unit >= 0xdc00 && unit <= 0xdfff)
			return "half of a surrogate pair in a string";
		if (unit < 0xd800 || unit > 0xdbff)
			continue;
		if (i + 6 >= len || raw[i + 1] != '\\' || raw[i + 2] != 'u' ||
		    (code_unit(raw + i + 1) & 0xfc00) != 0xdc00)
			return "half of a surrogate pair in a string";
		i += 6;
	}
	return NULL;
}
