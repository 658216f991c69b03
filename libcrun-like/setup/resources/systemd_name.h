/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.cgroupsPath for the systemd manager: "slice:prefix:name" as names of units and as a place
 * in the hierarchy. Nothing but texts.
 *
 * A container is the scope prefix-name.scope in the slice; with an empty prefix -name.scope, as
 * with runc and crun. Without a path it is davit-ID.scope. Without a slice it is in system.slice,
 * or in user.slice of an ordinary user's own manager.
 */
#ifndef DAVIT_SETUP_RESOURCES_SYSTEMD_NAME_H
#define DAVIT_SETUP_RESOURCES_SYSTEMD_NAME_H

#include "base/arena.h"
#include "base/err.h"

struct systemd_names {
	const char *slice; /* "machine.slice"; "-.slice": the root */
	const char *unit;
	const char *place; /* below the manager's own cgroup: "/machine.slice/libpod-1.scope" */
};

/* @path: linux.cgroupsPath, may be NULL. */
int systemd_names_of(struct arena *a, const char *path, const char *id, bool is_user,
		     struct systemd_names *ret, struct err *e);

#endif
