/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See affinity.h.
 */
#include "setup/process/affinity.h"

#include <sched.h>
#include <string.h>

#include "base/numbers.h"

enum {
	WORD_BITS = 8 * sizeof(unsigned long)
};

void affinity_prepare(const char *list, struct affinity *ret)
{
	struct affinity cpus = { .is_given = list && *list };
	unsigned first, last;

	while (list && *list && numbers_next(&list, AFFINITY_CPUS - 1, &first, &last) == 0)
		for (unsigned cpu = first; cpu <= last; cpu++)
			cpus.bits[cpu / WORD_BITS] |= 1UL << cpu % WORD_BITS;
	*ret = cpus;
}

int affinity_get(struct affinity *ret, struct err *e)
{
	struct affinity cpus = { .is_given = true };

	if (sched_getaffinity(0, sizeof(cpus.bits), (cpu_set_t *)(void *)cpus.bits) < 0)
		return err_set(e, errno, "ask which CPUs this process may run on");
	*ret = cpus;
	return 0;
}

int affinity_set(const struct affinity *cpus, struct err *e)
{
	if (!cpus->is_given)
		return 0;
	if (sched_setaffinity(0, sizeof(cpus->bits), (const cpu_set_t *)(const void *)cpus->bits) <
	    0) {
		err_set(e, errno, "set the CPUs to run on");
		if (e->code == EINVAL)
			err_hint(e, "none of them is in the cpuset of the cgroup, or there are no "
				    "such CPUs");
		return -e->code;
	}
	return 0;
}

void affinity_reset(void)
{
	unsigned long all[AFFINITY_CPUS / WORD_BITS];

	memset(all, 0xff, sizeof(all));
	(void)sched_setaffinity(0, sizeof(all), (const cpu_set_t *)(const void *)all); /* see .h */
}
