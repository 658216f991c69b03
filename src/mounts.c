/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `mounts add|remove ID FILE` and `mounts list ID`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

typedef int mounts_change_fn(struct davit_context *ctx, const char *id, const char *mounts,
			     size_t len, struct davit_error *err);

static int change_mounts(struct session *s, const struct command_args *args,
			 mounts_change_fn *change)
{
	const char *name = args->words.words[MOUNTS_WORD];
	int status = EXIT_SUCCESS;
	char *text = NULL;
	size_t len = args->mounts_len;

	if (!name)
		return session_usage(s, "mounts", "an argument is missing: FILE");
	if (!args->mounts_text && session_read_document(s, name, &text, &len) < 0)
		return session_report(s);
	if (change(s->context, args->words.words[1], text ? text : args->mounts_text, len,
		   s->error) < 0)
		status = session_report(s);
	free(text);
	return status;
}

static int list_mounts(struct session *s, const struct command_args *args)
{
	char *json = NULL;

	if (args->words.count > 2)
		return session_usage(s, "mounts", "'%.100s' is one argument too many",
				     args->words.words[2]);
	if (davit_mounts_list(s->context, args->words.words[1], &json, s->error) < 0)
		return session_report(s);
	fputs(json, stdout);
	free(json);
	return EXIT_SUCCESS;
}

int mounts_run(struct session *s, const struct command_args *args)
{
	const char *verb = args->words.words[0];

	if (!strcmp(verb, "add"))
		return change_mounts(s, args, davit_mounts_add);
	if (!strcmp(verb, "remove"))
		return change_mounts(s, args, davit_mounts_remove);
	if (!strcmp(verb, "list"))
		return list_mounts(s, args);
	return session_usage(s, "mounts", "unknown action '%.100s'", verb);
}
