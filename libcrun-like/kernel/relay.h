/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One direction of a conversation between two descriptors, through a ring of a fixed size: when the
 * reader is slow the writer waits, and the process in between never does. A reader that is gone
 * makes the rest disappear instead of stopping the writer.
 */
#ifndef DAVIT_KERNEL_RELAY_H
#define DAVIT_KERNEL_RELAY_H

#include <poll.h>
#include <sys/types.h>

#include "base/util.h"

enum {
	RELAY_SIZE = 32 * 1024
};

struct relay {
	int from, to; /* borrowed; -1: ended */
	size_t start, len;
	char *ring; /* RELAY_SIZE bytes, borrowed: too many for a caller's stack */
};

/* @ring may be NULL where neither end is open. */
void relay_init(struct relay *r, int from, int to, char *ring);
/* What to poll for on either end: 0 when there is nothing to do there now. */
short relay_read_events(const struct relay *r);
short relay_write_events(const struct relay *r);

/* Reads once, when there is room: how much, 0 at the end (from becomes -1), -EAGAIN, or -errno. */
ssize_t relay_read(struct relay *r);
/* Writes once, when there is something. An error means that the reader is gone: to becomes -1. */
void relay_write(struct relay *r);

/*
 * A descriptor for the same file that does not block, without a change to what @fd shares with
 * other processes: a terminal or pipe is opened again. Where that cannot be, and where writing does
 * not block or has a flag for it (files, sockets), a duplicate.
 */
int relay_open_again(int fd, int flags, int *ret_fd);

#endif
