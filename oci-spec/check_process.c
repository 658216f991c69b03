/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the process object; see check.h. `process` may be absent (it is required at start
 * only).
 */
#include <string.h>

#include "check.h"

enum {
	GROUPS_MAX = 65536, /* NGROUPS_MAX */
	UMASK_MAX = 0777,
	DEADLINE_RUNTIME_LEAST = 1024 /* ns: the resolution of the kernel's bookkeeping */
};

void check_args(struct check *k, const struct oci_config *c)
{
	if (!c->process)
		return;
	if (!c->process->args.items)
		check_fail(k, "/process/args", "required member \"args\" is missing");
	else if (!c->process->args.count)
		check_fail(k, "/process/args", "args must not be empty");
	else if (!*c->process->args.items[0])
		/* The words of a search in vain, as runc's: engines turn them into 127. */
		check_fail(k, "/process/args/0", "exec: \"\": executable file not found in $PATH");
}

void check_cwd(struct check *k, const struct oci_config *c)
{
	if (!c->process)
		return;
	if (*c->process->cwd && *c->process->cwd != '/')
		check_fail(k, "/process/cwd", "not an absolute path: %s", c->process->cwd);
	if (!check_is_path_short(c->process->cwd))
		check_fail_long_path(k, "/process/cwd", c->process->cwd);
}

void check_env(struct check *k, const struct oci_config *c)
{
	for (size_t i = 0; c->process && i < c->process->env.count; i++) {
		const char *entry = c->process->env.items[i];

		if (*entry == '=' || !strchr(entry, '='))
			check_fail(k, POINTER("/process/env/%zu", i),
				   "\"%.64s\" is not of the form NAME=VALUE", entry);
	}
}

/* (uid_t)-1 is what the system calls take for "no change", so a way to stay root (C12). */
static const uint32_t no_id = UINT32_MAX;

void check_user(struct check *k, const struct oci_config *c)
{
	const struct oci_user *u = c->process ? &c->process->user : NULL;

	if (!u)
		return;
	if (u->uid == no_id)
		check_fail(k, "/process/user/uid", "%u is not an id", no_id);
	if (u->gid == no_id)
		check_fail(k, "/process/user/gid", "%u is not an id", no_id);
	if (u->additional_gids.count > GROUPS_MAX)
		check_fail(k, "/process/user/additionalGids", "%zu groups, more than %d",
			   u->additional_gids.count, GROUPS_MAX);
	for (size_t i = 0; i < u->additional_gids.count; i++)
		if (u->additional_gids.items[i] == no_id)
			check_fail(k, POINTER("/process/user/additionalGids/%zu", i),
				   "%u is not an id", no_id);
	if (u->umask && *u->umask > UMASK_MAX)
		check_fail(k, "/process/user/umask", "0%o is above 0777", *u->umask);
}

static bool has_rlimit_before(const struct oci_rlimits *l, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(l->items[j].type, l->items[i].type))
			return true;
	return false;
}

void check_rlimits(struct check *k, const struct oci_config *c)
{
	for (size_t i = 0; c->process && i < c->process->rlimits.count; i++) {
		const struct oci_rlimit *l = &c->process->rlimits.items[i];

		if (has_rlimit_before(&c->process->rlimits, i)) {
			check_fail(k, POINTER("/process/rlimits/%zu/type", i), "%s is there twice",
				   l->type);
			return; /* one is enough, and a long list stays cheap */
		}
		if (l->soft > l->hard)
			check_fail(k, POINTER("/process/rlimits/%zu/soft", i),
				   "the soft limit of %s is above the hard one", l->type);
	}
}

void check_oom_score(struct check *k, const struct oci_config *c)
{
	const int64_t *score = c->process ? c->process->oom_score_adj : NULL;

	if (score && (*score < -1000 || *score > 1000))
		check_fail(k, "/process/oomScoreAdj", "%lld is not from -1000 to 1000",
			   (long long)*score);
}

static void check_range(struct check *k, const char *pointer, const int32_t *value, int least,
			int most)
{
	if (value && (*value < least || *value > most))
		check_fail(k, pointer, "%d is not from %d to %d", *value, least, most);
}

/* 0 asks for nothing: it is what the runtime must take when the member is absent. */
static void check_not_set(struct check *k, const char *member, bool is_set, const char *policy)
{
	if (is_set)
		check_fail(k, POINTER("/process/scheduler/%s", member), "%s has no %s", policy,
			   member);
}

/* sched(7): runtime <= deadline <= period, and a period that is absent is the deadline. */
static void check_deadline(struct check *k, const struct oci_scheduler *s)
{
	uint64_t runtime = s->runtime ? *s->runtime : 0, deadline = s->deadline ? *s->deadline : 0,
		 period = s->period && *s->period ? *s->period : deadline;

	if (runtime < DEADLINE_RUNTIME_LEAST)
		check_fail(k, "/process/scheduler/runtime",
			   "SCHED_DEADLINE needs a runtime of %d ns or more",
			   DEADLINE_RUNTIME_LEAST);
	if (deadline < runtime || !deadline)
		check_fail(k, "/process/scheduler/deadline",
			   "SCHED_DEADLINE needs a deadline that is not less than the runtime");
	if (period < deadline)
		check_fail(k, "/process/scheduler/period", "the period is less than the deadline");
}

void check_scheduler(struct check *k, const struct oci_config *c)
{
	static const char *const real_time[] = { "SCHED_FIFO", "SCHED_RR", NULL };
	static const int32_t absent = 0;
	const struct oci_scheduler *s = c->process ? c->process->scheduler : NULL;

	if (!s)
		return;
	/* Other policies than SCHED_OTHER and SCHED_BATCH have none: the kernel leaves it unused.
	 */
	check_range(k, "/process/scheduler/nice", s->nice, -20, 19);
	if (check_is_one_of(s->policy, real_time))
		check_range(k, "/process/scheduler/priority", s->priority ? s->priority : &absent,
			    1, 99);
	else
		check_not_set(k, "priority", s->priority && *s->priority, s->policy);
	if (!strcmp(s->policy, "SCHED_DEADLINE")) {
		check_deadline(k, s);
		return;
	}
	check_not_set(k, "runtime", s->runtime && *s->runtime, s->policy);
	check_not_set(k, "deadline", s->deadline && *s->deadline, s->policy);
	check_not_set(k, "period", s->period && *s->period, s->policy);
}

void check_io_priority(struct check *k, const struct oci_config *c)
{
	if (c->process && c->process->io_priority)
		check_range(k, "/process/ioPriority/priority", c->process->io_priority->priority, 0,
			    7);
}

/* struct winsize has 16 bits. Without a terminal the size MUST be ignored. */
void check_console_size(struct check *k, const struct oci_config *c)
{
	const struct oci_process *p = c->process;

	if (!p || !p->console_size || !p->terminal || !*p->terminal)
		return;
	if (p->console_size->height > UINT16_MAX)
		check_fail(k, "/process/consoleSize/height", "more than %d", UINT16_MAX);
	if (p->console_size->width > UINT16_MAX)
		check_fail(k, "/process/consoleSize/width", "more than %d", UINT16_MAX);
}

void check_cpu_affinity(struct check *k, const struct oci_config *c)
{
	const struct oci_exec_cpu_affinity *a = c->process ? c->process->exec_cpu_affinity : NULL;

	if (!a)
		return;
	if (!check_is_numbers(a->initial, NUMBERS_CPUS))
		check_fail(k, "/process/execCPUAffinity/initial", "\"%.64s\" is not a list of CPUs",
			   a->initial);
	if (!check_is_numbers(a->final, NUMBERS_CPUS))
		check_fail(k, "/process/execCPUAffinity/final", "\"%.64s\" is not a list of CPUs",
			   a->final);
}
