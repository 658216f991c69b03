/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `checkpoint` and `restore`: what containers are moved with.
 */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"

static struct davit_checkpoint_options take_options(const struct command_args *args)
{
	struct davit_checkpoint_options options = args->checkpoint;

	options.size = sizeof(options);
	options.empty_ns = args->empty_ns.items;
	return options;
}

static int print_obstacle(void *arg, const char *line)
{
	bool *is_refused = arg;

	*is_refused = true;
	return puts(line) < 0;
}

/* Like a dump that is refused, it fails when there is something. */
static int explain(struct session *s, const struct command_args *args,
		   const struct davit_checkpoint_options *options)
{
	bool is_refused = false;

	if (davit_checkpoint_explain(s->context, args->words.words[0], options, print_obstacle,
				     &is_refused, s->error) < 0)
		return session_report(s);
	return is_refused ? EXIT_FAILURE : EXIT_SUCCESS;
}

int checkpoint_run(struct session *s, const struct command_args *args)
{
	struct davit_checkpoint_options options = take_options(args);

	if (args->explain)
		return explain(s, args, &options);

	/* A dump that is cut off is worth nothing: criu ends it, or puts everything back. */
	session_hold_signals();
	return session_end(s,
			   davit_checkpoint(s->context, args->words.words[0], &options, s->error));
}

int restore_run(struct session *s, const struct command_args *args)
{
	struct davit_checkpoint_options options = take_options(args);
	struct davit_create_options container = args->create;
	int status = EXIT_SUCCESS;

	container.id = args->words.words[0];
	session_hold_signals();
	if (davit_restore(s->context, &container, &options, &status, s->error) < 0)
		return session_report(s);
	return status;
}
