/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Handing the container's cgroup over to the container: its owner
 * (config-linux.md#cgroup-ownership), and the sub-cgroup that the annotation
 * run.oci.delegate-cgroup names. Limits stay out of the container's reach: only the directory and
 * the files that the kernel declares to be safe change hands.
 */
#ifndef DAVIT_SETUP_RESOURCES_CGROUP_OWNER_H
#define DAVIT_SETUP_RESOURCES_CGROUP_OWNER_H

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"
#include "setup/namespaces.h"

struct cgroup_handover {
	bool has_owner; /* else it stays with the runtime's user */
	uid_t uid;
	const char *below; /* the sub-cgroup for the first process, relative; NULL: none */
};

int cgroup_handover_prepare(const struct oci_config *config, const struct namespaces *ns,
			    struct cgroup_handover *ret, struct err *e);

/* @dirfd: of the container's cgroup. */
int cgroup_handover_chown(const struct cgroup_handover *h, int dirfd, struct err *e);
/* Makes the sub-cgroup and moves @pid into it; after its cgroup namespace has been made, which has
 * the container's own cgroup for its root. */
int cgroup_handover_enter(const struct cgroup_handover *h, int dirfd, pid_t pid, struct err *e);

void cgroup_handover_describe(const struct cgroup_handover *h, const struct describe *d);

#endif
