/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See stack.h. The limit itself stays as it is: the container's program inherits it. Processes that
 * are cloned from here have a copy of this stack, as they would have of the first.
 */
#include "stack.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

enum {
	OWN_SIZE = 1024 * 1024, /* the deepest calls need a third of it */
	GUARD = 64 * 1024       /* a page, wherever */
};

struct call {
	int (*body)(void *arg);
	void *arg;
	int result;
};

static bool is_small(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < OWN_SIZE;
}

/* makecontext(3) hands on int alone. */
static void begin(unsigned high, unsigned low)
{
	struct call *call = (struct call *)((uintptr_t)high << 16 << 16 | low);

	call->result = call->body(call->arg);
}

int stack_run(int (*body)(void *arg), void *arg)
{
	struct call call = { body, arg, 0 };
	uintptr_t at = (uintptr_t)&call;
	ucontext_t here, there;
	char *stack = MAP_FAILED;

	if (is_small())
		stack = mmap(NULL, GUARD + OWN_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (stack == MAP_FAILED || mprotect(stack, GUARD, PROT_NONE) < 0 || getcontext(&there) < 0)
		return body(arg);
	there.uc_stack.ss_sp = stack + GUARD;
	there.uc_stack.ss_size = OWN_SIZE;
	there.uc_link = &here;
	makecontext(&there, (void (*)(void))begin, 2, (unsigned)(at >> 16 >> 16), (unsigned)at);
	if (swapcontext(&here, &there) < 0)
		return body(arg);
	(void)munmap(stack, GUARD + OWN_SIZE); /* the process is about to end */
	return call.result;
}
