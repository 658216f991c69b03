/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One call of the command: what the global options said, and how its parts report failures. The
 * functions that report return the exit status, so that a command ends with `return session_...`.
 */
#ifndef DAVIT_SRC_SESSION_H
#define DAVIT_SRC_SESSION_H

#include <stdbool.h>

#include "davit-command.h"
#include "log.h"

struct globals {
	const char *log, *log_format, *log_level;
	const char *root;
	const char *cgroup_manager;
	const char *rootless; /* accepted; the library finds out by itself */
	bool debug, systemd_cgroup, version;
};

struct command_line;

struct session {
	const struct command_line *line;
	const char *name; /* what the program is called: argv[0]'s last part */
	struct globals globals;
	const char *trace; /* where to write the times of the steps; NULL: nowhere */
	struct log log;
	struct davit_context *context; /* NULL for commands that need none */
	struct davit_error *error;     /* NULL when memory is gone */
	int private_fds[8];            /* the caller's, that stay (inherited.h) */
	size_t private_fd_count;
	char helper_dir[4096]; /* where helpers are looked for first; "": beside the executable */
	int failure;           /* the exit status of one */
};

/* A success or a failure is complete: a signal that asks to stop must not cut off the end of the
 * command. The library hands the mask on to nobody. */
void session_hold_signals(void);

/* The library's last error. */
int session_report(const struct session *s);
/* What a call of the library has returned: an error of it is reported. */
int session_end(const struct session *s, int result);
/* The same of one that has made a text, which is printed and freed. */
int session_print(const struct session *s, int result, char *text);

/* A failure of the command itself, kind "system". */
__attribute__((format(printf, 2, 3))) int session_fail(const struct session *s, const char *fmt,
						       ...);

/* The same, ending with the words of @code, a positive errno. */
__attribute__((format(printf, 3, 4))) int session_fail_errno(const struct session *s, int code,
							     const char *fmt, ...);

/* The command line is wrong; @command: the one whose help is recommended, or NULL. */
__attribute__((format(printf, 3, 4))) int session_usage(const struct session *s,
							const char *command, const char *fmt, ...);

/* A document that the command line names; "-" is the standard input. 0 with a text to free(), or a
 * negative errno with s->error set. */
int session_read_document(struct session *s, const char *name, char **ret, size_t *ret_len);

bool session_uses_systemd(const struct session *s);

/* Makes the context; 0 or a negative errno with s->error set. */
int session_open(struct session *s);

#endif
