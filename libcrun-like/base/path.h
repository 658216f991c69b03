/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one walk over the components of a path, as text: nothing is looked up. Slashes in a row are
 * one.
 */
#ifndef DAVIT_BASE_PATH_H
#define DAVIT_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The length of the next component, "." and ".." too; *at moves to its beginning. 0 at the end. */
static inline size_t path_component(const char **at)
{
	*at += strspn(*at, "/");
	return strcspn(*at, "/");
}

/* The next component that is a name or "..": "/" and "." are passed over. *at moves behind it;
 * returns its length, 0 at the end. */
static inline size_t path_next(const char **at, const char **ret_name)
{
	size_t len;

	do {
		len = path_component(at);
		*ret_name = *at;
		*at += len;
	} while (len == 1 && **ret_name == '.');
	return len;
}

static inline bool path_is_dotdot(const char *name, size_t len)
{
	return len == 2 && name[0] == '.' && name[1] == '.';
}

static inline bool path_has_dotdot(const char *path)
{
	const char *name;
	size_t len;

	while ((len = path_next(&path, &name)) > 0)
		if (path_is_dotdot(name, len))
			return true;
	return false;
}

/* The length of the longest component of @path. */
static inline size_t path_longest(const char *path)
{
	size_t longest = 0, len;

	for (; (len = path_component(&path)) > 0; path += len)
		longest = len > longest ? len : longest;
	return longest;
}

/* As it is taken: every component is a name, none is "", "." or "..". */
static inline bool path_is_plain(const char *path)
{
	const char *name;
	size_t len, sum = 0;

	for (const char *at = path; (len = path_next(&at, &name)) > 0; sum += len + 1)
		if (path_is_dotdot(name, len))
			return false;
	return sum > 0 && sum - 1 == strlen(path);
}

/* Whether @path is below @dir, as texts. */
static inline bool path_is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/';
}

/* Whether it is @dir, or below it. */
static inline bool path_is_in(const char *path, const char *dir)
{
	return path_is_below(path, dir) || strcmp(path, dir) == 0;
}

/* The length of the first @len bytes without the slashes at their end; of "//" one stays. */
static inline size_t path_trimmed(const char *path, size_t len)
{
	while (len > 1 && path[len - 1] == '/')
		len--;
	return len;
}

/* Takes the last component and the slashes before it off; returns what is left. */
static inline size_t path_cut_last(char *path)
{
	size_t len = strlen(path);

	while (len > 0 && path[len - 1] != '/')
		len--;
	while (len > 0 && path[len - 1] == '/')
		len--;
	path[len] = '\0';
	return len;
}

#endif
