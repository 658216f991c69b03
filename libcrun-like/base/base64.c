/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See base64.h.
 */
#include "base64.h"

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, @digits of which are not padding. */
static int decode_group(const char *text, unsigned digits, uint8_t *ret)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < 4; i++) {
		int v = i < digits ? value_of(text[i]) : 0;

		if (v < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)v;
	}
	if (bits & (UINT32_C(0xffffff) >> 8 * (digits - 1)))
		return -EINVAL;
	for (unsigned i = 0; i + 1 < digits; i++)
		ret[i] = (uint8_t)(bits >> (16 - 8 * i));
	return (int)digits - 1;
}

ssize_t base64_decode(const char *text, size_t len, uint8_t *ret)
{
	size_t n = 0;

	if (len % 4)
		return -EINVAL;
	for (size_t i = 0; i < len; i += 4) {
		unsigned digits = 4;
		int r;

		if (i + 4 == len && text[i + 3] == '=')
			digits = text[i + 2] == '=' ? 2 : 3;
		r = decode_group(text + i, digits, ret + n);
		if (r < 0)
			return r;
		n += (size_t)r;
	}
	return (ssize_t)n;
}
