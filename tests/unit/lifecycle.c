/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the code relies on in the step tables.
 */
#include "lifecycle/lifecycle.h"

#include "test.h"

static size_t count_marks(const struct step *steps, size_t count, enum step_mark mark)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += steps[i].mark == mark;
	return found;
}

TEST(rows_that_are_looked_for_are_there_once)
{
	CHECK(count_marks(life_steps, life_step_count, STEP_START) == 1);
	CHECK(count_marks(life_steps, life_step_count, STEP_AWAIT_START) == 1);
	CHECK(count_marks(life_steps, life_step_count, STEP_EXECUTE) == 1);
	CHECK(count_marks(life_steps, life_step_count, STEP_POSTSTART) == 1);
	CHECK(count_marks(exec_steps, exec_step_count, STEP_EXECUTE) == 1);
}

TEST(a_start_resumes_where_init_waits)
{
	size_t start = step_find(life_steps, STEP_START);
	size_t await = step_find(life_steps, STEP_AWAIT_START);

	CHECK(life_steps[await].where == INIT);
	CHECK(start < await);
	for (size_t i = start; i < await; i++)
		CHECK(life_steps[i].where == HOST);
	CHECK(step_find(life_steps, STEP_EXECUTE) < step_find(life_steps, STEP_POSTSTART));
}
