/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * process.apparmorProfile and process.selinuxLabel: what the program is labelled with when it is
 * executed. The labels of mounts are not here.
 */
#ifndef DAVIT_SETUP_PROCESS_LABELS_H
#define DAVIT_SETUP_PROCESS_LABELS_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"

struct labels {
	const char *apparmor;      /* the whole command, "exec PROFILE"; NULL: leave as it is */
	const char *apparmor_test; /* likewise, "permprofile PROFILE" */
	const char *selinux;       /* NULL: leave as it is */
};

/* Whether the security module works on this host (reads /sys). */
bool labels_has_apparmor(void);
bool labels_has_selinux(void);

/* Refuses a label whose security module is off. @process may be NULL. */
int labels_prepare(struct arena *a, const struct oci_process *process, struct labels *ret,
		   struct err *e);

/* INIT, before it makes a keyring: whether there are such labels, and the keys that it makes from
 * now on have the program's (SELinux). execve takes that back. */
int labels_check(const struct labels *labels, int procfd, pid_t self, struct err *e);

/* INIT, the last thing but seccomp before execve. @procfd: procfs_open_private(false); @self: the
 * caller as procfs_self_pid() numbers it there. */
int labels_apply(const struct labels *labels, int procfd, pid_t self, struct err *e);

void labels_describe(const struct labels *labels, const struct describe *d);

#endif
