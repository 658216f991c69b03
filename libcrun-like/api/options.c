/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See options.h.
 */
#include "api/options.h"

#include <string.h>

enum {
	/* Nobody's struct is longer: a size that was never set. */
	SIZE_MAX_KNOWN = 64 * 1024
};

static bool is_zero(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

int options_check_size(const void *of, const char *what, struct err *e)
{
	size_t given = *(const size_t *)of;

	if (given < sizeof(given) || given > SIZE_MAX_KNOWN)
		return err_kind(e, ERR_USAGE, EINVAL,
				"the member size of struct %s is %zu, not its size", what, given);
	return 0;
}

int options_take(void *to, size_t size, const void *from, const char *what, struct err *e)
{
	size_t given = from ? *(const size_t *)from : 0;

	if (!from)
		return err_kind(e, ERR_USAGE, EINVAL, "struct %s is missing", what);
	if (options_check_size(from, what, e) < 0)
		return -e->code;
	if (given > size && !is_zero((const char *)from + size, given - size))
		return err_kind(e, ERR_USAGE, E2BIG,
				"struct %s has members that this version of libdavit does not know",
				what);
	memset(to, 0, size);
	memcpy(to, from, given < size ? given : size);
	*(size_t *)to = size;
	return 0;
}
