/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See obstacles.h: the walk, and what is wrong with a process as such. A process that ends
 * meanwhile is passed over.
 */
#include "setup/criu/obstacles.h"

#include <string.h>

#include "kernel/process.h"
#include "setup/criu/obstacles_parts.h"

/* --- a process -------------------------------------------------------------------------------- */

/* criu makes these once, for all. Mounts, network and cgroups a process may have of its own. */
static void look_at_namespaces(struct obstacles *o, pid_t pid)
{
	static const char *const files[] = { "pid", "user", "ipc", "uts", "time" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		uint64_t its = obstacle_namespace(pid, files[i]);
		uint64_t first = obstacle_namespace(o->subject->init, files[i]);

		if (its && first && its != first)
			obstacle_tell(o, "process %d: it is in %s %s namespace of its own",
				      (int)pid, files[i][0] == 'i' ? "an" : "a", files[i]);
	}
}

/* The last number of the line "@name:	1 2 3" of /proc/PID/status, which is the container's. */
static bool find_number(const char *status, const char *name, uint64_t *ret)
{
	const char *at = strstr(status, name), *end;

	if (!at)
		return false;
	at += strlen(name);
	end = at + strcspn(at, "\n");
	while (end > at && end[-1] >= '0' && end[-1] <= '9')
		end--;
	*ret = strtoull(end, NULL, 10);
	return true;
}

static bool descends_from(pid_t pid, pid_t ancestor)
{
	struct process_info at = { .parent = pid };

	for (int i = 0; i < 4096 && at.parent > 0; i++) {
		if (at.parent == ancestor)
			return true;
		if (process_stat(at.parent, &at) < 0)
			return true; /* gone */
	}
	return false;
}

bool obstacles_in_process(struct obstacles *o, pid_t pid)
{
	char status[8192];
	uint64_t value;

	if (!obstacle_read(status, sizeof(status), "/proc/%d/status", (int)pid))
		return false;
	/* Of exec: it is none of those that criu dumps, and ends with the container. */
	if (!descends_from(pid, o->subject->init))
		return false;
	look_at_namespaces(o, pid);
	if (find_number(status, "\nTracerPid:\t", &value) && value)
		obstacle_tell(o, "process %d: it is traced by process %llu", (int)pid,
			      (unsigned long long)value);
	if (find_number(status, "\nNSsid:\t", &value) && value == 0 &&
	    obstacle_namespace(pid, "pid") == obstacle_namespace(o->subject->init, "pid"))
		obstacle_tell(o,
			      "process %d: the leader of its session is outside of the container",
			      (int)pid);
	return true;
}

/* --------------------------------------------------------------------------------------------- */

static int prepare(struct obstacles *o, struct err *e)
{
	const struct obstacle_subject *s = o->subject;
	int r;

	o->sockets = arena_array(o->arena, OBSTACLE_SOCKETS_MAX, sizeof(*o->sockets));
	if (!o->sockets)
		return err_set(e, ENOMEM, "look at the processes of the container");
	r = mountinfo_read(o->arena, s->init, &o->mounts);
	if (r < 0)
		return err_set(e, -r, "read the mounts of process %d", (int)s->init);
	if (streams_look(o->arena, s->init, o->streams, e) < 0)
		return -e->code;
	return external_find(o->arena, s->config, s->init, &o->externals, e);
}

int obstacles_find(struct arena *a, const struct obstacle_subject *subject,
		   const struct obstacle_options *options, obstacle_fn *each, void *arg,
		   struct err *e)
{
	struct obstacles o = {
		.arena = a, .subject = subject, .options = options, .each = each, .arg = arg
	};

	if (prepare(&o, e) < 0)
		return -e->code;
	for (size_t i = 0; i < subject->count && !o.is_over; i++) {
		if (!obstacles_in_process(&o, subject->pids[i]))
			continue;
		obstacles_in_files(&o, subject->pids[i]);
		obstacles_in_mappings(&o, subject->pids[i]);
	}
	obstacles_in_sockets(&o);
	obstacles_in_mounts(&o);
	obstacles_in_network(&o);
	return 0;
}
