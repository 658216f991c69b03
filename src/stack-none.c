/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * stack.h where the C library cannot change stacks (musl).
 */
#include "stack.h"

int stack_run(int (*body)(void *arg), void *arg)
{
	return body(arg);
}
