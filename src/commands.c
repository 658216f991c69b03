/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the commands of command_table.c do; here stand those that are little more than one call of
 * the library.
 * Nothing is printed on success but what was asked for: engines show all output to their user.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "completion.h"
#include "containers.h"
#include "help.h"
#include "manual.h"
#include "text.h"

static int run_create(struct session *s, const struct command_args *args)
{
	struct davit_create_options options = args->create;

	options.id = args->words.words[0];
	session_hold_signals();
	return session_end(s, davit_create(s->context, &options, s->error));
}

static int run_run(struct session *s, const struct command_args *args)
{
	struct davit_create_options options = args->create;
	int status = EXIT_SUCCESS;

	options.id = args->words.words[0];
	session_hold_signals();
	if (davit_run(s->context, &options, &status, s->error) < 0)
		return session_report(s);
	return status;
}

static int run_start(struct session *s, const struct command_args *args)
{
	return session_end(s, davit_start(s->context, args->words.words[0], s->error));
}

static int kill_one(struct session *s, const struct command_args *args, const char *id)
{
	const char *word = args->words.count > 1 ? args->words.words[1] : "TERM";

	return davit_kill(s->context, id, davit_signal_parse(word), args->all, s->error);
}

static int run_kill(struct session *s, const struct command_args *args)
{
	const char *word = args->words.count > 1 ? args->words.words[1] : "TERM";

	if (davit_signal_parse(word) < 0)
		return session_usage(s, "kill", "unknown signal \"%.100s\"", word);
	return containers_do(s, args, kill_one);
}

static int run_pause(struct session *s, const struct command_args *args)
{
	return session_end(s, davit_pause(s->context, args->words.words[0], s->error));
}

static int run_resume(struct session *s, const struct command_args *args)
{
	return session_end(s, davit_resume(s->context, args->words.words[0], s->error));
}

static int delete_one(struct session *s, const struct command_args *args, const char *id)
{
	return davit_delete(s->context, id, args->force, s->error);
}

static int run_delete(struct session *s, const struct command_args *args)
{
	return containers_do(s, args, delete_one);
}

static int run_state(struct session *s, const struct command_args *args)
{
	char *json = NULL;
	int r = davit_state(s->context, args->words.words[0], &json, s->error);

	return session_print(s, r, json);
}

static int run_features(struct session *s, const struct command_args *args)
{
	char *json = NULL;
	int r = davit_features(&json, s->error);

	return session_print(s, r, json);
}

static int print_fact(void *arg, const char *name, const char *value)
{
	for (; *name; name++)
		putchar(*name == '/' ? '.' : *name);
	fputs(": ", stdout);
	text_write_line(stdout, value);
	putchar('\n');
	return 0;
}

static int run_info(struct session *s, const struct command_args *args)
{
	bool is_json = args->format && !strcmp(args->format, "json");
	char *json = NULL;
	int r = davit_info(s->context, is_json ? NULL : print_fact, NULL, is_json ? &json : NULL,
			   s->error);

	return is_json ? session_print(s, r, json) : session_end(s, r);
}

static int print_fault(void *arg, const struct davit_error *fault)
{
	text_write_line(stdout, davit_error_message(fault));
	putchar('\n');
	return 0;
}

static int run_validate(struct session *s, const struct command_args *args)
{
	struct davit_validate_options options = { .size = sizeof(options),
						  .bundle = args->create.bundle,
						  .config = args->create.config,
						  .strict = args->strict };
	size_t faults = 0;

	if (args->words.count > 0)
		options.bundle = args->words.words[0];
	/* A file alone is looked at for itself: there is no bundle that it could fit to. */
	options.host = args->host || options.bundle || !options.config;
	if (davit_validate(&options, print_fault, NULL, &faults, s->error) < 0)
		return session_report(s);
	printf("%zu fault%s\n", faults, faults == 1 ? "" : "s");
	return faults ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_help(struct session *s, const struct command_args *args)
{
	const struct command *about;

	if (args->words.count == 0) {
		if (args->man)
			manual_print_page(s->line, NULL, davit_version());
		else
			help_print_program(s->line, s->name);
		return EXIT_SUCCESS;
	}
	about = command_find(s->line, args->words.words[0]);
	if (!about)
		return session_fail(s, "No help topic for '%.100s'", args->words.words[0]);
	if (args->man)
		manual_print_page(s->line, about, davit_version());
	else
		help_print_command(s->name, about);
	return EXIT_SUCCESS;
}

static int run_completion(struct session *s, const struct command_args *args)
{
	const char *shell = args->words.words[0];

	if (!completion_print(s->line, shell, s->name))
		return session_usage(s, "completion", "no completion for '%.100s': bash, zsh, fish",
				     shell);
	return EXIT_SUCCESS;
}

/* clang-format off */
static command_run_fn *const functions[] = {
	[COMMAND_CREATE] = run_create,
	[COMMAND_START] = run_start,
	[COMMAND_RUN] = run_run,
	[COMMAND_EXEC] = exec_run,
	[COMMAND_STATE] = run_state,
	[COMMAND_KILL] = run_kill,
	[COMMAND_PAUSE] = run_pause,
	[COMMAND_RESUME] = run_resume,
	[COMMAND_DELETE] = run_delete,
	[COMMAND_CHECKPOINT] = checkpoint_run,
	[COMMAND_RESTORE] = restore_run,
	[COMMAND_UPDATE] = update_run,
	[COMMAND_EVENTS] = events_run,
	[COMMAND_LIST] = list_run,
	[COMMAND_PS] = ps_run,
	[COMMAND_MOUNTS] = mounts_run,
	[COMMAND_SPEC] = spec_run,
	[COMMAND_INFO] = run_info,
	[COMMAND_FEATURES] = run_features,
	[COMMAND_VALIDATE] = run_validate,
	[COMMAND_PLAN] = plan_run,
	[COMMAND_COMPLETION] = run_completion,
	[COMMAND_HELP] = run_help,
};
/* clang-format on */
_Static_assert(sizeof(functions) / sizeof(functions[0]) == COMMAND_COUNT, "a function each");

int command_run(struct session *s, const struct command *command, const struct command_args *args)
{
	return functions[command - s->line->commands](s, args);
}
