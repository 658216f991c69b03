/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See step.h.
 */
#include "lifecycle/step.h"

const char *where_name(enum where where)
{
	return where == HOST ? "host" : where == MIDDLE ? "middle" : "init";
}

size_t step_find(const struct step *steps, enum step_mark mark)
{
	size_t row = 0;

	while (steps[row].mark != mark)
		row++;
	return row;
}

bool step_is_active(const struct step *step, const struct plan *plan)
{
	return !step->when || step->when(plan);
}
