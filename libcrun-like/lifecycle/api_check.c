/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * validate and plan: everything that can be said about a bundle without changing anything on the
 * host.
 */
#include <string.h>

#include "base/fmt.h"
#include "lifecycle/lifecycle.h"
#include "lifecycle/operation.h"

struct faults {
	davit_fault_fn *each;
	void *arg;
	size_t count;
	const struct plan *plan;
};

static void report(struct faults *f, const struct err *e)
{
	struct davit_error fault = { 0 };

	error_export(&fault, e);
	f->count++;
	f->each(f->arg, &fault);
}

static bool report_violation(void *arg, const struct err *violation)
{
	struct faults *f = arg;
	struct err e = *violation;

	oci_find_line(f->plan->text, f->plan->text_len, &e);
	report(f, &e);
	return true;
}

static void report_unknown(void *arg, const char *pointer, unsigned line)
{
	struct err e = { 0 };

	err_field(&e, EINVAL, pointer, "unknown property");
	e.line = line;
	report(arg, &e);
}

int davit_validate(const char *bundle, const char *config, bool strict, davit_fault_fn *each,
		   void *arg, size_t *ret_faults, struct davit_error *err)
{
	const struct davit_create_options options = { .size = sizeof(options),
						      .bundle = bundle,
						      .config = config };
	struct plan plan = { 0 };
	struct faults f = { each, arg, 0, &plan };
	struct err e = { 0 };

	if (plan_take_options(&plan, NULL, &options, &e) < 0)
		goto out;
	if (plan_decode(&plan, &e) < 0) {
		/* Not JSON, or of the wrong types: a fault of the document. An unreadable file is
		 * not one. */
		if (e.kind == ERR_SYSTEM)
			goto out;
		report(&f, &e);
		e = (struct err){ 0 };
		goto out;
	}
	oci_config_check(plan.config, report_violation, &f);
	if (strict)
		oci_config_unknown_keys(plan.text, plan.text_len, "config.json", report_unknown, &f,
					&e);
out:
	*ret_faults = f.count;
	plan_release(&plan);
	return error_export(err, &e);
}

enum {
	OPERATIONS_MAX = 512
};

struct operations {
	struct arena *arena;
	const char **lines;
	size_t count;
};

static void keep_line(void *arg, const char *text)
{
	struct operations *o = arg;
	char *copy = o->count < OPERATIONS_MAX ? arena_strdup(o->arena, text) : NULL;

	if (copy)
		o->lines[o->count++] = copy;
}

static int describe_step(struct plan *plan, const struct step *step, davit_plan_fn *each, void *arg,
			 struct err *e)
{
	struct operations o = { &plan->arena,
				arena_array(&plan->arena, OPERATIONS_MAX + 1, sizeof(char *)), 0 };
	const struct describe d = { keep_line, &o };
	struct davit_plan_step out = { .size = sizeof(out),
				       .name = step->name,
				       .where = where_name(step->where),
				       .why = step->why };

	if (!o.lines)
		return err_set(e, ENOMEM, "describe the plan");
	out.active = step_is_active(step, plan);
	if (out.active && step->describe)
		step->describe(plan, &d);
	out.operations = o.lines;
	each(arg, &out);
	return 0;
}

int davit_plan(struct davit_context *ctx, const struct davit_create_options *options,
	       davit_plan_fn *each, void *arg, struct davit_error *err)
{
	struct plan plan = { .is_resumable = true };
	struct err e = { 0 };

	if (plan_take_options(&plan, ctx, options, &e) < 0 || plan_decode(&plan, &e) < 0 ||
	    plan_check(&plan, &e) < 0)
		goto out;
	plan.is_dry = true;
	if (!plan.id)
		plan.id = "ID";
	if (plan_prepare(&plan, &e) < 0)
		goto out;
	if (plan_filter(&plan, -1, &e) < 0)
		goto out;
	for (size_t i = 0; i < life_step_count && !e.code; i++)
		describe_step(&plan, &life_steps[i], each, arg, &e);
out:
	plan_release(&plan);
	return error_export(err, &e);
}
