/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A caller may have left us a small stack (ulimit -s): supervisors with many threads and embedded
 * systems do. What the work needs is known and does not depend on it.
 */
#ifndef DAVIT_SRC_STACK_H
#define DAVIT_SRC_STACK_H

/* Calls @body, on a stack of its own where the limit is small, and returns what it returns. */
int stack_run(int (*body)(void *arg), void *arg);

#endif
