/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A printf subset that needs no heap, no locale and no stdio, so that a freshly cloned child may
 * use it: %s %.*s %c %d %i %u %x %o %% with l, ll, z and a field width (with 0). Anything else is
 * printed as it stands.
 */
#ifndef DAVIT_BASE_FMT_H
#define DAVIT_BASE_FMT_H

#include <stdarg.h>

#include "util.h"

/* Writes at most @size bytes with the closing NUL; returns the length the whole text would have, as
 * snprintf(3). */
size_t fmt_v(char *buf, size_t size, const char *fmt, va_list ap);
size_t fmt(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
