/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See scheduling.h. sched_setattr(2) rather than its elders: it alone knows SCHED_DEADLINE and the
 * flags. The I/O priority is set for the process, not for its group: at that moment the process is
 * the group, and its children inherit it.
 */
#include "setup/process/scheduling.h"

#include <linux/ioprio.h>
#include <linux/sched/types.h>
#include <string.h>

#include "base/words.h"
#include "kernel/sys.h"

/* clang-format off */
static const struct word policy_rows[] = {
	{ "SCHED_OTHER", SCHED_NORMAL },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
};

static const struct word flag_rows[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
};

static const struct word io_class_rows[] = {
	{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
};
/* clang-format on */

/* SCHED_ISO is not there: a number that Linux keeps for it, and nothing behind it. */
static const struct words policies = WORDS("scheduling policy", policy_rows);
static const struct words flags = WORDS("scheduling flag", flag_rows);
static const struct words io_classes = WORDS("I/O priority class", io_class_rows);

static int prepare_scheduler(const struct oci_scheduler *asked, struct scheduling *s, struct err *e)
{
	unsigned policy, set;

	if (words_value(&policies, asked->policy, "/process/scheduler/policy", &policy, e) < 0 ||
	    words_union(&flags, asked->flags.items, asked->flags.count, "/process/scheduler/flags",
			&set, e) < 0)
		return -e->code;
	s->scheduler = asked;
	s->policy = policy;
	s->flags = set;
	return 0;
}

int scheduling_prepare(const struct oci_process *process, struct scheduling *ret, struct err *e)
{
	struct scheduling s = { 0 };

	if (process && process->scheduler && prepare_scheduler(process->scheduler, &s, e) < 0)
		return -e->code;
	if (process && process->io_priority) {
		const struct oci_io_priority *io = process->io_priority;
		unsigned class;

		if (words_value(&io_classes, io->class_name, "/process/ioPriority/class", &class,
				e) < 0)
			return -e->code;
		s.io = io;
		s.io_class_level = IOPRIO_PRIO_VALUE(class, io->priority ? *io->priority : 0);
	}
	*ret = s;
	return 0;
}

bool scheduling_is_asked(const struct scheduling *s)
{
	return s->scheduler || s->io;
}

static int apply_scheduler(const struct scheduling *s, pid_t pid, struct err *e)
{
	const struct oci_scheduler *asked = s->scheduler;
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = (uint32_t)s->policy,
		.sched_flags = s->flags,
		.sched_nice = asked->nice ? *asked->nice : 0,
		.sched_priority = asked->priority ? (uint32_t)*asked->priority : 0,
		.sched_runtime = asked->runtime ? *asked->runtime : 0,
		.sched_deadline = asked->deadline ? *asked->deadline : 0,
		.sched_period = asked->period ? *asked->period : 0,
	};
	int r = sys_sched_setattr(pid, &attr);

	if (r == 0)
		return 0;
	err_set(e, -r, "set the scheduling policy %s", asked->policy);
	err_at(e, "/process/scheduler");
	if (r == -EPERM)
		err_hint(e,
			 "real-time policies and raised priorities want CAP_SYS_NICE; a real-time "
			 "one also the time of its cgroup, or of all CPUs");
	else if (r == -EBUSY)
		err_hint(e, "the deadline tasks of the machine leave too little time for it");
	return -e->code;
}

int scheduling_apply(const struct scheduling *s, pid_t pid, struct err *e)
{
	int r;

	if (s->scheduler && apply_scheduler(s, pid, e) < 0)
		return -e->code;
	r = s->io ? sys_ioprio_set(pid, s->io_class_level) : 0;
	if (r == 0)
		return 0;
	err_set(e, -r, "set the I/O priority %s", s->io->class_name);
	err_at(e, "/process/ioPriority");
	if (r == -EPERM)
		err_hint(e, "IOPRIO_CLASS_RT wants CAP_SYS_NICE");
	return -e->code;
}

void scheduling_describe(const struct scheduling *s, const struct describe *d)
{
	const struct oci_scheduler *asked = s->scheduler;

	if (s->policy == SCHED_DEADLINE)
		describe(d, "%s, runtime %llu, deadline %llu, period %llu", asked->policy,
			 (unsigned long long)(asked->runtime ? *asked->runtime : 0),
			 (unsigned long long)(asked->deadline ? *asked->deadline : 0),
			 (unsigned long long)(asked->period ? *asked->period : 0));
	else if (asked)
		describe(d, "%s, nice %d, priority %d", asked->policy,
			 asked->nice ? *asked->nice : 0, asked->priority ? *asked->priority : 0);
	if (s->io)
		describe(d, "%s, level %d", s->io->class_name,
			 s->io->priority ? *s->io->priority : 0);
}
