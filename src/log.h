/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where errors, warnings and debug messages go. An error is one line on stderr, always, and one
 * record in the file of --log. Warnings and the rest go to that file, or to stderr without one, and
 * only as far as the level lets them: engines expect a log file with exactly one document, the
 * error, so that a file gets no warnings unless they were asked for.
 */
#ifndef DAVIT_SRC_LOG_H
#define DAVIT_SRC_LOG_H

#include <stdbool.h>

#include "davit.h"

#define LOG_LEVEL_WORDS "error|warning|info|debug"

struct log {
	const char *name; /* of the program */
	const char *path; /* NULL: stderr */
	bool json;
	enum davit_log_level level;
};

/* What ends a command. All but the message may be NULL or "". */
struct failure {
	const char *message, *code, *pointer, *phase, *hint;
};

/*
 * @file: a path, "file:PATH", or NULL. @format, @level: a word of the option's list, or NULL.
 * Return: 0, or -EOPNOTSUPP for a kind of log that is not built; the log then means stderr.
 */
int log_init(struct log *log, const char *file, const char *format, const char *level);

void log_failure(const struct log *log, const struct failure *failure);

/* A davit_log_fn; @log is a struct log. */
void log_message(void *log, enum davit_log_level level, const char *message);

#endif
