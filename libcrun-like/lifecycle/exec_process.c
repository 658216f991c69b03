/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See exec_process.h. Nothing of the container's terminal is taken over: who executes something
 * asks for one, or gets none.
 */
#include "lifecycle/exec_process.h"

#include <string.h>

static size_t count_strings(const char *const *strings)
{
	size_t n = 0;

	while (strings && strings[n])
		n++;
	return n;
}

/* The list of items of @size bytes with @more behind it, in new memory; NULL: there is none. */
static void *append(struct arena *a, const void *items, size_t *count, size_t size,
		    const void *more, size_t more_count)
{
	char *all = arena_array(a, *count + more_count, size);

	if (!all)
		return NULL;
	if (*count)
		memcpy(all, items, *count * size);
	memcpy(all + *count * size, more, more_count * size);
	*count += more_count;
	return all;
}

static int append_strings(struct arena *a, struct oci_strings *list, const char *const *more)
{
	size_t count = count_strings(more);

	if (count)
		list->items = append(a, list->items, &list->count, sizeof(*more), more, count);
	return count && !list->items ? -ENOMEM : 0;
}

static int append_gids(struct arena *a, struct oci_gids *list, const uint32_t *more, size_t count)
{
	if (count)
		list->items = append(a, list->items, &list->count, sizeof(*more), more, count);
	return count && !list->items ? -ENOMEM : 0;
}

/* Never inheritable ones, which would survive the change to an ordinary user (C11, CVE-2022-29162).
 * Where config.json has some itself, ambient ones too, as runc: those that are not among its own
 * are not raised, and told. */
static int add_caps(struct arena *a, struct oci_process *p, const char *const *caps)
{
	struct oci_capabilities *copy;

	if (!count_strings(caps))
		return 0;
	copy = arena_new(a, struct oci_capabilities);
	if (!copy)
		return -ENOMEM;
	if (p->capabilities)
		*copy = *p->capabilities;
	p->capabilities = copy;
	if (append_strings(a, &copy->bounding, caps) < 0 ||
	    append_strings(a, &copy->permitted, caps) < 0 ||
	    (copy->inheritable.items && append_strings(a, &copy->ambient, caps) < 0))
		return -ENOMEM;
	return append_strings(a, &copy->effective, caps);
}

static void inherit(struct oci_process *p, const struct oci_process *own)
{
	if (!p->capabilities)
		p->capabilities = own->capabilities;
	if (!p->rlimits.count)
		p->rlimits = own->rlimits;
	if (!p->no_new_privileges)
		p->no_new_privileges = own->no_new_privileges;
	if (!p->apparmor_profile)
		p->apparmor_profile = own->apparmor_profile;
	if (!p->selinux_label)
		p->selinux_label = own->selinux_label;
	if (!p->oom_score_adj)
		p->oom_score_adj = own->oom_score_adj;
	if (!p->scheduler)
		p->scheduler = own->scheduler;
	if (!p->io_priority)
		p->io_priority = own->io_priority;
	if (!p->exec_cpu_affinity)
		p->exec_cpu_affinity = own->exec_cpu_affinity;
}

static int apply_options(struct arena *a, const struct davit_exec_options *o, struct oci_process *p)
{
	static const bool yes = true;

	if (o->args && o->args[0]) {
		p->args = (struct oci_strings){ 0 };
		if (append_strings(a, &p->args, o->args) < 0)
			return -ENOMEM;
	}
	if (o->cwd)
		p->cwd = o->cwd;
	if (o->uid)
		p->user.uid = *o->uid;
	if (o->gid)
		p->user.gid = *o->gid;
	if (o->process_label)
		p->selinux_label = o->process_label;
	if (o->apparmor)
		p->apparmor_profile = o->apparmor;
	if (o->no_new_privs)
		p->no_new_privileges = &yes;
	if (o->tty)
		p->terminal = &yes;
	if (append_strings(a, &p->env, o->env) < 0 || add_caps(a, p, o->caps) < 0)
		return -ENOMEM;
	return append_gids(a, &p->user.additional_gids, o->additional_gids,
			   o->additional_gid_count);
}

int exec_process_make(struct arena *a, const struct oci_process *own,
		      const struct oci_process *file, const struct davit_exec_options *o,
		      const struct oci_process **ret, struct err *e)
{
	struct oci_process *p = arena_new(a, struct oci_process);

	if (!p)
		return err_set(e, ENOMEM, "make the process of exec");
	if (!file && !own) {
		err_kind(e, ERR_USAGE, EINVAL, "the container has no process of its own");
		return err_hint(e, "give --process");
	}
	if (file) {
		*p = *file;
		if (own)
			inherit(p, own);
	} else {
		*p = *own;
		p->args = (struct oci_strings){ 0 };
		p->terminal = NULL;
	}
	if (apply_options(a, o, p) < 0)
		return err_set(e, ENOMEM, "make the process of exec");
	*ret = p;
	return 0;
}
