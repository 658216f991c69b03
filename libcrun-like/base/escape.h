/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Texts of an image, a configuration or a hook, made fit to be shown: one line of valid UTF-8
 * without control characters (C0, DEL, C1), which would break a record in two or drive the reader's
 * terminal. They are spelled (\n, \x1b, \u009b) where a message is made, so that whoever gets it,
 * an embedding program too, need not. The backslash stays: to escape twice changes nothing.
 */
#ifndef DAVIT_BASE_ESCAPE_H
#define DAVIT_BASE_ESCAPE_H

#include "util.h"

enum {
	ESCAPE_PIECE = 8
};

/* The next character of @text as it is shown, and the bytes it took; 0 at the end. */
size_t escape_piece(const char *text, char ret[static ESCAPE_PIECE]);

/* As much as there is room for, never half of a character; returns the whole length. */
size_t escape(char *buf, size_t size, const char *text);

#endif
