/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Descriptors 0, 1 and 2 that come from the caller. They are handed on as they are: nothing is ever
 * reopened through the container's root, whose /dev/null may be anything (CVE-2026-88265). A
 * terminal of the container's own is the console's matter.
 */
#ifndef DAVIT_SETUP_PROCESS_STDIO_H
#define DAVIT_SETUP_PROCESS_STDIO_H

#include <sys/types.h>

#include "base/err.h"

/* HOST, before any other descriptor is opened: where 0, 1 or 2 are closed, puts /dev/null there, so
 * that no later open(2) can become somebody's standard output. */
int stdio_prepare_host(struct err *e);

/* Gives 0, 1 and 2 to the container's user, so that it can reopen them (/dev/stdout), unless they
 * are character devices: terminals and /dev/null belong to the host. The group stays. */
int stdio_chown(uid_t uid, struct err *e);

#endif
