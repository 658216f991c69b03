/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A sink for lines of text: how a prepared operation tells `davit plan` what it would do.
 */
#ifndef DAVIT_BASE_DESCRIBE_H
#define DAVIT_BASE_DESCRIBE_H

#include "util.h"

struct describe {
	void (*line)(void *arg, const char *text);
	void *arg;
};

/* One line, without a newline; cut at 400 bytes. */
void describe(const struct describe *d, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
