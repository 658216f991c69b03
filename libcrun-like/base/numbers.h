/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lists of numbers as of cpuset(7), "0-3,7": of CPUs and of memory nodes. Blanks between are passed
 * over.
 */
#ifndef DAVIT_BASE_NUMBERS_H
#define DAVIT_BASE_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	NUMBERS_CPUS = 8191,     /* the largest CONFIG_NR_CPUS, less 1 */
	NUMBERS_NODES = 4095 * 8 /* the kernel takes masks of a page */
};

/* The range at *at, which moves behind it and the comma. -EINVAL: there is none, or one above
 * @most, or nothing behind a comma; *at is where it was. */
int numbers_next(const char **at, unsigned most, unsigned *ret_first, unsigned *ret_last);

/* The number in decimal that @text begins with; *ret_end: what is behind it. False: there is none,
 * or it has more than 64 bits. */
bool number_parse(const char *text, uint64_t *ret, const char **ret_end);

#endif
