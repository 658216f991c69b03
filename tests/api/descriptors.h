/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How many descriptors this program has, the one that it looks with too.
 */
#ifndef DAVIT_TESTS_API_DESCRIPTORS_H
#define DAVIT_TESTS_API_DESCRIPTORS_H

#include <dirent.h>

static inline unsigned count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

#endif
