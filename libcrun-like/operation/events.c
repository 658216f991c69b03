/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * events: records of a container's figures, and one for each time that the kernel has ended a
 * process for want of memory. Between two records nothing is read: the kernel reports a change of
 * memory.events (POLLPRI), and the end of the first process (its pidfd).
 *
 * Takes no lock: it runs as long as the container does.
 */
#include <fcntl.h>
#include <poll.h>

#include "base/clock.h"
#include "kernel/cgroupfs.h"
#include "operation/operation.h"
#include "setup/resources/cgroup_stats.h"

struct watch {
	const struct container *c;
	int cgroup;        /* -1: none */
	int memory_events; /* -1: no such file */
	uint64_t oom_kills;
	davit_event_fn *each;
	void *arg;
};

static struct json_paths *new_record(struct arena *a, const struct watch *w, const char *type)
{
	struct json_paths *to = json_paths_new(a, false);

	if (to) {
		json_paths_string(to, "type", type);
		json_paths_string(to, "id", w->c->id);
	}
	return to;
}

/* Hands the record over; 1: the receiver wants no more. */
static int send_record(struct json_paths *to, const struct watch *w, struct err *e)
{
	size_t len;
	const char *line = to ? json_paths_end(to, &len) : NULL;

	if (!line)
		return err_set(e, ENOMEM, "make a record of container %s", w->c->id);
	return w->each(w->arg, line) ? 1 : 0;
}

/* 1: the container has gone meanwhile, or the receiver wants no more. */
static int send_stats(const struct watch *w, struct err *e)
{
	struct arena a = { 0 };
	struct json_paths *to = new_record(&a, w, "stats");
	int r = !to             ? -ENOMEM
		: w->cgroup < 0 ? 0
				: cgroup_stats_read(&a, w->cgroup, to),
	    result = 1;

	if (r == 0) {
		/* Members that readers of runc's records expect; the interfaces are those that the
		 * runtime has made itself. */
		json_paths_raw(to, "data/intel_rdt", "{}");
		json_paths_raw(to, "data/network_interfaces", "null");
	}
	if (r == 0)
		result = send_record(to, w, e);
	else if (r != -ENOENT)
		result = err_set(e, -r, "read the figures of container %s", w->c->id);
	arena_release(&a);
	return result;
}

static int send_oom_kills(struct watch *w, struct err *e)
{
	uint64_t now;
	int r = 0;

	if (!cgroup_stats_get_key(w->cgroup, "memory.events", "oom_kill", &now))
		return 0;
	for (; w->oom_kills < now && r == 0; w->oom_kills++) {
		struct arena a = { 0 };

		r = send_record(new_record(&a, w, "oom"), w, e);
		arena_release(&a);
	}
	return r;
}

/* Until something happens or @until; r > 0: the container has ended. */
static int wait_until(struct watch *w, int64_t until, struct err *e)
{
	struct pollfd p[] = {
		{ .fd = w->c->pidfd, .events = POLLIN },
		{ .fd = w->memory_events, .events = POLLPRI },
	};
	int64_t left = until - clock_msec();
	char text[1024];
	int r = 0;

	/* Reading arms the notification. */
	if (w->memory_events >= 0 && pread(w->memory_events, text, sizeof(text), 0) >= 0)
		r = send_oom_kills(w, e);
	if (r || left <= 0)
		return r;
	if (poll(p, 2, left < INT32_MAX ? (int)left : INT32_MAX) < 0 && errno != EINTR)
		return err_set(e, errno, "wait for container %s", w->c->id);
	if (!p[0].revents)
		return 0;
	r = send_oom_kills(w, e); /* often what has ended it */
	return r < 0 ? r : 1;
}

static int stream(struct watch *w, unsigned interval_msec, struct err *e)
{
	int64_t next = clock_msec();
	int r = 0;

	while (r == 0) {
		if (clock_msec() >= next) {
			r = send_stats(w, e);
			next = clock_msec() + interval_msec;
		}
		if (r == 0)
			r = wait_until(w, next, e);
	}
	return r < 0 ? r : 0;
}

static int watch_container(const struct container *c, const struct davit_events_options *options,
			   struct watch *w, struct err *e)
{
	struct cgroup_ref ref;

	if (c->pidfd < 0)
		return err_kind(e, ERR_STATUS, EINVAL,
				"cannot watch container %s: container not running", c->id);
	if (container_cgroup(c, &ref)) {
		w->cgroup = cgroup_open_ref(&ref);
		if (w->cgroup < 0)
			return err_set(e, -w->cgroup, "open the cgroup %s", ref.path);
		w->memory_events =
			openat(w->cgroup, "memory.events", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		(void)cgroup_stats_get_key(w->cgroup, "memory.events", "oom_kill",
					   &w->oom_kills); /* else 0 */
	}
	if (options->once)
		return send_stats(w, e) < 0 ? -e->code : 0;
	return stream(w, options->interval_msec, e);
}

int operation_events(const struct davit_context *ctx, const char *id,
		     const struct davit_events_options *options, davit_event_fn *each, void *arg,
		     struct err *e)
{
	struct container c = { .root_dirfd = -1, .dirfd = -1, .pidfd = -1 };
	struct watch w = { &c, -1, -1, 0, each, arg };

	if (!options->once && options->interval_msec == 0)
		err_kind(e, ERR_USAGE, EINVAL, "the interval of events must be greater than 0");
	if (!e->code && container_open(ctx, id, 0, &c, e) == 0)
		(void)watch_container(&c, options, &w, e); /* in e */
	container_close(&c);
	close_fdp(&w.memory_events);
	close_fdp(&w.cgroup);
	return -e->code;
}
