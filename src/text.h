/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Strings on their way out: those of unknown origin as JSON and on a terminal, and all of one into
 * a file.
 */
#ifndef DAVIT_SRC_TEXT_H
#define DAVIT_SRC_TEXT_H

#include <stdio.h>

/* With its quotes. Bytes that are not UTF-8 become U+FFFD. */
void text_write_json(FILE *out, const char *text);

/* On one line, without control characters: they become \n, \t or \xNN. */
void text_write_line(FILE *out, const char *text);

/* All of it, or -errno. */
int text_write_all(int fd, const char *text, size_t len);

#endif
