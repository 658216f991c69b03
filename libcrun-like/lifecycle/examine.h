/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What create would refuse, for `validate`: the same functions prepare each part of a configuration
 * on its own, so that a fault of one does not hide those of the others. Changes nothing.
 */
#ifndef DAVIT_LIFECYCLE_EXAMINE_H
#define DAVIT_LIFECYCLE_EXAMINE_H

#include "lifecycle/plan.h"

typedef void examine_fn(void *arg, const struct err *fault);

/*
 * @plan: with a decoded config. Faults of the document alone, whoever calls and on whatever
 * machine;
 * @with_host: those of this machine as well (the root file system, the kernel's file systems, its
 * security module).
 */
void plan_examine(struct plan *plan, bool with_host, examine_fn *found, void *arg);

#endif
