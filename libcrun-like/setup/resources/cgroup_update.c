/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See cgroup_update.h.
 */
#include "setup/resources/cgroup_update.h"

#include <string.h>

#include "base/numbers.h"
#include "kernel/cgroupfs.h"
#include "kernel/file.h"
#include "oci-spec/json.h"
#include "setup/resources/cgroup_devices.h"
#include "setup/resources/cgroup_knobs.h"

enum {
	VALUE_SIZE = 4096,
	CONTROLLERS_SIZE = 512,
	PERIOD_USUAL = 100000
};

/* --- what is missing ------------------------------------------------------------------------- */

/* False: there is no such file, or no number in it ("max"). */
static bool read_number(int dirfd, const char *file, uint64_t *ret)
{
	char text[64];
	const char *end;

	return dirfd >= 0 && file_read(dirfd, file, text, sizeof(text)) > 0 &&
	       number_parse(text, ret, &end) && !*end;
}

static const int64_t *new_i64(struct arena *a, int64_t value)
{
	int64_t *p = arena_new(a, int64_t);

	if (p)
		*p = value;
	return p;
}

static const uint64_t *new_u64(struct arena *a, uint64_t value)
{
	uint64_t *p = arena_new(a, uint64_t);

	if (p)
		*p = value;
	return p;
}

/* 0 is what engines and scripts send for "as it is". */
static const int64_t *unless_zero(const int64_t *value)
{
	return value && *value ? value : NULL;
}

/* runc's check and its words; where the usage is not known, the kernel decides. */
static int check_usage(const struct oci_memory *m, int dirfd, struct err *e)
{
	unsigned long long used;
	uint64_t usage;

	if (!m->check_before_update || !*m->check_before_update ||
	    !read_number(dirfd, "memory.current", &usage))
		return 0;
	used = usage;
	if (m->swap && *m->swap > 0 && (uint64_t)*m->swap <= usage)
		return err_field(e, EBUSY, "/linux/resources/memory/swap",
				 "rejecting memory+swap limit %lld <= usage %llu",
				 (long long)*m->swap, used);
	if (m->limit && *m->limit > 0 && (uint64_t)*m->limit <= usage)
		return err_field(e, EBUSY, "/linux/resources/memory/limit",
				 "rejecting memory limit %lld <= usage %llu", (long long)*m->limit,
				 used);
	return 0;
}

struct completion {
	struct arena *arena;
	int dirfd;
	const struct cgroup_context *ctx;
};

static const char both_given[] =
	"unable to apply both cpu.weight and cpu.idle, ignoring cpu.weight";

static void warn(const struct cgroup_context *ctx, const char *text)
{
	if (ctx->warn)
		ctx->warn(ctx->warn_arg, text);
}

/* memory.swap counts both. With a new limit of memory alone, the total stays, as with runc: the
 * swap is what is left of it. */
static int keep_total(const struct completion *c, struct oci_memory *m, struct err *e)
{
	uint64_t limit, swap, total;

	if (!m->limit || *m->limit <= 0 || m->swap ||
	    !read_number(c->dirfd, "memory.max", &limit) ||
	    !read_number(c->dirfd, "memory.swap.max", &swap) ||
	    __builtin_add_overflow(limit, swap, &total) || total > INT64_MAX)
		return 0;
	if ((uint64_t)*m->limit > total)
		return err_field(e, EINVAL, "/linux/resources/memory/limit",
				 "memory.limit %lld is above the total of memory and swap, %llu, "
				 "which stays when it is not given",
				 (long long)*m->limit, (unsigned long long)total);
	m->swap = new_i64(c->arena, (int64_t)total);
	return m->swap ? 0 : err_set(e, ENOMEM, "prepare the update");
}

static int complete_memory(const struct completion *c, struct oci_memory *m, struct err *e)
{
	uint64_t limit;

	if (unless_zero(m->kernel) || unless_zero(m->kernel_tcp))
		warn(c->ctx, "kernel memory settings are obsolete and ignored");
	m->kernel = m->kernel_tcp = NULL;
	m->limit = unless_zero(m->limit);
	m->swap = unless_zero(m->swap);
	m->reservation = unless_zero(m->reservation);
	if (check_usage(m, c->dirfd, e) < 0)
		return -e->code;
	/* Memory without a limit and swap with one would be less than what swap counted. */
	if (m->limit && *m->limit < 0 && !m->swap)
		m->swap = m->limit;
	if (!m->limit && m->swap && *m->swap > 0 && read_number(c->dirfd, "memory.max", &limit) &&
	    limit <= INT64_MAX) {
		m->limit = new_i64(c->arena, (int64_t)limit);
		if (!m->limit)
			return err_set(e, ENOMEM, "prepare the update");
	}
	return keep_total(c, m, e);
}

/* cpu.max: "QUOTA PERIOD" or "max PERIOD"; the half that is not given stays. */
static int complete_quota(const struct completion *c, struct oci_cpu *cpu, struct err *e)
{
	char text[64];
	const char *at = text;
	uint64_t quota = 0, period;
	bool is_max;

	cpu->quota = unless_zero(cpu->quota);
	if (cpu->period && *cpu->period == 0)
		cpu->period = NULL;
	if (!cpu->quota == !cpu->period)
		return 0;
	if (c->dirfd < 0 || file_read(c->dirfd, "cpu.max", text, sizeof(text)) < 0)
		return 0; /* no such controller: said when the values are looked at */
	is_max = strncmp(text, "max ", 4) == 0;
	if (is_max)
		at = text + 3;
	if ((!is_max && !number_parse(at, &quota, &at)) || *at != ' ' ||
	    !number_parse(at + 1, &period, &at) || *at || quota > INT64_MAX)
		return err_kind(e, ERR_CGROUP, EBADMSG, "cpu.max holds \"%s\"", text);
	if (!cpu->quota)
		cpu->quota = new_i64(c->arena, is_max ? -1 : (int64_t)quota);
	/* The usual one nobody has asked for, nor tells systemd of it (runc too). */
	if (cpu->period || period == PERIOD_USUAL)
		return cpu->quota ? 0 : err_set(e, ENOMEM, "prepare the update");
	cpu->period = new_u64(c->arena, period);
	return cpu->quota && cpu->period ? 0 : err_set(e, ENOMEM, "prepare the update");
}

static int complete_cpu(const struct completion *c, struct oci_cpu *cpu, struct err *e)
{
	if (cpu->shares && *cpu->shares == 0)
		cpu->shares = NULL;
	if (cpu->shares && cpu->idle && *cpu->idle > 0) {
		warn(c->ctx, both_given);
		cpu->shares = NULL;
	}
	return complete_quota(c, cpu, e);
}

int cgroup_update_complete(struct arena *a, const struct oci_resources *given, int dirfd,
			   const struct cgroup_context *ctx, struct oci_resources *ret,
			   struct err *e)
{
	const struct completion c = { a, dirfd, ctx };
	struct oci_resources res = *given;
	struct oci_memory *memory = arena_new(a, struct oci_memory);
	struct oci_cpu *cpu = arena_new(a, struct oci_cpu);

	if (!memory || !cpu)
		return err_set(e, ENOMEM, "prepare the update");
	if (res.memory) {
		*memory = *res.memory;
		res.memory = memory;
		if (complete_memory(&c, memory, e) < 0)
			return -e->code;
	}
	if (res.cpu) {
		*cpu = *res.cpu;
		res.cpu = cpu;
		if (complete_cpu(&c, cpu, e) < 0)
			return -e->code;
	}
	*ret = res;
	return 0;
}

/* --- writing --------------------------------------------------------------------------------- */

enum write_status {
	WRITE_OPEN,
	WRITE_DONE
};

struct writing {
	int dirfd;
	cgroup_write_fn *write;
	struct arena arena; /* of the old values */
};

struct written {
	const struct cgroup_write *what;
	const char *old; /* one line; NULL: not known, or more than one */
	enum write_status status;
};

static const char *file_of(const struct writing *w, const struct cgroup_write *what)
{
	bool has_first = !what->alt_file || faccessat(w->dirfd, what->file, F_OK, 0) == 0;

	return has_first ? what->file : what->alt_file;
}

static int write_one(struct writing *w, struct written *one)
{
	const struct cgroup_write *what = one->what;
	const char *file = file_of(w, what);
	const char *value = file == what->file ? what->value : what->alt_value;
	char old[VALUE_SIZE];
	int r = file_read(w->dirfd, file, old, sizeof(old));

	/* An empty file (cpuset.cpus) takes an empty line; no bytes would not reach its parser. */
	if (r >= 0 && !strchr(old, '\n') && !one->old)
		one->old = arena_strdup(&w->arena, r ? old : "\n");
	r = w->write(w->dirfd, file, value);
	if (r == 0 || (r == -ENOENT && what->optional)) {
		one->status = WRITE_DONE;
		return 0;
	}
	return r;
}

/* Ignored failures: the old value may not be one that can be written; the first error stands. */
static void write_back(struct writing *w, const struct written *all, size_t count)
{
	while (count-- > 0)
		if (all[count].status == WRITE_DONE && all[count].old)
			(void)w->write(w->dirfd, file_of(w, all[count].what), all[count].old);
}

static int refuse_write(const struct writing *w, const struct cgroup_write *what, int r,
			struct err *e)
{
	err_set(e, -r, "write %s to %s", what->value, file_of(w, what));
	err_at(e, what->pointer);
	if (r == -ENOENT)
		return err_hint(e, "this kernel has no such cgroup file");
	if (r == -EINVAL && strcmp(what->file, "cpu.weight") == 0)
		return err_hint(e, "cpu.weight cannot be set while cpu.idle is 1");
	return -e->code;
}

/* One round; *ret_left: how many were refused as invalid and may pass after others. */
static int write_round(struct writing *w, struct written *all, size_t count, size_t *ret_left,
		       const struct cgroup_write **ret_refused)
{
	*ret_left = 0;
	for (size_t i = 0; i < count; i++) {
		int r = all[i].status == WRITE_DONE ? 0 : write_one(w, &all[i]);

		if (r < 0 && (*ret_left)++ == 0)
			*ret_refused = all[i].what;
		if (r < 0 && r != -EINVAL) {
			*ret_refused = all[i].what;
			return r;
		}
	}
	return 0;
}

struct update;

/* What else there is to change, when all of them are written; they are taken back when it fails. */
typedef int finish_fn(const struct update *u, struct err *e);

/* @finish may be NULL. */
static int write_all_or_none(const struct cgroup_write *writes, int dirfd, cgroup_write_fn *write,
			     finish_fn *finish, const struct update *u, struct err *e)
{
	struct writing w = { .dirfd = dirfd, .write = write };
	const struct cgroup_write *refused = NULL;
	struct written *all;
	size_t count = 0, left, before;
	int r = 0;

	for (const struct cgroup_write *at = writes; at; at = at->next)
		count++;
	all = arena_array(&w.arena, count + 1, sizeof(*all));
	if (!all)
		return err_set(e, ENOMEM, "prepare the update");
	count = 0;
	for (const struct cgroup_write *at = writes; at; at = at->next)
		all[count++].what = at;
	left = count + 1;
	do {
		before = left;
		r = write_round(&w, all, count, &left, &refused);
	} while (r == 0 && left > 0 && left < before);
	if (r < 0 || left > 0) {
		write_back(&w, all, count);
		refuse_write(&w, refused, r < 0 ? r : -EINVAL, e);
	} else if (finish && finish(u, e) < 0) {
		write_back(&w, all, count);
	}
	arena_release(&w.arena);
	return -e->code;
}

int cgroup_update_write(const struct cgroup_write *writes, int dirfd, cgroup_write_fn *write,
			struct err *e)
{
	return write_all_or_none(writes, dirfd, write, NULL, NULL, e);
}

/* --- all of it ------------------------------------------------------------------------------- */

struct update {
	struct arena *arena;
	const struct cgroup_context *ctx;
	int dirfd;
	int unitfd; /* systemd's, perhaps the same directory; -1: it has none of systemd's */
	bool has_devices;
	struct cgroup_plan plan; /* path NULL: no cgroup */
	char available[CONTROLLERS_SIZE], own[CONTROLLERS_SIZE];
};

static int open_cgroup(struct update *u, const struct cgroup_ref *ref, struct err *e)
{
	_cleanup_fd_ int rootfd =
		ref->root ? cgroupfs_open_root_at(ref->root) : cgroupfs_open_root(&u->plan.root);
	int r = rootfd;

	if (ref->root)
		u->plan.root = ref->root;
	if (r >= 0)
		r = u->dirfd = cgroup_open_ref(ref);
	if (r < 0)
		return err_set(e, -r, "open the cgroup %s", ref->path);
	u->plan.path = ref->path;
	u->plan.unit = ref->unit;
	r = file_read(u->dirfd, "cgroup.controllers", u->own, sizeof(u->own));
	/* An ordinary user has what was delegated and enabled; root can enable what the host has.
	 */
	if (r >= 0)
		r = file_read(u->ctx->rootless ? u->dirfd : rootfd, "cgroup.controllers",
			      u->available, sizeof(u->available));
	return r < 0 ? err_set(e, -r, "read cgroup.controllers of %s", ref->path) : 0;
}

/* Those that the writes need and that the cgroup does not have yet. */
static int choose_controllers(struct update *u, struct err *e)
{
	u->plan.required = cgroup_knobs_controllers(u->arena, u->plan.writes, u->own);
	u->plan.wanted = "";
	return u->plan.required ? 0 : err_set(e, ENOMEM, "prepare the update");
}

static const struct cgroup_write *find_write(const struct update *u, const char *file)
{
	const struct cgroup_write *w = u->plan.writes;

	while (w && strcmp(w->file, file) != 0)
		w = w->next;
	return w;
}

/* As of resources.cpu (complete_cpu()), where "unified" gives them: the list without the weight. */
static int drop_weight(struct update *u, const struct cgroup_write *weight, struct err *e)
{
	const struct cgroup_write *kept = weight->next;

	warn(u->ctx, both_given);
	for (const struct cgroup_write *w = u->plan.writes; w != weight; w = w->next) {
		struct cgroup_write *copy = arena_new(u->arena, struct cgroup_write);

		if (!copy)
			return err_set(e, ENOMEM, "prepare the update");
		*copy = *w;
		copy->next = kept;
		kept = copy;
	}
	u->plan.writes = kept;
	return 0;
}

/*
 * The kernel takes no weight of what is idle; systemd makes it idle no more, and then so do we in
 * the container's own file: else the two would differ.
 */
static int settle_idle(struct update *u, struct err *e)
{
	const struct cgroup_write *weight = find_write(u, "cpu.weight");
	const struct cgroup_write *given = find_write(u, "cpu.idle");
	struct cgroup_write *end;
	uint64_t idle;

	if (weight && given && strcmp(given->value, "1") == 0)
		return drop_weight(u, weight, e);
	if (!weight || given || !u->plan.unit.name || !read_number(u->dirfd, "cpu.idle", &idle) ||
	    !idle)
		return 0;
	end = arena_new(u->arena, struct cgroup_write);
	if (!end)
		return err_set(e, ENOMEM, "prepare the update");
	*end = (struct cgroup_write){ .next = u->plan.writes,
				      .file = "cpu.idle",
				      .value = "0",
				      .controller = "cpu",
				      .pointer = weight->pointer };
	u->plan.writes = end;
	return 0;
}

static int prepare(struct update *u, const struct oci_resources *given, struct err *e)
{
	const struct cgroup_host host = {
		.where = u->plan.root ? u->plan.root : "",
		.controllers = u->available,
		.why_none = u->plan.path ? NULL : "the container has no cgroup",
		.warn = u->ctx->warn,
		.warn_arg = u->ctx->warn_arg,
	};
	struct oci_resources res;

	if (cgroup_update_complete(u->arena, given, u->dirfd, u->ctx, &res, e) < 0)
		return -e->code;
	oci_resources_check(&res, oci_check_keep_first, e);
	if (e->code || cgroup_knobs_prepare(u->arena, &res, &host, &u->plan.writes, e) < 0 ||
	    settle_idle(u, e) < 0)
		return -e->code;
	if (given->devices.count &&
	    cgroup_devices_prepare(u->arena, &given->devices, &u->plan.devices, e) < 0)
		return -e->code;
	return choose_controllers(u, e);
}

static int set_devices(const struct update *u, struct err *e)
{
	int r;

	if (u->plan.devices.insns)
		return cgroup_attach_devices(&u->plan, u->dirfd, e);
	r = bpf_device_detach(u->dirfd); /* all are allowed now */
	return r < 0 ? err_set(e, -r, "take the device program off the cgroup %s", u->plan.path)
		     : 0;
}

/* When a property of a unit changes, systemd writes all of its processor or memory values: for no
 * quota the usual period, and no group that is killed as one. What stood there is right: ours have
 * been written. Ignored failures: the first limits nothing, and both could be written before. */
static int set_unit(const struct update *u, int unitfd, struct err *e)
{
	static const char *const kept[][2] = { { "cpu.max", "max " }, { "memory.oom.group", "1" } };
	char before[ARRAY_SIZE(kept)][64] = { "" };

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		(void)file_read(unitfd, kept[i][0], before[i], sizeof(before[i]));
	if (systemd_unit_set(&u->plan.unit, u->plan.writes, e) < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (strncmp(before[i], kept[i][1], strlen(kept[i][1])) == 0)
			(void)cgroupfs_write(unitfd, kept[i][0], before[i]);
	return 0;
}

static int open_unit(const struct update *u, struct err *e)
{
	const char *path = u->plan.unit.path;
	_cleanup_fd_ int rootfd = cgroupfs_open_root_at(u->plan.root);
	int fd = rootfd < 0 ? rootfd : cgroupfs_open(rootfd, path);

	return fd < 0 ? err_set(e, -fd, "open the cgroup %s%s", u->plan.root, path) : fd;
}

/* The program last: it is one call, and has no old value that could be written back. */
static int finish_unit(const struct update *u, struct err *e)
{
	if (u->plan.unit.name && set_unit(u, u->unitfd, e) < 0)
		return -e->code;
	return u->has_devices ? set_devices(u, e) : 0;
}

/* Those of the unit's own directory, the quota too: systemd writes it when it has answered, and a
 * burst must not be above it. */
static int collect_of_unit(const struct update *u, const struct cgroup_write **ret, struct err *e)
{
	*ret = NULL;
	for (const struct cgroup_write *w = u->plan.writes; w; w = w->next) {
		struct cgroup_write *copy;

		if (!cgroup_is_of_unit(w) && strcmp(w->file, "cpu.max") != 0)
			continue;
		copy = arena_new(u->arena, struct cgroup_write);
		if (!copy)
			return err_set(e, ENOMEM, "prepare the update");
		*copy = *w;
		copy->next = *ret;
		*ret = copy;
	}
	return 0;
}

static int finish(const struct update *u, struct err *e)
{
	const struct cgroup_write *writes = NULL;

	if (u->unitfd >= 0 && strcmp(u->plan.unit.path, u->plan.path) != 0 &&
	    collect_of_unit(u, &writes, e) < 0)
		return -e->code;
	return writes ? write_all_or_none(writes, u->unitfd, cgroupfs_write, finish_unit, u, e)
		      : finish_unit(u, e);
}

static int apply(struct update *u, struct err *e)
{
	struct cgroup_enabled enabled = { 0 };

	if (u->plan.unit.name && (u->unitfd = open_unit(u, e)) < 0)
		return -e->code;
	if (*u->plan.required && cgroup_enable_controllers(&u->plan, &enabled, e) < 0)
		return -e->code;
	if (write_all_or_none(u->plan.writes, u->dirfd, cgroupfs_write, finish, u, e) < 0)
		cgroup_take_back(&u->plan, &enabled);
	return -e->code;
}

/* The knobs' pointers are config.json's. */
static void shorten_pointer(struct err *e)
{
	static const char above[] = "/linux/resources";
	size_t len = sizeof(above) - 1;

	if (strncmp(e->pointer, above, len) == 0)
		memmove(e->pointer, e->pointer + len, strlen(e->pointer + len) + 1);
}

int cgroup_update(struct arena *a, const struct cgroup_ref *ref, const struct oci_resources *given,
		  const struct cgroup_context *ctx, struct err *e)
{
	struct update u = { .arena = a, .ctx = ctx, .dirfd = -1, .unitfd = -1 };

	u.plan.rootless = ctx->rootless;
	u.has_devices = given->devices.count > 0;
	if ((!ref || open_cgroup(&u, ref, e) == 0) && prepare(&u, given, e) == 0 && ref)
		(void)apply(&u, e); /* in e */
	close_fdp(&u.dirfd);
	close_fdp(&u.unitfd);
	if (e->code)
		shorten_pointer(e);
	return -e->code;
}
