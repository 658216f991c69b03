/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * process.scheduler and process.ioPriority: how the program gets the processor and the disk. The
 * rules between the members are checks of oci-spec/; what a policy wants beyond them is known to
 * the kernel alone.
 *
 * Late: a SCHED_DEADLINE process cannot fork, so hooks come before. Before the filter and the
 * change of user, which both take the right to it away.
 */
#ifndef DAVIT_SETUP_PROCESS_SCHEDULING_H
#define DAVIT_SETUP_PROCESS_SCHEDULING_H

#include <sys/types.h>

#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"

struct scheduling {
	const struct oci_scheduler *scheduler; /* NULL: unchanged */
	int policy;
	uint64_t flags;
	const struct oci_io_priority *io; /* NULL: unchanged */
	int io_class_level;
};

/* Refuses a policy that Linux has no more than a number for. @process may be NULL. */
int scheduling_prepare(const struct oci_process *process, struct scheduling *ret, struct err *e);

bool scheduling_is_asked(const struct scheduling *s);

/*
 * For one process, 0: the caller. HOST does it for a container with a user namespace, in which
 * nobody may raise anything; otherwise INIT does it itself. Needs no heap.
 */
int scheduling_apply(const struct scheduling *s, pid_t pid, struct err *e);

void scheduling_describe(const struct scheduling *s, const struct describe *d);

#endif
