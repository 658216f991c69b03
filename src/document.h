/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A JSON document that the command line names. What is in it is the library's matter.
 */
#ifndef DAVIT_SRC_DOCUMENT_H
#define DAVIT_SRC_DOCUMENT_H

#include <stddef.h>

/* "-" is the standard input. 0 with a text to free(), which has no closing NUL, or an errno. */
int document_read(const char *name, char **ret, size_t *ret_len);

#endif
