/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of the command line: one row a subcommand. Parsing and help read them; a new command
 * is a row and a table of options (command_table.c) and a function (commands.c, or a file of its
 * own).
 */
#ifndef DAVIT_SRC_COMMAND_H
#define DAVIT_SRC_COMMAND_H

#include <string.h>

#include "davit.h"
#include "options.h"
#include "session.h"

/* What the options and words of all commands are parsed into. */
struct command_args {
	struct davit_create_options create; /* the bundle and config of plan and validate, too */
	struct davit_exec_options exec;
	struct cli_strings env, caps, groups, cgroups; /* exec */
	const char *user;
	struct davit_update_options update;         /* resources: the name of the file */
	struct davit_checkpoint_options checkpoint; /* restore, too */
	struct cli_strings empty_ns;
	const char *format, *interval;
	const char *trace;
	/* Of descriptors that the caller left open (inherited.h). */
	char *bundle_path, *config_text, *process_text, *mounts_text;
	size_t mounts_len;
	bool all, explain, force, host, man, quiet, regex, rootless, stats, strict;
	struct cli_result words;
};

/* `mounts add ID FILE`: no other command takes that many words. */
enum {
	MOUNTS_WORD = 2
};

enum {
	COMMAND_CREATE,
	COMMAND_START,
	COMMAND_RUN,
	COMMAND_EXEC,
	COMMAND_STATE,
	COMMAND_KILL,
	COMMAND_PAUSE,
	COMMAND_RESUME,
	COMMAND_DELETE,
	COMMAND_CHECKPOINT,
	COMMAND_RESTORE,
	COMMAND_UPDATE,
	COMMAND_EVENTS,
	COMMAND_LIST,
	COMMAND_PS,
	COMMAND_MOUNTS,
	COMMAND_SPEC,
	COMMAND_INFO,
	COMMAND_FEATURES,
	COMMAND_VALIDATE,
	COMMAND_PLAN,
	COMMAND_COMPLETION,
	COMMAND_HELP,
	COMMAND_COUNT
};

struct command {
	const char *name;
	const char *summary;
	const char *words; /* usage of what follows the options */
	const struct cli_option *options;
	size_t min_words, max_words;
	bool seals;   /* starts processes that could reach our executable (CVE-2019-5736) */
	bool context; /* wants s->context */
	/* What follows the first word is for another program and is not parsed: words.rest, which
	 * then is never NULL. */
	bool passes_rest;
	int failure; /* the exit status of a failure, when it is not EXIT_FAILURE */
};

/* The command line as a whole. main.c takes it from command_table.c; the functions of commands are
 * given it with the session. */
struct command_line {
	const struct command *commands;          /* ends with a row without a name */
	const struct cli_option *global_options; /* of struct globals */
};

/* command_table.c */
extern const struct command_line command_line;

static inline const struct command *command_find(const struct command_line *line, const char *name)
{
	for (const struct command *c = line->commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

/* commands.c. Returns the exit status. */
typedef int command_run_fn(struct session *s, const struct command_args *args);
int command_run(struct session *s, const struct command *command, const struct command_args *args);

/* What scripts know as the failure of exec itself. */
enum {
	EXEC_FAILURE = 255
};

/* The commands that have a file of their own; restore is in checkpoint.c. */
command_run_fn checkpoint_run, events_run, exec_run, list_run, mounts_run, plan_run, ps_run,
	restore_run, spec_run, update_run;

#endif
