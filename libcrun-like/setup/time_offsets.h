/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.timeOffsets: how far the clocks of a new time namespace are from the host's.
 *
 * The offsets are fixed as soon as a process lives in the namespace, so clone3 with CLONE_NEWTIME
 * is too late for INIT itself: MIDDLE unshares the namespace, which moves nobody but the children
 * to come, writes the offsets and then clones INIT. A new user namespace has to come with it, or
 * the time namespace would belong to the caller's, and an ordinary user could not make it at all.
 */
#ifndef DAVIT_SETUP_TIME_OFFSETS_H
#define DAVIT_SETUP_TIME_OFFSETS_H

#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"

struct time_offsets {
	char text[128]; /* as the kernel takes it; "": no offsets */
};

/* A clock that is not named keeps what the caller's namespace has. @lin may be NULL. */
void time_offsets_prepare(const struct oci_linux *lin, struct time_offsets *ret);
bool time_offsets_are_asked(const struct time_offsets *t);

/*
 * MIDDLE, before it joins anything: opens its own timens_offsets, with the rights and in the mount
 * namespace of the caller. The kernel judges by the rights that the file was opened with.
 */
int time_offsets_open(int *ret_fd, struct err *e);

/* MIDDLE, after it has joined the rest: makes the time namespace and those of @with_flags
 * (CLONE_NEWUSER or 0), and writes the offsets. */
int time_offsets_apply(const struct time_offsets *t, int fd, int with_flags, struct err *e);

void time_offsets_describe(const struct time_offsets *t, const struct describe *d);

#endif
