/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The end of a unit's cgroup, for cgroup_destroy().
 */
#ifndef DAVIT_SETUP_RESOURCES_CGROUP_SCOPE_H
#define DAVIT_SETUP_RESOURCES_CGROUP_SCOPE_H

#include "setup/resources/cgroup.h"

int cgroup_destroy_unit(const struct cgroup_ref *ref, unsigned deadline_ms, struct err *e);

#endif
