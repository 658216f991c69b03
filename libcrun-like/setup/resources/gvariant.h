/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The text form of a D-Bus value (GVariant text format), as the annotations org.systemd.property.*
 * have it: true, 5, uint64 5, 'text', ['a', 'b'], ('x', 1), {'k': 2}, <3>, b'bytes', @as []. It is
 * turned into a signature and a sequence of tokens, which the helper that speaks D-Bus reads:
 *
 *	=VALUE     a basic value: a number in decimal, true or false, a text
 *	[ ... ]    an array
 *	( ... )    a struct, or an entry of a dictionary
 *	<SIGNATURE ... >   a variant
 *
 * each closed by a NUL.
 */
#ifndef DAVIT_SETUP_RESOURCES_GVARIANT_H
#define DAVIT_SETUP_RESOURCES_GVARIANT_H

#include "base/arena.h"

enum {
	GVARIANT_SIGNATURE_SIZE = 64
};

struct gvariant {
	char signature[GVARIANT_SIGNATURE_SIZE];
	const char *tokens;
	size_t len;
};

/* -EINVAL: it is none, with what is wrong with it in *@ret_why; -ENOMEM. */
int gvariant_parse(struct arena *a, const char *text, struct gvariant *ret, const char **ret_why);

#endif
