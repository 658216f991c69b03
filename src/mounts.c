/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `mounts add|remove ID FILE` and `mounts list ID`.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"

typedef int mounts_change_fn(struct davit_context *ctx, const char *id, const char *mounts,
			     size_t len, struct davit_error *err);

static int change_mounts(struct session *s, const struct command_args *args,
			 mounts_change_fn *change)
{
	const char *name = args->words.words[MOUNTS_WORD];
	char *text = NULL;
	size_t len = args->mounts_len;
	int r;

	if (!name)
		return session_usage(s, "mounts", "an argument is missing: FILE");
	if (!args->mounts_text && session_read_document(s, name, &text, &len) < 0)
		return session_report(s);
	r = change(s->context, args->words.words[1], text ? text : args->mounts_text, len,
		   s->error);
	free(text);
	return session_end(s, r);
}

static int list_mounts(struct session *s, const struct command_args *args)
{
	char *json = NULL;
	int r;

	if (args->words.count > 2)
		return session_usage(s, "mounts", "'%.100s' is one argument too many",
				     args->words.words[2]);
	r = davit_mounts_list(s->context, args->words.words[1], &json, s->error);
	return session_print(s, r, json);
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
