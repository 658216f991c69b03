/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See numbers.h.
 */
#include "base/numbers.h"

#include <errno.h>
#include <string.h>

static bool read_number(const char **at, unsigned most, unsigned *ret)
{
	const char *p = *at + strspn(*at, " ");
	unsigned n = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (unsigned)(*p - '0');
		if (n > most)
			return false;
	}
	*at = p + strspn(p, " ");
	*ret = n;
	return true;
}

int numbers_next(const char **at, unsigned most, unsigned *ret_first, unsigned *ret_last)
{
	const char *p = *at;

	if (!read_number(&p, most, ret_first))
		return -EINVAL;
	*ret_last = *ret_first;
	if (*p == '-') {
		p++;
		if (!read_number(&p, most, ret_last) || *ret_last < *ret_first)
			return -EINVAL;
	}
	if (*p == ',' && p[1 + strspn(p + 1, " ")])
		p++;
	else if (*p)
		return -EINVAL;
	*at = p;
	return 0;
}

bool number_parse(const char *text, uint64_t *ret, const char **ret_end)
{
	uint64_t n = 0;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
			return false;
	*ret = n;
	*ret_end = text;
	return true;
}
