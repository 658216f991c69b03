/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See systemd_properties.h.
 */
#include "setup/resources/systemd_properties.h"

#include <stdarg.h>
#include <string.h>

#include "base/fmt.h"
#include "base/numbers.h"
#include "setup/annotations.h"
#include "setup/resources/gvariant.h"

enum {
	CPUS_MAX = 8192,
	USEC_PER_SEC = 1000000,
	QUOTA_STEP = 10000, /* systemd keeps whole percents of a processor */
	NAME_SIZE = 128
};

static void add_bytes(struct systemd_message *m, const char *bytes, size_t len)
{
	if (m->size - m->len < len) {
		size_t size = 2 * (m->len + len) + 1024;
		char *text = arena_array(m->arena, size, 1);

		if (!text) {
			m->has_failed = true;
			return;
		}
		if (m->len)
			memcpy(text, m->text, m->len);
		m->text = text;
		m->size = size;
	}
	memcpy(m->text + m->len, bytes, len);
	m->len += len;
}

void systemd_add_token(struct systemd_message *m, const char *format, ...)
{
	char *text;
	va_list ap;
	size_t len;

	va_start(ap, format);
	len = fmt_v(NULL, 0, format, ap);
	va_end(ap);
	text = arena_array(m->arena, len + 1, 1);
	if (!text) {
		m->has_failed = true;
		return;
	}
	va_start(ap, format);
	fmt_v(text, len + 1, format, ap);
	va_end(ap);
	add_bytes(m, text, len + 1);
}

void systemd_add_text(struct systemd_message *m, const char *name, const char *value)
{
	systemd_add_token(m, "%s", name);
	systemd_add_token(m, "s");
	systemd_add_token(m, "=%s", value);
}

void systemd_add_bool(struct systemd_message *m, const char *name, bool value)
{
	systemd_add_token(m, "%s", name);
	systemd_add_token(m, "b");
	systemd_add_token(m, "=%s", value ? "true" : "false");
}

void systemd_add_u64(struct systemd_message *m, const char *name, uint64_t value)
{
	systemd_add_token(m, "%s", name);
	systemd_add_token(m, "t");
	systemd_add_token(m, "=%llu", (unsigned long long)value);
}

/* --- limits ---------------------------------------------------------------------------------- */

/* A whole number, with the units that the kernel takes in its memory files; "max": all ones. */
static bool parse_limit(const char *text, uint64_t *ret, const char **ret_end)
{
	static const char units[] = "kmgt";
	const char *unit;
	uint64_t n;

	if (strncmp(text, "max", 3) == 0) {
		*ret = UINT64_MAX;
		*ret_end = text + 3;
		return true;
	}
	if (!number_parse(text, &n, &text))
		return false;
	unit = *text ? strchr(units, *text | 0x20) : NULL;
	if (unit && *unit) {
		if (__builtin_mul_overflow(n, UINT64_C(1) << (10 * (unit - units + 1)), &n))
			return false;
		text++;
	}
	*ret = n;
	*ret_end = text;
	return true;
}

struct property {
	const char *file, *name;
	/* False: nothing that systemd could be told; the kernel's file has it alone. */
	bool (*add)(struct systemd_message *m, const struct property *row, const char *value);
};

static bool add_limit(struct systemd_message *m, const struct property *row, const char *value)
{
	const char *end;
	uint64_t n;

	if (!parse_limit(value, &n, &end) || end[strspn(end, "\n ")])
		return false;
	systemd_add_u64(m, row->name, n);
	return true;
}

/* "QUOTA PERIOD", "QUOTA". */
static bool parse_quota(const char *value, uint64_t *ret_quota, uint64_t *ret_period)
{
	const char *end;

	*ret_period = 100000;
	if (!parse_limit(value, ret_quota, &end))
		return false;
	return *end != ' ' || (parse_limit(end + 1, ret_period, &end) && !*end && *ret_period);
}

static bool add_period(struct systemd_message *m, const struct property *row, const char *value)
{
	uint64_t quota, period;

	if (!parse_quota(value, &quota, &period))
		return false;
	systemd_add_u64(m, row->name, period);
	return true;
}

/* systemd counts the processor time in a second, in steps of a percent of one. What is less is
 * rounded up, or the container's own file could not have its value below it. */
static bool add_quota(struct systemd_message *m, const struct property *row, const char *value)
{
	uint64_t quota, period, per_sec = UINT64_MAX;

	if (!parse_quota(value, &quota, &period))
		return false;
	if (quota != UINT64_MAX) {
		if (__builtin_mul_overflow(quota, (uint64_t)USEC_PER_SEC, &per_sec))
			return false;
		per_sec = per_sec / period + (per_sec % period ? 1 : 0);
		per_sec = (per_sec + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
	}
	systemd_add_u64(m, row->name, per_sec);
	return true;
}

/* "1" is the weight 0 of systemd 252 and newer. What is idle no more has the default weight, as the
 * kernel's file has it then. */
static bool add_idle(struct systemd_message *m, const struct property *row, const char *value)
{
	systemd_add_u64(m, row->name, strcmp(value, "1") == 0 ? 0 : UINT64_MAX);
	return true;
}

/* "default 100", "100"; one of a device is the kernel's file's alone. */
static bool add_io_weight(struct systemd_message *m, const struct property *row, const char *value)
{
	static const char word[] = "default ";

	if (strncmp(value, word, sizeof(word) - 1) == 0)
		value += sizeof(word) - 1;
	return add_limit(m, row, value);
}

/* "0-3,7" as a mask, the first byte that of the first eight. */
static bool add_mask(struct systemd_message *m, const struct property *row, const char *value)
{
	uint8_t mask[CPUS_MAX / 8] = { 0 };
	uint64_t first, last;
	size_t len = 0;

	while (*value) {
		if (strchr(", \n", *value)) {
			value++;
			continue;
		}
		if (!parse_limit(value, &first, &value))
			return false;
		last = first;
		if (*value == '-' && !parse_limit(value + 1, &last, &value))
			return false;
		if (last < first || last >= CPUS_MAX || (*value && !strchr(", \n", *value)))
			return false;
		for (uint64_t i = first; i <= last; i++)
			mask[i / 8] |= (uint8_t)(1U << i % 8);
		len = last / 8 + 1 > len ? last / 8 + 1 : len;
	}
	systemd_add_token(m, "%s", row->name);
	systemd_add_token(m, "ay");
	systemd_add_token(m, "[");
	for (size_t i = 0; i < len; i++)
		systemd_add_token(m, "=%u", mask[i]);
	systemd_add_token(m, "]");
	return true;
}

/* clang-format off */
static const struct property table[] = {
	{ "memory.max",       "MemoryMax",           add_limit },
	{ "memory.swap.max",  "MemorySwapMax",       add_limit },
	{ "memory.low",       "MemoryLow",           add_limit },
	{ "memory.high",      "MemoryHigh",          add_limit },
	{ "memory.min",       "MemoryMin",           add_limit },
	{ "memory.zswap.max", "?MemoryZSwapMax",     add_limit },
	{ "cpu.weight",       "CPUWeight",           add_limit },
	{ "cpu.max",          "?CPUQuotaPeriodUSec", add_period },
	{ "cpu.max",          "CPUQuotaPerSecUSec",  add_quota },
	{ "cpu.idle",         "CPUWeight",           add_idle },
	{ "cpuset.cpus",      "?AllowedCPUs",        add_mask },
	{ "cpuset.mems",      "?AllowedMemoryNodes", add_mask },
	{ "pids.max",         "TasksMax",            add_limit },
	{ "io.weight",        "IOWeight",            add_io_weight },
};
/* clang-format on */

/* NAME of an annotation org.systemd.property.NAME; NULL: another one. */
static const char *property_of(const struct oci_pair *pair)
{
	const char *prefix = annotation_name(ANNOTATION_SYSTEMD_PROPERTY);
	size_t len = strlen(prefix);

	return strncmp(pair->key, prefix, len) == 0 ? pair->key + len : NULL;
}

bool systemd_has_annotation(const struct oci_map *annotations, const char *name)
{
	name += *name == '?';
	for (size_t i = 0; annotations && i < annotations->count; i++) {
		const char *property = property_of(&annotations->items[i]);

		if (property && strcmp(property, name) == 0)
			return true;
	}
	return false;
}

/* A weight that is given beside "idle no more" counts, whichever comes first. */
static bool is_overruled(const struct property *row, const char *value,
			 const struct cgroup_write *w)
{
	if (row->add != add_idle || strcmp(value, "1") == 0)
		return false;
	while (w && strcmp(w->file, "cpu.weight") != 0)
		w = w->next;
	return w;
}

void systemd_add_limits(struct systemd_message *m, const struct cgroup_write *writes,
			const struct oci_map *annotations)
{
	for (const struct cgroup_write *w = writes; w; w = w->next) {
		for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
			const struct property *row = &table[i];
			bool is_alt = w->alt_file && strcmp(w->alt_file, row->file) == 0;

			if ((is_alt || strcmp(w->file, row->file) == 0) &&
			    !is_overruled(row, w->value, writes) &&
			    !(row->add == add_period && w->has_usual_period) &&
			    !systemd_has_annotation(annotations, row->name))
				(void)row->add(m, row, is_alt ? w->alt_value : w->value);
		}
	}
}

/* --- annotations ----------------------------------------------------------------------------- */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static int refuse(const struct oci_pair *pair, const char *why, struct err *e)
{
	err_kind(e, ERR_CONFIG, EINVAL, "the annotation %.100s cannot be a property of a unit: %s",
		 pair->key, why);
	return err_at(e, POINTER("/annotations/%.100s", pair->key));
}

/* TimeoutStopSec is what unit files have; on the bus it is TimeoutStopUSec, in microseconds. */
static bool is_seconds(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && strcmp(name + len - 3, "Sec") == 0 && name[len - 4] >= 'a' &&
	       name[len - 4] <= 'z';
}

/* The decimal number of @text, up to six digits behind the point, in millionths. */
static bool read_seconds(const char *text, uint64_t *ret)
{
	uint64_t whole = 0, part = 0, unit = USEC_PER_SEC;
	const char *end;

	if (*text != '.' && (!parse_limit(text, &whole, &text) || whole == UINT64_MAX))
		return false;
	if (*text == '.') {
		for (end = text + 1; *end >= '0' && *end <= '9'; end++) {
			unit /= 10;
			part += unit * (uint64_t)(*end - '0');
		}
		text = end;
	}
	return !*text && !__builtin_mul_overflow(whole, (uint64_t)USEC_PER_SEC, ret) &&
	       !__builtin_add_overflow(*ret, part, ret);
}

static int add_seconds(struct systemd_message *m, const struct oci_pair *pair, const char *name,
		       const struct gvariant *value, struct err *e)
{
	char property[NAME_SIZE];
	uint64_t usec;

	if (!strchr("ynqiuxtd", value->signature[0]) || !read_seconds(value->tokens + 1, &usec))
		return refuse(pair, "its value is not a number of seconds", e);
	fmt(property, sizeof(property), "%.*sUSec", (int)strlen(name) - 3, name);
	systemd_add_u64(m, property, usec);
	return 0;
}

static int add_annotation(struct systemd_message *m, const struct oci_pair *pair, struct err *e)
{
	/* What makes the unit the container's is not the configuration's to say. */
	static const char *const ours[] = { "PIDs", "PIDFDs", "Slice" };
	const char *name = property_of(pair), *why;
	struct gvariant value;
	int r;

	/* analyzer: who has no such name does not come here */
	if (strlen(name) < 3 || strlen(name) >= NAME_SIZE - 8 || name[strspn(name, letters)])
		return refuse(pair, "its name is not one", e);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (strcmp(name, ours[i]) == 0)
			return refuse(pair, "the container is put into the unit by davit", e);
	r = gvariant_parse(m->arena, pair->value, &value, &why);
	if (r == -ENOMEM)
		return err_set(e, ENOMEM, "prepare the unit");
	if (r < 0)
		return refuse(pair, why, e);
	if (is_seconds(name))
		return add_seconds(m, pair, name, &value, e);
	systemd_add_token(m, "%s", name);
	systemd_add_token(m, "%s", value.signature);
	add_bytes(m, value.tokens, value.len);
	return 0;
}

int systemd_add_annotations(struct systemd_message *m, const struct oci_map *annotations,
			    struct err *e)
{
	for (size_t i = 0; i < annotations->count; i++)
		if (property_of(&annotations->items[i]) &&
		    add_annotation(m, &annotations->items[i], e) < 0)
			return -e->code;
	return 0;
}
