/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * exec: what its options say in words becomes the numbers of davit.h. Ids are digits and nothing
 * else: a name or a sign that were taken for 0 would be root.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* All ones is "no change" to the kernel, so no id. */
static int parse_id(const char *text, size_t len, uint32_t *ret)
{
	uint64_t id;
	int r = cli_parse_number(text, len, UINT32_MAX - 1, &id);

	if (r < 0)
		return r;
	*ret = (uint32_t)id;
	return 0;
}

/* UID[:GID] */
struct user {
	uint32_t uid, gid;
	bool has_gid;
};

static int parse_user(const char *text, struct user *ret)
{
	size_t len = strcspn(text, ":");
	struct user user = { .has_gid = text[len] == ':' };

	if (parse_id(text, len, &user.uid) < 0)
		return -1;
	if (user.has_gid && parse_id(text + len + 1, strlen(text + len + 1), &user.gid) < 0)
		return -1;
	*ret = user;
	return 0;
}

/* *@ret_bad: the one that is no number. */
static int parse_groups(const struct cli_strings *list, uint32_t **ret, const char **ret_bad)
{
	uint32_t *gids = calloc(list->count + 1, sizeof(*gids));

	if (!gids)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		if (parse_id(list->items[i], strlen(list->items[i]), &gids[i]) < 0) {
			*ret_bad = list->items[i];
			free(gids);
			return -1;
		}
	}
	*ret = gids;
	return 0;
}

static void tell_unused(struct session *s, bool is_given, const char *what)
{
	char text[128];

	if (!is_given)
		return;
	snprintf(text, sizeof(text), "%s not used: with --process the file says it", what);
	log_message(&s->log, DAVIT_LOG_INFO, text);
}

/* As with runc and crun, which add nothing to the file either, and say nothing of it; here what
 * makes the program another user's or takes rights away counts beside it. */
static void leave_to_file(struct session *s, struct davit_exec_options *o)
{
	tell_unused(s, o->args && *o->args, "the program is");
	tell_unused(s, o->env && *o->env, "--env is");
	tell_unused(s, o->cwd, "--cwd is");
	tell_unused(s, o->caps && *o->caps, "--cap is");
	tell_unused(s, o->additional_gid_count, "--additional-gids is");
	tell_unused(s, o->tty, "--tty is");
	o->args = o->env = o->caps = NULL;
	o->cwd = NULL;
	o->additional_gid_count = 0;
	o->tty = false;
}

int exec_run(struct session *s, const struct command_args *args)
{
	struct davit_exec_options options = args->exec;
	char **command = args->words.rest;
	int status = EXIT_SUCCESS;
	struct user user;
	const char *bad = "";
	uint32_t *gids = NULL;

	if ((!command || !*command) && !options.process_file)
		return session_usage(s, "exec", "exec args cannot be empty: a command is missing");
	if (args->user) {
		if (parse_user(args->user, &user) < 0)
			return session_usage(s, "exec", "'%.100s' is not UID or UID:GID",
					     args->user);
		options.uid = &user.uid;
		options.gid = user.has_gid ? &user.gid : NULL;
	}
	if (args->groups.count && parse_groups(&args->groups, &gids, &bad) < 0) {
		s->failure = EXIT_FAILURE; /* a wrong command line, as for runc */
		return session_usage(s, "exec", "the additional group '%.100s' is not a number",
				     bad);
	}
	options.id = args->words.words[0];
	options.args = (const char *const *)command;
	options.env = args->env.items;
	options.caps = args->caps.items;
	options.cgroups = args->cgroups.items;
	options.additional_gids = gids;
	options.additional_gid_count = args->groups.count;
	if (options.process_file)
		leave_to_file(s, &options);
	session_hold_signals();
	if (davit_exec(s->context, &options, &status, s->error) < 0)
		status = session_report(s);
	free(gids);
	return status;
}
