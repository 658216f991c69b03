/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See cgroup_knobs.h. The scalars are rows of one table: field, file, converter. The lists (block
 * devices, huge pages, rdma, unified) are in cgroup_knob_lists.c. What cgroup v2 cannot express is
 * a row too, whose converter refuses every value but the one that asks for nothing.
 */
#include "setup/resources/cgroup_knobs.h"

#include <string.h>

#include "kernel/cgroupfs.h"
#include "setup/resources/cgroup_knob_add.h"

enum {
	SHARES_MIN = 2,
	SHARES_MAX = 262144,
	SHARES_DEFAULT = 1024,
	WEIGHT_MIN = 1,
	WEIGHT_MAX = 10000,
	PERIOD_DEFAULT = 100000
};

enum knob_type {
	KNOB_INT64,
	KNOB_UINT64,
	KNOB_UINT32,
	KNOB_UINT16,
	KNOB_BOOL,
	KNOB_TEXT
};

struct knob {
	const char *field; /* below /linux/resources/ */
	const char *controller, *file;
	size_t section, offset; /* of the object in oci_resources, of the pointer in the object */
	enum knob_type type;
	int (*convert)(struct knobs *k, const struct knob *row, const void *value, struct err *e);
};

static const char *pointer_of(const struct knobs *k, const struct knob *row)
{
	return arena_printf(k->arena, "/linux/resources/%s", row->field);
}

/* Up to INT64_MAX: whether a number asks for something does not depend on more. */
static int64_t number_of(const struct knob *row, const void *value)
{
	switch (row->type) {
	case KNOB_INT64:
		return *(const int64_t *)value;
	case KNOB_UINT64:
		return *(const uint64_t *)value > INT64_MAX ? INT64_MAX
							    : (int64_t) * (const uint64_t *)value;
	case KNOB_UINT32:
		return *(const uint32_t *)value;
	case KNOB_UINT16:
		return *(const uint16_t *)value;
	case KNOB_BOOL:
		return *(const bool *)value;
	case KNOB_TEXT:
		break;
	}
	return 0;
}

static int add(struct knobs *k, const struct knob *row, const char *text, bool asks_nothing,
	       struct err *e)
{
	return cgroup_knobs_add(k,
				&(struct cgroup_write){ .file = row->file,
							.value = text,
							.controller = row->controller,
							.pointer = pointer_of(k, row),
							.optional = asks_nothing },
				e);
}

static int refuse(const struct knobs *k, const struct knob *row, struct err *e)
{
	err_kind(e, ERR_CGROUP, EOPNOTSUPP, "%s cannot be applied on cgroup v2", row->field);
	return err_at(e, pointer_of(k, row));
}

/* 0, -1, false: nothing is asked. */
static int refuse_number(struct knobs *k, const struct knob *row, const void *value, struct err *e)
{
	return number_of(row, value) > 0 ? refuse(k, row, e) : 0;
}

static int refuse_any(struct knobs *k, const struct knob *row, const void *value, struct err *e)
{
	return refuse(k, row, e);
}

static const char *limit_text(struct knobs *k, int64_t limit)
{
	return limit < 0 ? "max" : arena_printf(k->arena, "%lld", (long long)limit);
}

static int convert_limit(struct knobs *k, const struct knob *row, const void *value, struct err *e)
{
	int64_t limit = number_of(row, value);

	return add(k, row, limit_text(k, limit), limit < 0, e);
}

static int convert_number(struct knobs *k, const struct knob *row, const void *value, struct err *e)
{
	return add(k, row, arena_printf(k->arena, "%lld", (long long)number_of(row, value)),
		   number_of(row, value) == 0, e);
}

/* 0 is "not set", as for the total of memory and swap. */
static int convert_memory(struct knobs *k, const struct knob *row, const void *value, struct err *e)
{
	return *(const int64_t *)value ? convert_limit(k, row, value, e) : 0;
}

/* memory.swap counts memory and swap together, memory.swap.max swap alone. 0 is "not set". */
static int convert_swap(struct knobs *k, const struct knob *row, const void *value, struct err *e)
{
	const int64_t *limit = k->res->memory->limit;
	int64_t swap = *(const int64_t *)value;

	if (swap == 0)
		return 0;
	if (swap < 0)
		return add(k, row, "max", true, e);
	if (!limit) /* refused by oci-spec/check_cgroup.c */
		return 0;
	/* No swap at all is what a kernel without the file gives. */
	return add(k, row, limit_text(k, swap - *limit), swap == *limit, e);
}

static int convert_pids(struct knobs *k, const struct knob *row, const void *value, struct err *e)
{
	int64_t limit = *(const int64_t *)value;

	/* 0 is valid since specification 1.3, and as good as 1: a container has a process at least.
	 * The latter is what every cgroup manager can express, and what runc writes. */
	if (limit == 0 && (k->host->why_none || !cgroup_knobs_has_controller(k, "pids"))) {
		cgroup_knobs_warn(
			k, "pids.limit 0 is not applied: there is no pids controller for the "
			   "container");
		return 0;
	}
	return add(k, row, limit_text(k, limit ? limit : 1), limit < 0, e);
}

static int convert_shares(struct knobs *k, const struct knob *row, const void *value, struct err *e)
{
	uint64_t shares = *(const uint64_t *)value, weight = cgroup_weight_of_shares(shares);

	if (shares == 0)
		return 0;
	return add(k, row, arena_printf(k->arena, "%llu", (unsigned long long)weight),
		   shares == SHARES_DEFAULT, e);
}

static int convert_quota(struct knobs *k, const struct knob *row, const void *value, struct err *e)
{
	const struct oci_cpu *cpu = k->res->cpu;
	unsigned long long period = cpu->period && *cpu->period ? *cpu->period : PERIOD_DEFAULT;
	int64_t quota = cpu->quota ? *cpu->quota : -1;
	const char *text = quota > 0 ? arena_printf(k->arena, "%lld %llu", (long long)quota, period)
				     : arena_printf(k->arena, "max %llu", period);

	return cgroup_knobs_add(k,
				&(struct cgroup_write){
					.file = row->file,
					.value = text,
					.controller = row->controller,
					.pointer = pointer_of(k, row),
					.optional = quota <= 0,
					.has_usual_period = !cpu->period || !*cpu->period,
				},
				e);
}

/* Both stand in one file, which convert_quota() writes for both. */
static int convert_period(struct knobs *k, const struct knob *row, const void *value, struct err *e)
{
	return k->res->cpu->quota || *(const uint64_t *)value == 0
		       ? 0
		       : convert_quota(k, row, value, e);
}

static int convert_list(struct knobs *k, const struct knob *row, const void *value, struct err *e)
{
	const char *list = value;

	return *list ? add(k, row, list, false, e) : 0;
}

static int convert_weight(struct knobs *k, const struct knob *row, const void *value, struct err *e)
{
	struct cgroup_write w = { .controller = row->controller, .pointer = pointer_of(k, row) };
	uint16_t weight = *(const uint16_t *)value;

	if (weight == 0)
		return 0;
	if (cgroup_knobs_weight(k, weight, "", &w, e) < 0)
		return -e->code;
	return cgroup_knobs_add(k, &w, e);
}

#define AT(section, type, member)                                                                  \
	offsetof(struct oci_resources, section), offsetof(struct type, member)

/* The order is that of the writes: cpu.weight before cpu.idle, which locks it; cpu.max before its
 * burst. */
/* clang-format off */
static const struct knob table[] = {
	{ "memory/limit",            "memory", "memory.max",      AT(memory, oci_memory, limit),              KNOB_INT64,  convert_memory },
	{ "memory/swap",             "memory", "memory.swap.max", AT(memory, oci_memory, swap),               KNOB_INT64,  convert_swap },
	{ "memory/reservation",      "memory", "memory.low",      AT(memory, oci_memory, reservation),        KNOB_INT64,  convert_limit },
	{ "memory/kernel",           NULL,     NULL,              AT(memory, oci_memory, kernel),             KNOB_INT64,  refuse_number },
	{ "memory/kernelTCP",        NULL,     NULL,              AT(memory, oci_memory, kernel_tcp),         KNOB_INT64,  refuse_number },
	{ "memory/swappiness",       NULL,     NULL,              AT(memory, oci_memory, swappiness),         KNOB_UINT64, refuse_any },
	{ "memory/disableOOMKiller", NULL,     NULL,              AT(memory, oci_memory, disable_oom_killer), KNOB_BOOL,   refuse_number },
	{ "cpu/shares",              "cpu",    "cpu.weight",      AT(cpu, oci_cpu, shares),                   KNOB_UINT64, convert_shares },
	{ "cpu/quota",               "cpu",    "cpu.max",         AT(cpu, oci_cpu, quota),                    KNOB_INT64,  convert_quota },
	{ "cpu/period",              "cpu",    "cpu.max",         AT(cpu, oci_cpu, period),                   KNOB_UINT64, convert_period },
	{ "cpu/burst",               "cpu",    "cpu.max.burst",   AT(cpu, oci_cpu, burst),                    KNOB_UINT64, convert_number },
	{ "cpu/idle",                "cpu",    "cpu.idle",        AT(cpu, oci_cpu, idle),                     KNOB_INT64,  convert_number },
	{ "cpu/cpus",                "cpuset", "cpuset.cpus",     AT(cpu, oci_cpu, cpus),                     KNOB_TEXT,   convert_list },
	{ "cpu/mems",                "cpuset", "cpuset.mems",     AT(cpu, oci_cpu, mems),                     KNOB_TEXT,   convert_list },
	{ "cpu/realtimeRuntime",     NULL,     NULL,              AT(cpu, oci_cpu, realtime_runtime),         KNOB_INT64,  refuse_number },
	{ "cpu/realtimePeriod",      NULL,     NULL,              AT(cpu, oci_cpu, realtime_period),          KNOB_UINT64, refuse_number },
	{ "pids/limit",              "pids",   "pids.max",        AT(pids, oci_pids, limit),                  KNOB_INT64,  convert_pids },
	{ "blockIO/weight",          "io",     "io.bfq.weight",   AT(block_io, oci_block_io, weight),         KNOB_UINT16, convert_weight },
	{ "blockIO/leafWeight",      NULL,     NULL,              AT(block_io, oci_block_io, leaf_weight),    KNOB_UINT16, refuse_number },
	{ "network/classID",         NULL,     NULL,              AT(network, oci_network, class_id),         KNOB_UINT32, refuse_number },
};
/* clang-format on */

static const void *value_of(const struct oci_resources *res, const struct knob *row)
{
	const char *section = *(const char *const *)((const char *)res + row->section);

	return section ? *(const void *const *)(section + row->offset) : NULL;
}

int cgroup_knobs_prepare(struct arena *a, const struct oci_resources *res,
			 const struct cgroup_host *host, const struct cgroup_write **ret,
			 struct err *e)
{
	struct cgroup_write *first = NULL;
	struct knobs k = { .arena = a, .res = res, .host = host, .last = &first };

	for (size_t i = 0; res && i < ARRAY_SIZE(table); i++) {
		const void *value = value_of(res, &table[i]);

		if (value && table[i].convert(&k, &table[i], value, e) < 0 &&
		    !err_pass(&host->faults, e))
			return -e->code;
	}
	if (res && cgroup_knobs_add_lists(&k, e) < 0)
		return -e->code;
	*ret = first;
	return 0;
}

/* log2 of a number of at most 63 bits, and e to the power of a small one, without libm: both by
 * series, exact to 1e-14, which the steps between weights do not come near. */
static double log2_of(uint64_t n)
{
	int whole = 63 - __builtin_clzll(n);
	double m = (double)n / (double)(1ULL << whole); /* 1 <= m < 2 */
	double t = (m - 1) / (m + 1), power = t, sum = 0;

	for (int i = 1; i < 40; i += 2, power *= t * t)
		sum += power / i;
	return whole + 2 * sum / 0.69314718055994530942;
}

static double exp_of(double x)
{
	double term = 1, sum = 1;

	for (int i = 1; i < 60; i++)
		sum += term *= x / i;
	return sum;
}

/* ceil(10 ^ ((l*l + 125*l) / 612 - 7/34)), l = log2(shares): the formula of the other runtimes. */
uint64_t cgroup_weight_of_shares(uint64_t shares)
{
	double l, weight;
	uint64_t whole;

	if (shares == 0)
		return 0;
	if (shares <= SHARES_MIN)
		return WEIGHT_MIN;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	l = log2_of(shares);
	weight = exp_of(2.30258509299404568402 * ((l * l + 125 * l) / 612 - 7.0 / 34)) - 1e-9;
	whole = (uint64_t)weight;
	return weight > (double)whole ? whole + 1 : whole;
}
