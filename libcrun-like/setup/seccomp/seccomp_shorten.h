/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The same filter in fewer instructions. What the kernel does with a filter when it is loaded grows
 * with its length, and libseccomp asks for each call by its number, once for each architecture,
 * where neighbours have the same answer.
 */
#ifndef DAVIT_SETUP_SECCOMP_SECCOMP_SHORTEN_H
#define DAVIT_SETUP_SECCOMP_SECCOMP_SHORTEN_H

#include <linux/filter.h>

#include "base/arena.h"

/*
 * @insns, or a shorter program that gives the same answer to every call, which is proved for all
 * architectures and numbers before it is returned. *count is what it has. Never fails: a program
 * that is not understood stays as it is.
 */
const struct sock_filter *seccomp_shorten(struct arena *a, const struct sock_filter *insns,
					  size_t *count);

#endif
