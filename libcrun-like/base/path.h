/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one walk over the components of a path, as text: nothing is looked up.
 */
#ifndef DAVIT_BASE_PATH_H
#define DAVIT_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The next component that is a name or "..": "/" and "." are passed over. *at moves behind it;
 * returns its length, 0 at the end. */
static inline size_t path_next(const char **at, const char **ret_name)
{
	const char *p = *at;
	size_t len;

	do {
		p += strspn(p, "/");
		len = strcspn(p, "/");
		*ret_name = p;
		p += len;
	} while (len == 1 && **ret_name == '.');
	*at = p;
	return len;
}

static inline bool path_is_dotdot(const char *name, size_t len)
{
	return len == 2 && name[0] == '.' && name[1] == '.';
}

#endif
