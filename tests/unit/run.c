/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The children of an operation: whoever made them lives on, so each of them is waited for.
 */
#include "lifecycle/run.h"

#include <sched.h>
#include <sys/wait.h>

#include "kernel/sys.h"
#include "lifecycle/lifecycle.h"
#include "test.h"

TEST(a_predecessor_is_waited_for_though_its_successor_is_not_there)
{
	static const struct davit_context ctx = { .name = "davit" };
	struct plan plan = { 0 };
	struct err e = { 0 };
	struct run run;
	struct clone_args args = { .flags = CLONE_PIDFD,
				   .exit_signal = SIGCHLD,
				   .pidfd = (uintptr_t)&run.pidfd };

	run_init(&run, &ctx, &plan, VERB_RUN);
	run.pid = sys_clone3(&args);
	if (run.pid == 0)
		_exit(0);
	CHECK(run.pid > 0);
	CHECK(run_take_successor(&run, -1, &e) < 0);
	undo_spawn(&run);
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
	CHECK_INT(errno, ECHILD);
	run_release(&run);
}
