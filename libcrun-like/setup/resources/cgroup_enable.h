/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Controllers for the planned cgroup: each of its parents has to give them to its children.
 *
 * What the plan requires is enabled or is an error; what it only wants is enabled where no
 * processes live, since there it would make a threaded domain of the cgroup, which damages whatever
 * runs in it (kernel/cgroupfs.h). Processes stand in the way of what is required, too, but for
 * those of the caller's own cgroup when that was delegated: they are moved into one below it.
 */
#ifndef DAVIT_SETUP_RESOURCES_CGROUP_ENABLE_H
#define DAVIT_SETUP_RESOURCES_CGROUP_ENABLE_H

#include "setup/resources/cgroup.h"

/* Adds to @done, also on failure. */
int cgroup_enable_in_parents(int rootfd, const struct cgroup_plan *plan,
			     struct cgroup_enabled *done, struct err *e);

/* Where the caller's processes are moved to: no container's name, which has no "@". */
#define CGROUP_CALLERS "davit@callers"

#endif
