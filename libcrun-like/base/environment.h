/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A variable of an environment that was handed over: the library asks for none of its process's.
 */
#ifndef DAVIT_BASE_ENVIRONMENT_H
#define DAVIT_BASE_ENVIRONMENT_H

#include <stddef.h>
#include <string.h>

/* The entry "NAME=VALUE"; NULL: there is none. @environment may be NULL. */
static inline char *environment_find(char *const *environment, const char *name)
{
	size_t len = strlen(name);

	for (; environment && *environment; environment++)
		if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
			return *environment;
	return NULL;
}

#endif
