/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * plan: what creating a container would do, row by row, without doing it.
 */
#include "lifecycle/lifecycle.h"
#include "operation/operation.h"

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

/* What the callback says: 0 goes on. */
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
	return each(arg, &out);
}

int operation_plan(const struct davit_context *ctx, const struct davit_create_options *options,
		   davit_plan_fn *each, void *arg, struct err *e)
{
	struct plan plan = { .is_resumable = true };

	if (plan_take_options(&plan, ctx, options, e) < 0 || plan_decode(&plan, e) < 0 ||
	    plan_check(&plan, e) < 0)
		goto out;
	plan.is_dry = true;
	if (!plan.id)
		plan.id = "ID";
	if (plan_prepare(&plan, e) < 0)
		goto out;
	if (plan_filter(&plan, -1, e) < 0)
		goto out;
	for (size_t i = 0; i < life_step_count; i++)
		if (describe_step(&plan, &life_steps[i], each, arg, e) != 0)
			break;
out:
	plan_release(&plan);
	return -e->code;
}
