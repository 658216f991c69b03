/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The HOST half of credentials.h: config.json's words become numbers and masks, and what cannot be
 * granted is found out and told before anything is changed.
 */
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "base/fmt.h"
#include "base/words.h"
#include "setup/annotations.h"
#include "setup/process/credentials.h"

/* clang-format off */
static const struct word limit_rows[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
};
/* clang-format on */

static const struct words limits = WORDS("resource limit", limit_rows);

/* The names of one warning, each once; what does not fit is left out. */
struct names {
	char text[384];
	size_t len;
};

static bool has_name(const struct names *n, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = strstr(n->text, name); p; p = strstr(p + 1, name))
		if (p > n->text && p[-1] == ' ' && (p[len] == '\0' || p[len] == ' '))
			return true;
	return false;
}

static void add_name(struct names *n, const char *name)
{
	size_t len = strlen(name);

	if (!*name || has_name(n, name) || len + 2 > sizeof(n->text) - n->len)
		return;
	n->len += fmt(n->text + n->len, sizeof(n->text) - n->len, " %s", name);
}

/* Both in runc's words, which its tests and scripts look for. */
static void warn_of_refused(const struct credentials_context *context, const struct names *names)
{
	char text[512];

	if (!names->len || !context->warn)
		return;
	fmt(text, sizeof(text), "ignoring unknown or unavailable capabilities: [%s]",
	    names->text + 1);
	context->warn(context->warn_arg, text);
}

static void warn_of_not_raised(const struct credentials_context *context, const struct names *names)
{
	char text[512];

	for (const char *p = names->text; *p && context->warn;) {
		int len = (int)strcspn(p + 1, " ");

		/* What prctl(2) would say. */
		fmt(text, sizeof(text),
		    "can't raise ambient capability %.*s: operation not permitted", len, p + 1);
		context->warn(context->warn_arg, text);
		p += len + 1;
	}
}

/* The exact upper-case name alone: libcap would take "cap_chown" and "0" too. */
static bool decode_cap(const char *name, uint64_t *ret_bit)
{
	cap_value_t value;

	if (strncmp(name, "CAP_", 4) != 0 ||
	    name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")] != '\0')
		return false;
	if (cap_from_name(name, &value) < 0 || value < 0 || value > 63)
		return false;
	*ret_bit = UINT64_C(1) << value;
	return true;
}

int credentials_cap_names(struct arena *a, struct oci_strings *ret)
{
	struct oci_strings names = { arena_array(a, 64, sizeof(char *)), 0 };

	for (cap_value_t i = 0; names.items && i < 64; i++) {
		char *lower = cap_to_name(i), *name;

		/* libcap has a number as the name of what it does not know. */
		if (!lower || strncmp(lower, "cap_", 4) != 0) {
			cap_free(lower);
			break;
		}
		name = arena_strdup(a, lower);
		cap_free(lower);
		if (!name)
			return -ENOMEM;
		for (char *p = name; *p; p++)
			if (*p >= 'a' && *p <= 'z')
				*p = (char)(*p - 'a' + 'A');
		names.items[names.count++] = name;
	}
	*ret = names;
	return names.items ? 0 : -ENOMEM;
}

/* The capabilities of @list that are in @allowed; the names of the others go to @others, those of
 * none at all to @unknown. */
static uint64_t decode_known(const struct oci_strings *list, uint64_t allowed, struct names *others,
			     struct names *unknown)
{
	uint64_t set = 0, bit;

	for (size_t i = 0; i < list->count; i++)
		if (!decode_cap(list->items[i], &bit))
			add_name(unknown, list->items[i]);
		else if (bit & allowed)
			set |= bit;
		else
			add_name(others, list->items[i]);
	return set;
}

static uint64_t decode_caps(const struct oci_strings *list, uint64_t allowed, struct names *refused)
{
	return decode_known(list, allowed, refused, refused);
}

/* What the kernel will let INIT have: everything in a user namespace that is new to it, else what
 * HOST has itself. */
static int find_grantable(const struct credentials_context *context, uint64_t *ret_permitted,
			  uint64_t *ret_bounding, struct err *e)
{
	struct caps own;
	int r;

	if (context->has_user_ns) {
		*ret_permitted = *ret_bounding = caps_known();
		return 0;
	}
	r = caps_get(&own);
	if (r < 0)
		return err_set(e, -r, "read the caller's capabilities");
	*ret_permitted = own.permitted;
	*ret_bounding = caps_bounding();
	return 0;
}

static int prepare_caps(const struct oci_process *process,
			const struct credentials_context *context, struct credentials *ret,
			struct err *e)
{
	const struct oci_capabilities *c = process->capabilities;
	struct names refused = { 0 }, not_raised = { 0 };
	uint64_t permitted = 0, bounding = 0;
	int r;

	/* As runc: no object, no capability, in the bounding set neither, or else a program of user
	 * 0 would get them all at its execve. */
	if (!c)
		return 0;
	r = find_grantable(context, &permitted, &bounding, e);
	if (r < 0)
		return r;
	ret->bounding = decode_caps(&c->bounding, bounding, &refused);
	ret->caps.permitted = decode_caps(&c->permitted, permitted, &refused);
	ret->caps.effective = decode_caps(&c->effective, ret->caps.permitted, &refused);
	ret->caps.inheritable = decode_caps(&c->inheritable, permitted & bounding, &refused);
	ret->ambient = decode_known(&c->ambient, ret->caps.permitted & ret->caps.inheritable,
				    &not_raised, &refused);
	warn_of_refused(context, &refused);
	warn_of_not_raised(context, &not_raised);
	return 0;
}

static int prepare_limits(struct arena *a, const struct oci_rlimits *list, struct credentials *ret,
			  struct err *e)
{
	struct credentials_limit *out = arena_array(a, list->count + 1, sizeof(*out));

	if (!out)
		return err_set(e, ENOMEM, "prepare the resource limits");
	for (size_t i = 0; i < list->count; i++) {
		const struct oci_rlimit *l = &list->items[i];
		unsigned resource;

		if (words_value(&limits, l->type, POINTER("/process/rlimits/%zu/type", i),
				&resource, e) < 0)
			return -e->code;
		out[i] = (struct credentials_limit){ l->type, (int)resource, l->soft, l->hard };
	}
	ret->limits = out;
	ret->limit_count = list->count;
	return 0;
}

static void prepare_ids(const struct oci_user *user, struct credentials *ret)
{
	ret->uid = user->uid;
	ret->gid = user->gid;
	ret->groups = user->additional_gids.items;
	ret->group_count = user->additional_gids.count;
	/* config.md: unspecified is unchanged (crun's 0022 is a deviation). */
	ret->umask = user->umask;
}

bool credentials_keep_groups(const struct oci_map *annotations)
{
	const char *value = annotation_find(annotations, ANNOTATION_KEEP_GROUPS);

	return value && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

static void warn_of_groups(const struct credentials_context *context, const struct credentials *c)
{
	if (c->keep_groups && c->group_count && context->warn)
		context->warn(
			context->warn_arg,
			"leaving additionalGids out: an annotation keeps the caller's groups");
}

int credentials_prepare(struct arena *a, const struct oci_process *process,
			const struct credentials_context *context, struct credentials *ret,
			struct err *e)
{
	struct credentials c = { .is_rootless = context->is_rootless,
				 .keep_groups = context->keep_groups,
				 .oom_score_adj = process->oom_score_adj,
				 .no_new_privs = process->no_new_privileges &&
						 *process->no_new_privileges };
	int r = prepare_limits(a, &process->rlimits, &c, e);

	prepare_ids(&process->user, &c);
	if (r == 0)
		r = prepare_caps(process, context, &c, e);
	if (r == 0) {
		warn_of_groups(context, &c);
		*ret = c;
	}
	return r;
}
