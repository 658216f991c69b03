/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * validate: everything that is wrong with a bundle, without changing anything on the host.
 */
#include <string.h>

#include "lifecycle/examine.h"
#include "operation/operation.h"

enum {
	PLACES_MAX = 256
};

struct faults {
	operation_fault_fn *each;
	void *arg;
	size_t count;
	struct plan *plan;
	const char *places[PLACES_MAX];
	size_t place_count;
	size_t known;     /* of them: from earlier than what is looked for now */
	bool has_stopped; /* the caller wants no more */
};

static bool is_known(const struct faults *f, const char *pointer)
{
	for (size_t i = 0; i < f->known; i++) {
		size_t len = strlen(f->places[i]);

		if (!strncmp(f->places[i], pointer, len) && (!pointer[len] || pointer[len] == '/'))
			return true;
	}
	return false;
}

static void report(struct faults *f, const struct err *e)
{
	char *place = e->pointer[0] && f->place_count < PLACES_MAX
			      ? arena_strdup(&f->plan->arena, e->pointer)
			      : NULL;

	if (f->has_stopped)
		return;
	if (place)
		f->places[f->place_count++] = place;
	f->count++;
	f->has_stopped = !f->each(f->arg, e);
}

/* A fault that the decoder has found: it has a pointer already. */
static bool report_value(void *arg, const struct err *fault)
{
	report(arg, fault);
	return true;
}

static bool report_violation(void *arg, const struct err *violation)
{
	struct faults *f = arg;
	struct err e = *violation;

	oci_find_line(f->plan->text, f->plan->text_len, &e);
	report(f, &e);
	return true;
}

static bool report_news(void *arg, const struct err *violation)
{
	return is_known(arg, violation->pointer) || report_violation(arg, violation);
}

static void report_refusal(void *arg, const struct err *fault)
{
	if (!fault->pointer[0] || !is_known(arg, fault->pointer))
		report_violation(arg, fault);
}

static bool is_faulty(const void *arg, const char *section)
{
	const struct faults *f = arg;

	/* Of more faults than there was room for nobody knows where they are. */
	if (f->place_count == PLACES_MAX)
		return true;
	for (size_t i = 0; i < f->place_count; i++)
		if (!strncmp(f->places[i], section, strlen(section)))
			return true;
	return false;
}

static void report_unknown(void *arg, const char *pointer, unsigned line)
{
	struct err e = { 0 };

	err_field(&e, EINVAL, pointer, "unknown property");
	e.line = line;
	report(arg, &e);
}

/* In three turns: values, the rules between them, and what create would make of them. Of one place
 * all that a turn finds is told, and nothing that a later one does. */
static void validate(struct faults *f, const struct davit_validate_options *o, struct err *e)
{
	struct plan *plan = f->plan;
	const struct oci_text text = { plan->text, plan->text_len, plan->config_name };
	struct oci_config *config;

	if (oci_config_decode_all(&plan->arena, &text, report_value, f, &config, e) < 0) {
		/* Not JSON. Lack of memory is no fault of the document. */
		if (e->kind == ERR_SYSTEM)
			return;
		report(f, e);
		*e = (struct err){ 0 };
		return;
	}
	plan->config = config;
	f->known = f->place_count;
	oci_config_check(config, report_news, f);
	f->known = f->place_count;
	plan_examine(plan, &(struct examine){ o->host, report_refusal, is_faulty, f });
	if (o->strict)
		oci_config_unknown_keys(plan->text, plan->text_len, plan->config_name,
					report_unknown, f, e);
}

int operation_validate(const struct davit_validate_options *options, operation_fault_fn *each,
		       void *arg, size_t *ret_faults, struct err *e)
{
	const struct davit_create_options create = { .size = sizeof(create),
						     .bundle = options->bundle,
						     .config = options->config };
	struct plan plan = { .id = "ID", .is_dry = true };
	struct faults f = { .each = each, .arg = arg, .plan = &plan };

	if (plan_take_options(&plan, NULL, &create, e) == 0 && plan_read(&plan, e) < 0 &&
	    e->kind != ERR_SYSTEM) {
		/* Too large, say. A file that cannot be read is no fault of the document. */
		report(&f, e);
		*e = (struct err){ 0 };
	} else if (!e->code) {
		validate(&f, options, e);
	}
	*ret_faults = f.count;
	plan_release(&plan);
	return -e->code;
}
