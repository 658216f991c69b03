/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between cgroup_knobs.c (the table of scalars) and cgroup_knob_lists.c (lists, maps): how a write
 * is added.
 */
#ifndef DAVIT_SETUP_RESOURCES_CGROUP_KNOB_ADD_H
#define DAVIT_SETUP_RESOURCES_CGROUP_KNOB_ADD_H

#include "setup/resources/cgroup_knobs.h"

struct knobs {
	struct arena *arena;
	const struct oci_resources *res;
	const struct cgroup_host *host;
	struct cgroup_write **last;
};

/* Copies @write to the end of the list, or says that its controller is missing. */
int cgroup_knobs_add(struct knobs *k, const struct cgroup_write *write, struct err *e);
bool cgroup_knobs_has_controller(const struct knobs *k, const char *controller);
void cgroup_knobs_warn(const struct knobs *k, const char *text);
/* Fills in files and values of a block weight; @device: "8:0 ", or "" for all. */
int cgroup_knobs_weight(struct knobs *k, unsigned weight, const char *device,
			struct cgroup_write *w, struct err *e);

/* cgroup_knob_lists.c: all lists and maps. */
int cgroup_knobs_add_lists(struct knobs *k, struct err *e);

#endif
