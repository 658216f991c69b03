/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `update`: reads the document that --resources names; the values are the library's matter.
 */
#include <stdlib.h>

#include "command.h"

int update_run(struct session *s, const struct command_args *args)
{
	struct davit_update_options options = args->update;
	const char *name = options.resources;
	char *text = NULL;
	int r;

	options.size = sizeof(options);
	if (name && session_read_document(s, name, &text, &options.resources_len) < 0)
		return session_report(s);
	options.resources = text;
	r = davit_update(s->context, args->words.words[0], &options, s->error);
	free(text);
	return session_end(s, r);
}
