/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tables from the words of config.json to the numbers of the kernel. Which words there are is the
 * decoder's to say (oci-spec/config_tables.c); here is what they mean.
 */
#ifndef DAVIT_BASE_WORDS_H
#define DAVIT_BASE_WORDS_H

#include "base/err.h"

struct word {
	const char *text;
	unsigned value;
};

struct words {
	const char *what; /* for messages: "scheduling policy" */
	const struct word *rows;
	size_t count;
};
#define WORDS(what, rows)                                                                          \
	{                                                                                          \
		(what), (rows), ARRAY_SIZE(rows)                                                   \
	}

/* A word of the specification that is not in the table is one that Linux, or this build, does not
 * have. */
int words_value(const struct words *w, const char *text, const char *pointer, unsigned *ret,
		struct err *e);
/* The values of all words of the list at @pointer, or'ed together. */
int words_union(const struct words *w, const char *const *list, size_t count, const char *pointer,
		unsigned *ret, struct err *e);
/* The words in their order; NULL: there are no more. */
const char *words_name(const struct words *w, size_t i);

#endif
