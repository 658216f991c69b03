/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pure rows: what they work out is in struct plan. The filter's cache is the one thing on the
 * host that they touch.
 */
#include "kernel/seccomp.h"
#include "lifecycle/lifecycle.h"
#include "setup/seccomp/seccomp_cache.h"

int step_decode(struct run *run, struct err *e)
{
	return plan_decode(run->own_plan, e);
}

int step_check(struct run *run, struct err *e)
{
	return plan_check(run->own_plan, e);
}

int step_prepare(struct run *run, struct err *e)
{
	return plan_prepare(run->own_plan, e);
}

int step_filter(struct run *run, struct err *e)
{
	_cleanup_fd_ int cache = -1;

	cache = seccomp_cache_find(run->ctx->runtime_dir);
	if (plan_filter(run->own_plan, cache, e) < 0)
		return -e->code;
	/* As runc logs them: TSYNC asks nothing of a process with one thread. */
	context_log(run->ctx, DAVIT_LOG_DEBUG, "seccomp filter flags: %u",
		    run->plan->seccomp.flags & ~(unsigned)SECCOMP_FLAG_TSYNC);
	return 0;
}
