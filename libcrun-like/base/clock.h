/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The clocks: CLOCK_MONOTONIC for how long something takes and may take, CLOCK_REALTIME for when
 * something was.
 */
#ifndef DAVIT_BASE_CLOCK_H
#define DAVIT_BASE_CLOCK_H

#include <time.h>

#include "util.h"

enum {
	CLOCK_TEXT_SIZE = 40
};

static inline uint64_t clock_nsec(clockid_t clock)
{
	struct timespec t = { 0 };

	clock_gettime(clock, &t); /* cannot fail with a clock that there is */
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The time of CLOCK_MONOTONIC, in milliseconds. */
static inline int64_t clock_msec(void)
{
	return (int64_t)(clock_nsec(CLOCK_MONOTONIC) / 1000000u);
}

/* @nsec of CLOCK_REALTIME as RFC 3339 has it, in UTC. */
void clock_text(uint64_t nsec, char ret[static CLOCK_TEXT_SIZE]);

#endif
