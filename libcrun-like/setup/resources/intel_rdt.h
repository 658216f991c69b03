/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.intelRdt: the container's class of service and its monitoring group in resctrl
 * (config-linux.md#intelrdt). HOST's work alone. Without linux.intelRdt no resctrl is touched.
 */
#ifndef DAVIT_SETUP_RESOURCES_INTEL_RDT_H
#define DAVIT_SETUP_RESOURCES_INTEL_RDT_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"

/* What delete has to remove: paths below the root of resctrl; NULL: nothing. */
struct intel_rdt_made {
	const char *group, *monitor;
};

struct intel_rdt {
	const char *group; /* its directory; "": the root, the default class; NULL: not asked for */
	bool is_named;     /* by closID: it stays when the container is deleted */
	const char **lines; /* for schemata, in this order */
	size_t line_count;
	size_t compared; /* so many of them have to agree with a group that exists */
	const char *id;
	const char *monitor; /* path of the monitoring group; NULL: none is asked for */

	/* From intel_rdt_create() on. */
	int rootfd, groupfd, monitorfd; /* -1 */
	bool has_made_group, has_written;
	char *before; /* the schemata of a group that was there */
};

int intel_rdt_prepare(struct arena *a, const struct oci_config *config, const char *id,
		      struct intel_rdt *ret, struct err *e);

/* What create is going to make and delete would have to remove: for the journal. */
void intel_rdt_foresee(const struct intel_rdt *rdt, struct intel_rdt_made *ret);
/* Nothing is left after a failure. */
int intel_rdt_create(struct arena *a, struct intel_rdt *rdt, struct err *e);
void intel_rdt_undo(struct intel_rdt *rdt);
/* Called before the process has children, which would stay where they are. */
int intel_rdt_add_process(const struct intel_rdt *rdt, pid_t pid, struct err *e);
/* What was made, as far as delete is to remove it. */
struct intel_rdt_made intel_rdt_made(const struct intel_rdt *rdt);
void intel_rdt_close(struct intel_rdt *rdt);

/*
 * update: writes the lines of @rdt (newly prepared) into the container's class of service, which
 * has to be there. After a failure the class is as before; intel_rdt_undo() makes it so later on,
 * too.
 */
int intel_rdt_update(struct arena *a, struct intel_rdt *rdt, struct err *e);

/* delete: gone already, or no resctrl any more, is success. */
int intel_rdt_remove(const struct intel_rdt_made *made, struct err *e);

void intel_rdt_describe(const struct intel_rdt *rdt, const struct describe *d);

#endif
