/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long the steps of an operation took, for a picture of them: Chrome's trace format, which
 * chrome://tracing and Perfetto show, one row for each of the processes. Kept in memory by HOST and
 * written when the context ends, so that a failed operation is there too.
 */
#ifndef DAVIT_CONTAINER_TRACE_H
#define DAVIT_CONTAINER_TRACE_H

#include <stdint.h>

#include "base/err.h"

struct trace;

/* A stretch of time that has begun. The wall clock says when, because it is the same in every time
 * namespace; the monotonic one says how long. */
struct span {
	uint64_t wall, monotonic; /* nanoseconds */
};

struct span span_begin(void);
uint64_t span_nsec(const struct span *s);

/* Makes the file, so that it is known to be possible. */
int trace_new(const char *path, struct trace **ret, struct err *e);
/* @name and @process ("host", "middle", "init") must last. @t may be NULL: nothing is traced. */
void trace_add(struct trace *t, const char *name, const char *process, uint64_t wall,
	       uint64_t nsec);
/* From @s to now. */
void trace_add_span(struct trace *t, const char *name, const char *process, const struct span *s);
int trace_write(const struct trace *t, struct err *e);
void trace_free(struct trace *t);

#endif
