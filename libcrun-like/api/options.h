/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The structs that callers hand in begin with their size, so that they can grow: the caller may
 * have been built for an older or a newer library than this one.
 */
#ifndef DAVIT_API_OPTIONS_H
#define DAVIT_API_OPTIONS_H

#include "base/err.h"

/*
 * Copies the caller's struct to @to, which has @size bytes, with the size that it has here: what an
 * older caller's lacks is zero; one that is longer is refused when there is anything behind ours
 * but zeros, since that asks for what we do not know. Not a byte is read behind its own end.
 * @what: "davit_create_options", for the message.
 */
int options_take(void *to, size_t size, const void *from, const char *what, struct err *e);

/* Whether a struct of the caller's, one that is filled in, says its size. */
int options_check_size(const void *of, const char *what, struct err *e);

#endif
