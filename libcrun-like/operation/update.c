/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * update: new limits for a container that exists. They come as a linux.resources object or as
 * texts, each the row of a table; either way they become one struct oci_resources.
 *
 * Takes the lock: of two updates one is the last, and a container is not updated while it is made
 * or deleted. The stored config.json is not touched: what holds is what the kernel has.
 */
#include <string.h>

#include "base/numbers.h"
#include "container/store.h"
#include "operation/operation.h"
#include "setup/resources/cgroup_update.h"
#include "setup/resources/intel_rdt.h"

enum text_type {
	TEXT_I64,  /* -1, max: no limit */
	TEXT_SIZE, /* the same, with a unit: 50M, 1GiB */
	TEXT_U64,
	TEXT_U16,
	TEXT_WORDS
};

/* What the texts are put into. */
struct given {
	struct oci_memory memory;
	struct oci_cpu cpu;
	struct oci_pids pids;
	struct oci_block_io block_io;
};

struct text_row {
	const char *name; /* the option's */
	enum text_type type;
	size_t from,
		number; /* in the options: of the text, and of the pointer to a number; 0: none */
	size_t to;      /* of the pointer in struct given */
};

#define ROW(name, type, member, place)                                                             \
	{                                                                                          \
		name, type, offsetof(struct davit_update_options, member),                         \
			offsetof(struct davit_update_options, member##_number),                    \
			offsetof(struct given, place)                                              \
	}
#define TEXT_ROW(name, type, member, place)                                                        \
	{                                                                                          \
		name, type, offsetof(struct davit_update_options, member), 0,                      \
			offsetof(struct given, place)                                              \
	}
/* clang-format off */
static const struct text_row rows[] = {
	ROW(      "memory",               TEXT_SIZE,  memory,             memory.limit),
	ROW(      "memory-reservation",   TEXT_SIZE,  memory_reservation, memory.reservation),
	ROW(      "memory-swap",          TEXT_SIZE,  memory_swap,        memory.swap),
	TEXT_ROW( "kernel-memory",        TEXT_SIZE,  kernel_memory,      memory.kernel),
	TEXT_ROW( "kernel-memory-tcp",    TEXT_SIZE,  kernel_memory_tcp,  memory.kernel_tcp),
	ROW(      "cpu-share",            TEXT_U64,   cpu_share,          cpu.shares),
	ROW(      "cpu-quota",            TEXT_I64,   cpu_quota,          cpu.quota),
	ROW(      "cpu-period",           TEXT_U64,   cpu_period,         cpu.period),
	ROW(      "cpu-burst",            TEXT_U64,   cpu_burst,          cpu.burst),
	ROW(      "cpu-idle",             TEXT_I64,   cpu_idle,           cpu.idle),
	ROW(      "cpu-rt-runtime",       TEXT_I64,   cpu_rt_runtime,     cpu.realtime_runtime),
	ROW(      "cpu-rt-period",        TEXT_U64,   cpu_rt_period,      cpu.realtime_period),
	TEXT_ROW( "cpuset-cpus",          TEXT_WORDS, cpuset_cpus,        cpu.cpus),
	TEXT_ROW( "cpuset-mems",          TEXT_WORDS, cpuset_mems,        cpu.mems),
	ROW(      "pids-limit",           TEXT_I64,   pids_limit,         pids.limit),
	ROW(      "blkio-weight",         TEXT_U16,   blkio_weight,       block_io.weight),
};
/* clang-format on */

/* "", "k", "M", "GB", "TiB": how far to shift; -1: no unit. */
static int unit_shift(const char *unit)
{
	static const char letters[] = "kmgtp";
	const char *at;

	if (!*unit)
		return 0;
	at = strchr(letters, *unit | 0x20); /* lower case */
	if (!at)
		return -1;
	unit++;
	if (*unit == 'i')
		unit++;
	if (*unit == 'b' || *unit == 'B')
		unit++;
	else if (unit[-1] == 'i')
		return -1;
	return *unit ? -1 : 10 * (int)(at - letters + 1);
}

static bool parse_unsigned(const char *text, bool has_unit, uint64_t *ret)
{
	uint64_t n;
	int shift;

	if (!number_parse(text, &n, &text))
		return false;
	shift = has_unit ? unit_shift(text) : *text ? -1 : 0;
	if (shift < 0 || __builtin_mul_overflow(n, (uint64_t)1 << shift, &n))
		return false;
	*ret = n;
	return true;
}

static bool parse_signed(const char *text, bool has_unit, int64_t *ret)
{
	uint64_t n;

	if (strcmp(text, "-1") == 0 || strcmp(text, "max") == 0) {
		*ret = -1;
		return true;
	}
	if (!parse_unsigned(text, has_unit, &n) || n > INT64_MAX)
		return false;
	*ret = (int64_t)n;
	return true;
}

/* "invalid value for memory: invalid size: 'abc'": scripts know runc's words. */
static int refuse_text(const struct text_row *row, const char *text, struct err *e)
{
	bool is_size = row->type == TEXT_SIZE;

	err_kind(e, ERR_USAGE, EINVAL, "invalid value for %s: invalid %s: '%s'", row->name,
		 is_size ? "size" : "number", text);
	return err_hint(e, is_size ? "bytes, such as 50M, or -1" : "a number in its range");
}

static int take_text(struct arena *a, const struct text_row *row, const char *text, void *place,
		     struct err *e)
{
	int64_t *i64 = arena_new(a, int64_t);
	uint64_t *u64 = arena_new(a, uint64_t);
	uint16_t *u16 = arena_new(a, uint16_t);

	if (!i64 || !u64 || !u16)
		return err_set(e, ENOMEM, "prepare the update");
	switch (row->type) {
	case TEXT_I64:
	case TEXT_SIZE:
		if (!parse_signed(text, row->type == TEXT_SIZE, i64))
			return refuse_text(row, text, e);
		*(const int64_t **)place = i64;
		break;
	case TEXT_U64:
	case TEXT_U16:
		if (!parse_unsigned(text, false, u64) ||
		    (row->type == TEXT_U16 && *u64 > UINT16_MAX))
			return refuse_text(row, text, e);
		*u16 = (uint16_t)*u64;
		*(const void **)place = row->type == TEXT_U16 ? (const void *)u16 : u64;
		break;
	case TEXT_WORDS:
		*(const char **)place = text;
		break;
	}
	return 0;
}

static const char *text_of(const struct davit_update_options *o, const struct text_row *row)
{
	return *(const char *const *)((const char *)o + row->from);
}

/* NULL: none is given. */
static const void *number_of(const struct davit_update_options *o, const struct text_row *row)
{
	return row->number ? *(const void *const *)((const char *)o + row->number) : NULL;
}

static int take_number(const struct text_row *row, const void *number, const char *text,
		       void *place, struct err *e)
{
	bool is_signed = row->type == TEXT_I64 || row->type == TEXT_SIZE;

	if (text)
		return err_kind(e, ERR_USAGE, EINVAL, "%s is given as a text and as a number",
				row->name);
	if (is_signed && *(const int64_t *)number < -1)
		return err_kind(e, ERR_USAGE, EINVAL, "%s %lld is not in its range", row->name,
				(long long)*(const int64_t *)number);
	*(const void **)place = number;
	return 0;
}

static int take_texts(struct arena *a, const struct davit_update_options *o,
		      struct oci_resources *ret, struct err *e)
{
	struct given *given = arena_new(a, struct given);

	if (!given)
		return err_set(e, ENOMEM, "prepare the update");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = text_of(o, &rows[i]);
		const void *number = number_of(o, &rows[i]);
		void *place = (char *)given + rows[i].to;

		if (number && take_number(&rows[i], number, text, place, e) < 0)
			return -e->code;
		if (text && take_text(a, &rows[i], text, place, e) < 0)
			return -e->code;
	}
	ret->memory = &given->memory;
	ret->cpu = &given->cpu;
	ret->pids = &given->pids;
	ret->block_io = &given->block_io;
	return 0;
}

static int take_document(const struct davit_context *ctx, struct arena *a,
			 const struct davit_update_options *o, struct oci_resources *ret,
			 struct err *e)
{
	struct oci_resources *res;

	if (oci_resources_decode(a, o->resources, o->resources_len, "resources", &res, e) < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (text_of(o, &rows[i]) || number_of(o, &rows[i]))
			context_log(ctx, DAVIT_LOG_WARNING,
				    "--%s is ignored: the values come from --resources",
				    rows[i].name);
	*ret = *res;
	return 0;
}

/* The container's own configuration says which class of service it is in. */
static int prepare_rdt(struct container *c, const struct davit_update_options *o,
		       struct intel_rdt *ret, struct err *e)
{
	struct oci_intel_rdt schemas = { .l3_cache_schema = o->l3_cache_schema,
					 .mem_bw_schema = o->mem_bw_schema };
	struct oci_linux changed = { 0 };
	struct oci_config *config;
	char *text;
	size_t len;

	*ret = (struct intel_rdt){ 0 };
	if (!schemas.l3_cache_schema && !schemas.mem_bw_schema)
		return 0;
	if (store_read_file(&c->arena, c->dirfd, "config.json", &text, &len, e) < 0 ||
	    oci_config_decode(&c->arena, text, len, "config.json", &config, e) < 0)
		return -e->code;
	if (!config->linux_config || !config->linux_config->intel_rdt)
		return err_kind(e, ERR_CONFIG, EINVAL,
				"container %s has no class of service (linux.intelRdt)", c->id);
	changed = *config->linux_config;
	schemas.clos_id = changed.intel_rdt->clos_id;
	changed.intel_rdt = &schemas;
	config->linux_config = &changed;
	oci_config_check(config, oci_check_keep_first, e);
	return e->code ? -e->code : intel_rdt_prepare(&c->arena, config, c->id, ret, e);
}

static int update_limits(const struct davit_context *ctx, struct container *c,
			 const struct davit_update_options *o, struct oci_resources *res,
			 struct err *e)
{
	const struct cgroup_context cg = { .id = c->id,
					   .manager = ctx->cgroup_manager,
					   .systemd = &ctx->systemd,
					   .rootless = ctx->is_rootless,
					   .warn = context_warn,
					   .warn_arg = (void *)ctx };
	struct cgroup_ref ref;
	bool has_cgroup = container_cgroup(c, &ref);

	if (cgroup_update(&c->arena, has_cgroup ? &ref : NULL, res, &cg, e) < 0 && o->resources)
		oci_find_line(o->resources, o->resources_len, e);
	return -e->code;
}

static int update_container(const struct davit_context *ctx, struct container *c,
			    const struct davit_update_options *o, struct err *e)
{
	struct oci_resources res = { 0 };
	struct intel_rdt rdt;

	if (c->status == STATUS_STOPPED || c->status == STATUS_CREATING) {
		err_kind(e, ERR_STATUS, EINVAL, "cannot update container %s: container not running",
			 c->id);
		return err_hint(e, "it is %s", status_word(c->status));
	}
	if ((o->resources ? take_document(ctx, &c->arena, o, &res, e)
			  : take_texts(&c->arena, o, &res, e)) < 0)
		return -e->code;
	if (prepare_rdt(c, o, &rdt, e) < 0 ||
	    (rdt.group && intel_rdt_update(&c->arena, &rdt, e) < 0))
		return -e->code;
	if (update_limits(ctx, c, o, &res, e) < 0 && rdt.group)
		intel_rdt_undo(&rdt);
	intel_rdt_close(&rdt);
	return -e->code;
}

int operation_update(const struct davit_context *ctx, const char *id,
		     const struct davit_update_options *options, struct err *e)
{
	struct container c;

	if (container_open(ctx, id, CONTAINER_LOCK, &c, e) == 0)
		(void)update_container(ctx, &c, options, e); /* in e */
	container_close(&c);
	return -e->code;
}
