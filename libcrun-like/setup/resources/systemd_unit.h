/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A container's unit of systemd: made with its first process in it, changed, stopped. D-Bus is
 * spoken by the helper davit-systemd, which is started for each of these and ends.
 *
 * The unit belongs to the manager of the system or, with an ordinary user's rights, to the user's
 * own. Its cgroup is delegated: systemd owns the unit's own directory, and a container's limits and
 * processes are in one below it (run.oci.systemd.subgroup), which a daemon-reload does not touch.
 */
#ifndef DAVIT_SETUP_RESOURCES_SYSTEMD_UNIT_H
#define DAVIT_SETUP_RESOURCES_SYSTEMD_UNIT_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci-spec/config.h"
#include "setup/resources/cgroup_knobs.h"

/* What is needed to reach a manager; all may be NULL. */
struct systemd_host {
	const char *helper_dir;  /* where the helper is looked for first */
	const char *runtime_dir; /* the user's, with the bus in it */
	char **environment;      /* the caller's: DBUS_SESSION_BUS_ADDRESS */
	unsigned patience_ms;    /* with the helper; 0: SYSTEMD_HELPER_MSEC */
};

struct systemd_unit {
	const char *name; /* NULL: there is none */
	const char *slice;
	const char *path; /* its cgroup, below the hierarchy's root */
	bool is_user;
	const struct systemd_host *host;
};

/* Where the cgroups of the user's manager begin, from the caller's own cgroup or its real id. */
int systemd_find_manager(struct arena *a, bool is_user, const char **ret_path, struct err *e);
/* Whether it can be asked: systemd runs, and the helper is there. */
int systemd_check(const struct systemd_host *host, struct err *e);
/* The unit whose cgroup is @cgroup_path, or above it. */
struct systemd_unit systemd_unit_of(struct arena *a, const char *name, bool is_user,
				    const char *cgroup_path, const struct systemd_host *host);

struct systemd_start {
	const char *id;
	const struct cgroup_write *writes;
	const struct oci_map *annotations;
};

/* Makes the unit, and waits until it is there with @pid in it. */
int systemd_unit_start(const struct systemd_unit *unit, const struct systemd_start *start,
		       pid_t pid, struct err *e);
/* The same with no process and no manager: would the annotations do? */
int systemd_unit_check(struct arena *a, const struct oci_map *annotations, struct err *e);
/* Changes the limits of the unit, for as long as it lives. */
int systemd_unit_set(const struct systemd_unit *unit, const struct cgroup_write *writes,
		     struct err *e);
/* Ends the unit, whatever became of it; where there is none, that is success. */
int systemd_unit_stop(const struct systemd_unit *unit, struct err *e);
/* The unit has ended by itself: only that it failed is forgotten. */
int systemd_unit_forget(const struct systemd_unit *unit, struct err *e);

#endif
