/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What criu's log says of a failure. It has hundreds of lines; the cause is the first error that is
 * one: some are written on every run.
 */
#ifndef DAVIT_LIFECYCLE_CRIU_LOG_H
#define DAVIT_LIFECYCLE_CRIU_LOG_H

#include "base/err.h"

enum {
	CRIU_LINE_SIZE = 200,
	CRIU_LINES = 4
};

/* The errors in the order of the log, without times and places in criu's source; the number. */
size_t criu_log_read(int dirfd, const char *name, char ret[static CRIU_LINES][CRIU_LINE_SIZE]);

/* @text: the log itself, changed. */
size_t criu_log_errors(char *text, char ret[static CRIU_LINES][CRIU_LINE_SIZE]);

#endif
