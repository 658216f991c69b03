/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.resources as files of a cgroup (v2): which file, what text, which controller it needs. A
 * table does it, for create and for update alike. Nothing is written here. Devices are not files:
 * cgroup_devices.h.
 *
 * The rule for a controller that the host does not have: a limit is an error that names it; a value
 * that asks for nothing (-1, "max", null, false, an empty object, cpu.shares 0 or 1024) is left
 * out; pids.limit 0, which Podman writes for "no limit", is left out with a warning. Where the
 * controller is there, every value is written.
 */
#ifndef DAVIT_SETUP_RESOURCES_CGROUP_KNOBS_H
#define DAVIT_SETUP_RESOURCES_CGROUP_KNOBS_H

#include "base/arena.h"
#include "base/err.h"
#include "oci-spec/config.h"

struct cgroup_write {
	const struct cgroup_write *next;
	const char *file, *value;
	const char *alt_file, *alt_value; /* where @file does not exist; NULL */
	const char *controller;           /* NULL: a file that every cgroup has */
	const char *pointer;              /* into config.json */
	bool optional;                    /* asks for nothing: a missing file is no error */
	bool has_usual_period;            /* of cpu.max: nobody has asked for another, or for it */
};

/* What the host offers. */
struct cgroup_host {
	const char *where;       /* the directory that was looked at */
	const char *controllers; /* its cgroup.controllers */
	const char *of_host;     /* what could be delegated to this user; may be NULL or "" */
	const char *why_none;    /* there will be no cgroup: the reason; else NULL */
	const char *help;        /* what would give one; may be NULL */
	void (*warn)(void *arg, const char *text); /* may be NULL */
	void *warn_arg;
	struct err_sink faults; /* validate: of each value */
};

int cgroup_knobs_prepare(struct arena *a, const struct oci_resources *res,
			 const struct cgroup_host *host, const struct cgroup_write **ret,
			 struct err *e);

/* The controllers that @writes need and that the list @but does not have: "cpu memory". NULL: no
 * memory. */
const char *cgroup_knobs_controllers(struct arena *a, const struct cgroup_write *writes,
				     const char *but);

/* 2..262144 to 1..10000, so that the default of both (1024, 100) is the same; 0 stays 0. */
uint64_t cgroup_weight_of_shares(uint64_t shares);

#endif
