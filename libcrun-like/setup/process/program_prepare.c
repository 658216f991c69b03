/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The HOST half of program.h: argv and envp. Duplicates are found by a hash table, because engines
 * have passed 100,000 variables.
 */
#include <limits.h>
#include <string.h>

#include "kernel/execve.h"
#include "setup/process/program.h"

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct env_set {
	const char **slots; /* open addressing; a power of two, at most half full */
	size_t mask;
};

static size_t name_length(const char *entry)
{
	return strcspn(entry, "=");
}

static bool has_same_name(const char *a, const char *b)
{
	size_t len = name_length(a);

	return len == name_length(b) && memcmp(a, b, len) == 0;
}

/* FNV-1a of the name. */
static uint64_t hash_name(const char *entry)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0, len = name_length(entry); i < len; i++)
		h = (h ^ (unsigned char)entry[i]) * UINT64_C(0x100000001b3);
	return h ^ h >> 32;
}

static bool env_set_init(struct env_set *set, struct arena *a, size_t count)
{
	size_t size = 16;

	while (size / 2 < count)
		size *= 2;
	set->slots = arena_array(a, size, sizeof(*set->slots));
	set->mask = size - 1;
	return set->slots != NULL;
}

/* False when the name is there already. */
static bool env_set_add(struct env_set *set, const char *entry)
{
	size_t i = hash_name(entry) & set->mask;

	for (; set->slots[i]; i = (i + 1) & set->mask)
		if (has_same_name(set->slots[i], entry))
			return false;
	set->slots[i] = entry;
	return true;
}

static const char *find_value(char **envp, const char *name)
{
	for (; *envp; envp++)
		if (has_same_name(*envp, name) && (*envp)[name_length(name)] == '=')
			return *envp + name_length(name) + 1;
	return NULL;
}

/* Config's entries, then the extra ones, from the last to the first so that the last of a name is
 * met first; @out ends up at the tail of its array and is returned as it begins. */
static char **fill_env(struct env_set *set, const struct oci_strings *env,
		       const char *const *extra_env, size_t extra, char **end)
{
	for (size_t i = env->count + extra; i-- > 0;) {
		const char *entry = i < env->count ? env->items[i] : extra_env[i - env->count];
		bool is_empty_home = strcmp(entry, "HOME=") == 0;

		/* An empty HOME counts as none, and shadows earlier ones. */
		if (env_set_add(set, entry) && !is_empty_home)
			*--end = (char *)(uintptr_t)entry;
	}
	return end;
}

static int prepare_env(struct arena *a, const struct oci_process *process,
		       const char *const *extra_env, struct program *ret, struct err *e)
{
	size_t extra = 0, total;
	struct env_set set;
	const char *path;
	char **env;

	while (extra_env && extra_env[extra])
		extra++;
	total = process->env.count + extra;
	env = arena_array(a, total + 2, sizeof(*env)); /* and HOME, and NULL */
	if (!env || !env_set_init(&set, a, total))
		return err_set(e, ENOMEM, "prepare the environment");
	ret->envp = fill_env(&set, &process->env, extra_env, extra, env + total);
	if (!find_value(ret->envp, "HOME")) {
		ret->home = arena_alloc(a, PROGRAM_HOME_SIZE);
		if (!ret->home)
			return err_set(e, ENOMEM, "prepare the environment");
		memcpy(ret->home, "HOME=/", sizeof("HOME=/"));
		env[total] = ret->home;
	}
	path = find_value(ret->envp, "PATH");
	ret->search_path = path ? path : default_path;
	return 0;
}

int program_prepare(struct arena *a, const struct oci_process *process,
		    const char *const *extra_env, unsigned preserve_fds, struct program *ret,
		    struct err *e)
{
	struct program p = { .cwd = process->cwd, .preserve_fds = preserve_fds };
	int r;

	if (preserve_fds > INT_MAX - 3)
		return err_kind(e, ERR_USAGE, EINVAL, "%u descriptors to preserve", preserve_fds);
	p.argv = arena_array(a, process->args.count + 1, sizeof(*p.argv));
	if (!p.argv)
		return err_set(e, ENOMEM, "prepare the arguments");
	memcpy(p.argv, process->args.items, process->args.count * sizeof(*p.argv));
	r = prepare_env(a, process, extra_env, &p, e);
	if (r < 0)
		return r;
	p.ignored_signals = execve_ignored_signals();
	*ret = p;
	return 0;
}
