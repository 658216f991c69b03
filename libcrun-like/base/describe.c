/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See describe.h.
 */
#include "describe.h"

#include "fmt.h"

void describe(const struct describe *d, const char *format, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, format);
	fmt_v(text, sizeof(text), format, ap);
	va_end(ap);
	d->line(d->arg, text);
}
