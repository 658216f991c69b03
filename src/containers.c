/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See containers.h. The ids are collected before anything is done: a list is not to be read while
 * its containers are deleted.
 */
#include "containers.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

struct matches {
	regex_t pattern;
	char **ids;
	size_t count;
	bool no_memory;
};

static int collect(void *arg, const struct davit_container_info *entry)
{
	struct matches *m = arg;
	char **grown, *id;

	if (regexec(&m->pattern, entry->id, 0, NULL, 0) != 0)
		return 0;
	grown = reallocarray(m->ids, m->count + 1, sizeof(*grown));
	if (grown)
		m->ids = grown;
	id = grown ? strdup(entry->id) : NULL;
	if (id)
		grown[m->count++] = id; /* analyzer: freed by who has asked for the list */
	else
		m->no_memory = true;
	return m->no_memory;
}

static int do_matches(struct session *s, const struct command_args *args, const struct matches *m,
		      container_fn *each)
{
	int status = EXIT_SUCCESS;

	for (size_t i = 0; i < m->count; i++)
		if (each(s, args, m->ids[i]) < 0)
			status = session_report(s);
	return status;
}

static int do_regex(struct session *s, const struct command_args *args, container_fn *each)
{
	const char *pattern = args->words.words[0];
	struct matches m = { 0 };
	int status = EXIT_SUCCESS, r = regcomp(&m.pattern, pattern, REG_EXTENDED | REG_NOSUB);
	char words[128];

	if (r) {
		(void)regerror(r, &m.pattern, words, sizeof(words)); /* cut is good enough */
		return session_fail(s, "invalid regular expression '%.100s': %s", pattern, words);
	}
	/* One that cannot be looked at does not keep the others from what was asked for. */
	if (davit_list(s->context, collect, &m, s->error) < 0)
		status = session_report(s);
	if (m.no_memory)
		status = session_fail(s, "list the containers: out of memory");
	else if (do_matches(s, args, &m, each) != EXIT_SUCCESS)
		status = s->failure;
	for (size_t i = 0; i < m.count; i++)
		free(m.ids[i]);
	free(m.ids);
	regfree(&m.pattern);
	return status;
}

int containers_do(struct session *s, const struct command_args *args, container_fn *each)
{
	if (args->regex)
		return do_regex(s, args, each);
	return session_end(s, each(s, args, args->words.words[0]));
}
