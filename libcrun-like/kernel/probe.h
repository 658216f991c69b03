/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the running kernel has, for `davit info`. Nothing else asks: code tries what it needs and
 * looks at the error. Nothing here changes anything.
 */
#ifndef DAVIT_KERNEL_PROBE_H
#define DAVIT_KERNEL_PROBE_H

#include "base/util.h"

/* The system calls that davit uses or could use, and that not every kernel has. NULL behind the
 * last. @ret_has: whether this one has it (a seccomp filter may hide it). */
const char *probe_syscall(size_t i, bool *ret_has);

/* Flags of seccomp(SECCOMP_SET_MODE_FILTER), in the same way. */
const char *probe_seccomp_flag(size_t i, bool *ret_has);

/* The type of namespace "pid", "net", ... as /proc/self/ns has it. */
bool probe_has_namespace(const char *file);

/* A small file of the host without its newline; -errno. */
int probe_read(const char *path, char *buf, size_t size);
/* An executable of that name where the system keeps its own; NULL. */
const char *probe_find_criu(void);

#endif
