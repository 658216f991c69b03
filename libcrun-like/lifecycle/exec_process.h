/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * exec: which process object is executed, out of the container's own, a file and the options. Pure.
 */
#ifndef DAVIT_LIFECYCLE_EXEC_PROCESS_H
#define DAVIT_LIFECYCLE_EXEC_PROCESS_H

#include "base/arena.h"
#include "base/err.h"
#include "davit.h"
#include "oci-spec/config.h"

/*
 * @own: the container's, may be NULL; @file: the process file's, may be NULL. With a file, its
 * arguments, environment, user and terminal count, and what it leaves out of capabilities, limits,
 * labels, scheduling and no_new_privs is the container's, as runc has it. Options win over both.
 */
int exec_process_make(struct arena *a, const struct oci_process *own,
		      const struct oci_process *file, const struct davit_exec_options *o,
		      const struct oci_process **ret, struct err *e);

#endif
