/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Device nodes of the container: linux.devices, the devices that every container has, and the links
 * of /dev. /dev/console belongs to console.h; which devices may be used, to the cgroup.
 */
#ifndef DAVIT_SETUP_FILESYSTEM_DEVICES_H
#define DAVIT_SETUP_FILESYSTEM_DEVICES_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"
#include "setup/namespaces.h"

struct device_op {
	const char *path;
	const char *pointer; /* into config.json; NULL for a default device */
	mode_t mode;         /* type and permissions */
	dev_t rdev;          /* 0 for a FIFO */
	uid_t uid;
	gid_t gid;
	int source_fd; /* detached clone of the host's node, to be bound; -1 */
};

struct devices {
	struct device_op *items;
	size_t count;
	bool is_bound;  /* a user namespace: nodes cannot be made in it, so HOST's are bound */
	bool has_links; /* /dev is the container's own, so the default links are made */
};

int devices_prepare(struct arena *a, const struct oci_config *config, bool has_user_ns,
		    struct devices *ret, struct err *e);

/* What devices_apply() would refuse of @devices by itself: two of one path. */
void devices_examine(const struct devices *devices, const struct err_sink *faults);

/* Where HOST makes listed nodes that the host does not have, and whose they are. */
struct device_place {
	int dirfd; /* the caller's alone */
	const struct namespaces *ns;
};

/* HOST; only matters with a user namespace. Takes the host's nodes where the caller may; what is
 * left, devices_apply() takes itself, before the pivot. */
int devices_open_sources(struct devices *devices, const struct device_place *place, struct err *e);

/* INIT, after the container's mounts and before the pivot (the host's /dev must still be seen). */
int devices_apply(const struct devices *devices, int rootfd, struct err *e);

void devices_describe(const struct devices *devices, const struct describe *d);

#endif
