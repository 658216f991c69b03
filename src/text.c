/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See text.h. Error messages quote paths, annotations and whatever a hook printed: none of it may
 * break a record in two, make it invalid JSON, or drive the reader's terminal.
 */
#include "text.h"

#include <stdbool.h>
#include <stddef.h>

/* The bytes of the UTF-8 character at @s; 0: there is none (overlong, a surrogate, cut off). */
static size_t utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned char mask, lead;
		unsigned least;
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
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
		return i + 1;
	}
	return 0;
}

/* The letter of a two-character escape that JSON and C share; 0: none. */
static char escape_letter(unsigned char c)
{
	switch (c) {
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

/* C1 (U+0080 to U+009F) is two bytes; a terminal acts upon it as upon ESC and a letter. */
static bool is_c1(const unsigned char *s)
{
	return s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0;
}

void text_write_json(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	fputc('"', out);
	while (*s) {
		size_t len = utf8_length(s);

		if (len == 0) {
			fputs("\\ufffd", out);
			len = 1;
		} else if (*s == '"' || *s == '\\') {
			fprintf(out, "\\%c", *s);
		} else if (escape_letter(*s)) {
			fprintf(out, "\\%c", escape_letter(*s));
		} else if (*s < 0x20 || *s == 0x7f) {
			fprintf(out, "\\u%04x", *s);
		} else if (is_c1(s)) {
			fprintf(out, "\\u%04x", s[1]);
		} else {
			fwrite(s, 1, len, out);
		}
		s += len;
	}
	fputc('"', out);
}

void text_write_line(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s) {
		size_t len = utf8_length(s);

		if (escape_letter(*s))
			fprintf(out, "\\%c", escape_letter(*s));
		else if (len == 0 || *s < 0x20 || *s == 0x7f)
			fprintf(out, "\\x%02x", *s);
		else if (is_c1(s))
			fprintf(out, "\\u%04x", s[1]);
		else
			fwrite(s, 1, len, out);
		s += len ? len : 1;
	}
}
