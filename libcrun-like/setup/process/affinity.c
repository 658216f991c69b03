/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See affinity.h.
 */
#include "setup/process/affinity.h"

#include <sched.h>
#include <string.h>

enum {
	WORD_BITS = 8 * sizeof(unsigned long)
};

/* One number; *p moves behind it. False: there is none, or it is too large. */
static bool take_number(const char **p, unsigned *ret)
{
	unsigned n = 0;

	if (**p < '0' || **p > '9')
		return false;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		n = n * 10 + (unsigned)(**p - '0');
		if (n >= AFFINITY_CPUS)
			return false;
	}
	*ret = n;
	return true;
}

static bool take_range(const char **p, struct affinity *cpus)
{
	unsigned first, last;

	if (!take_number(p, &first))
		return false;
	last = first;
	if (**p == '-') {
		(*p)++;
		if (!take_number(p, &last) || last < first)
			return false;
	}
	for (unsigned cpu = first; cpu <= last; cpu++)
		cpus->bits[cpu / WORD_BITS] |= 1UL << cpu % WORD_BITS;
	return true;
}

int affinity_prepare(const char *list, const char *pointer, struct affinity *ret, struct err *e)
{
	struct affinity cpus = { .is_given = list && *list };

	for (const char *p = list; p && *p;) {
		if (!take_range(&p, &cpus) || (*p && *p != ',') || (*p && !p[1]))
			return err_field(e, EINVAL, pointer, "\"%.64s\" is not a list of CPUs",
					 list);
		p += *p == ',';
	}
	*ret = cpus;
	return 0;
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
