/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The runtime's own executable, out of reach (C7, CVE-2019-5736): a container that reaches
 * /proc/PID/exe of a runtime process must never be able to write the installed file, nor remount
 * what it sits on.
 */
#ifndef DAVIT_KERNEL_SEAL_H
#define DAVIT_KERNEL_SEAL_H

#include "base/util.h"

/* Of the memfd: what /proc/PID/exe of a process that runs from it says. */
#define SEAL_NAME "davit"

/*
 * True when this process already runs from a copy nobody can write: a memfd sealed against writes,
 * or a read-only mount that is attached nowhere. The second is recognised by what the kernel says
 * of it (its path, and that it cannot be cloned), not by an environment variable that a caller
 * could set.
 */
bool seal_is_done(void);

/* Another program's file, which has to be davit's: *ret_fd is its sealed form where a mount may be
 * cloned; else the file itself, and it seals itself when it runs. */
int seal_open(const char *path, int *ret_fd);

/*
 * Executes this process's own file again with the same arguments, from a detached read-only clone
 * of its mount, or from a sealed memfd where mounts are not permitted (rootless). Returns only on
 * error, -errno.
 */
int seal_execute(char *const *argv, char *const *envp);

#endif
