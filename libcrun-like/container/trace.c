/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See trace.h. The file is opened twice and not kept open in between: the container's first process
 * would inherit it.
 */
#include "container/trace.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/fmt.h"

enum {
	EVENT_SIZE = 160, /* of its text, with a name of 40 bytes */
	FIRST_ROOM = 64
};

struct event {
	const char *name, *process;
	uint64_t wall, nsec;
};

struct trace {
	char *path;
	uint64_t begin;
	struct event *events;
	size_t count, room;
	bool is_cut; /* memory was gone */
};

struct span span_begin(void)
{
	return (struct span){ clock_nsec(CLOCK_REALTIME), clock_nsec(CLOCK_MONOTONIC) };
}

uint64_t span_nsec(const struct span *s)
{
	return clock_nsec(CLOCK_MONOTONIC) - s->monotonic;
}

/* Without waiting for a reader of a FIFO. */
static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);

	return fd < 0 ? neg_errno() : fd;
}

int trace_new(const char *path, struct trace **ret, struct err *e)
{
	struct trace *t = calloc(1, sizeof(*t));
	int fd;

	if (t)
		t->path = strdup(path);
	if (!t || !t->path) {
		trace_free(t);
		return err_set(e, ENOMEM, "begin the trace");
	}
	fd = open_file(path);
	if (fd < 0) {
		trace_free(t);
		return err_set(e, -fd, "open the trace file %s", path);
	}
	close(fd);
	t->begin = clock_nsec(CLOCK_REALTIME);
	*ret = t;
	return 0;
}

void trace_free(struct trace *t)
{
	if (!t)
		return;
	free(t->events);
	free(t->path);
	free(t);
}

void trace_add(struct trace *t, const char *name, const char *process, uint64_t wall, uint64_t nsec)
{
	if (!t || t->is_cut)
		return;
	if (t->count == t->room) {
		size_t room = t->room ? 2 * t->room : FIRST_ROOM;
		struct event *events = reallocarray(t->events, room, sizeof(*events));

		if (!events) {
			t->is_cut = true;
			return;
		}
		t->events = events;
		t->room = room;
	}
	t->events[t->count++] = (struct event){ name, process, wall, nsec };
}

void trace_add_span(struct trace *t, const char *name, const char *process, const struct span *s)
{
	trace_add(t, name, process, s->wall, span_nsec(s));
}

static const char *const rows[] = { "HOST", "MIDDLE", "INIT" };

static unsigned row_number(const char *process)
{
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(rows) && strcasecmp(rows[i], process) != 0)
		i++;
	return (unsigned)i + 1;
}

/* The rows' names; events name a row by its number. Times are in microseconds. */
static size_t encode(const struct trace *t, char *text, size_t size)
{
	size_t len = fmt(text, size,
			 "{\"traceEvents\":[\n{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,"
			 "\"args\":{\"name\":\"davit\"}}");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		len += fmt(text + len, size - len,
			   ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":%u,"
			   "\"args\":{\"name\":\"%s\"}}",
			   (unsigned)i + 1, rows[i]);
	for (size_t i = 0; i < t->count; i++) {
		const struct event *event = &t->events[i];
		unsigned long long at = event->wall > t->begin ? event->wall - t->begin : 0;
		unsigned long long nsec = event->nsec;

		len += fmt(text + len, size - len,
			   ",\n{\"name\":\"%s\",\"ph\":\"X\",\"pid\":1,\"tid\":%u,"
			   "\"ts\":%llu.%03llu,\"dur\":%llu.%03llu}",
			   event->name, row_number(event->process), at / 1000, at % 1000,
			   nsec / 1000, nsec % 1000);
	}
	return len + fmt(text + len, size - len, "\n]}\n");
}

int trace_write(const struct trace *t, struct err *e)
{
	size_t size = (t->count + 8) * EVENT_SIZE;
	_cleanup_free_ char *text = malloc(size);
	_cleanup_fd_ int fd = -1;
	int r;

	if (!text)
		return err_set(e, ENOMEM, "write the trace file %s", t->path);
	fd = open_file(t->path);
	r = fd < 0 ? fd : write_all(fd, text, encode(t, text, size));
	return r < 0 ? err_set(e, -r, "write the trace file %s", t->path) : 0;
}
