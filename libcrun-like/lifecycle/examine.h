/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What create would refuse, for `validate`: the same functions prepare each part of a configuration
 * on its own, so that a fault of one does not hide those of the others. Changes nothing.
 */
#ifndef DAVIT_LIFECYCLE_EXAMINE_H
#define DAVIT_LIFECYCLE_EXAMINE_H

#include "lifecycle/plan.h"

struct examine {
	bool with_host; /* what of this machine is wrong too: root, file systems, security module */
	void (*found)(void *arg, const struct err *fault);
	/* Has @section, a pointer, a fault already? */
	bool (*is_faulty)(const void *arg, const char *section);
	void *arg;
};

/* @plan: with a decoded config, whatever oci_config_check() says of it. All faults that the
 * document has whoever calls and on whatever machine. */
void plan_examine(struct plan *plan, const struct examine *what);

#endif
