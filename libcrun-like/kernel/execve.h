/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The last moments before a program runs: descriptors, signals, ids, execve(2). Raw system calls
 * where the C library keeps a view of its own (threads' ids, its two reserved signals); no heap.
 */
#ifndef DAVIT_KERNEL_EXECVE_H
#define DAVIT_KERNEL_EXECVE_H

#include <sys/types.h>

#include "base/util.h"

/* The mask of the signals that this process ignores (bit N-1: signal N), from one read of
 * /proc/self/status; all ones when that cannot be read. Everything but "ignored" ends with
 * execve(2) by itself. */
uint64_t execve_ignored_signals(void);

/* Default action for the signals of @mask, and an empty signal mask. */
int execve_reset_signals(uint64_t mask);

/* Every descriptor from @first on closes at execve(2). */
int execve_close_fds_from(unsigned first);

/* Both included. One by one where a filter over davit itself refuses close_range(2): what is open
 * has to be closed, and often nobody is left who could be told. */
void execve_close_between(unsigned first, unsigned last);

/*
 * Closes all descriptors from @first on, and those from 3 on that are marked to be closed; the
 * @count ones of @keep stay (-1 is none). What execve closes by itself is closed too late: the name
 * of the program, or of the interpreter that a script of the image asks for, may be
 * /proc/self/fd/N/../.., and lead through a directory of the host (CVE-2024-21626).
 */
void execve_close_fds(unsigned first, const int *keep, size_t count);

int execve_set_groups(const uint32_t *gids, size_t count);
int execve_set_gid(uint32_t gid);
int execve_set_uid(uint32_t uid);

/* chdir(2) by path: the caller is inside the container's root, with its user's rights, and asks
 * execve_get_cwd() where that led. */
int execve_chdir(const char *path);

/* The kernel's own answer, unlike getcwd(3): what lies outside the root begins with
 * "(unreachable)". Returns 0 or -errno. */
int execve_get_cwd(char *buf, size_t size);

/* Returns -errno, or not at all. */
int execve_program(const char *path, char *const argv[], char *const envp[]);

#endif
