/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where errors, warnings and debug messages go. An error is one line on stderr, always, and one
 * record in the log of --log, which is a file, the journal or the syslog. Warnings and the rest go
 * to that file, or to stderr without one, and only as far as the level lets them: engines expect a
 * log file with exactly one document, the error, so that a file gets no warnings unless they were
 * asked for.
 */
#ifndef DAVIT_SRC_LOG_H
#define DAVIT_SRC_LOG_H

#include <stdbool.h>

#include "davit.h"

#define LOG_LEVEL_WORDS "error|warning|info|debug"

enum log_target {
	LOG_STDERR,
	LOG_FILE,
	LOG_JOURNALD, /* systemd-journald(8), in its own form */
	LOG_SYSLOG,   /* syslog(3), RFC 3164 */
};

struct log {
	const char *name; /* of the program */
	enum log_target target;
	const char *path; /* of the file; what the record is called by the others */
	bool json;
	enum davit_log_level level;
};

/* What ends a command. All but the message may be NULL or "". Records name the kind "code" and the
 * step "phase". */
struct failure {
	const char *message, *kind, *pointer, *step, *hint;
};

/*
 * @file: a path, "file:PATH", "journald:NAME", "syslog:NAME", or NULL. @format, @level: a word of
 * the option's list, or NULL.
 */
void log_init(struct log *log, const char *file, const char *format, const char *level);

/* To append to; -1: it cannot be, or a link of somebody else leads to it. */
int log_file_open(const char *name);

void log_failure(const struct log *log, const struct failure *failure);

/* A davit_log_fn; @log is a struct log. */
void log_message(void *log, enum davit_log_level level, const char *message);

#endif
