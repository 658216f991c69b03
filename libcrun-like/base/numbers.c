/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See numbers.h.
 */
#include "base/numbers.h"

#include <errno.h>
#include <stdbool.h>
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
