/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See intel_rdt.h.
 */
#include "setup/resources/intel_rdt.h"

#include <fcntl.h>
#include <string.h>

#include "base/fmt.h"
#include "kernel/file.h"
#include "kernel/resctrl.h"

static const char pointer_all[] = "/linux/intelRdt", pointer_id[] = "/linux/intelRdt/closID",
		  pointer_schemata[] = "/linux/intelRdt/schemata",
		  pointer_monitoring[] = "/linux/intelRdt/enableMonitoring";

int intel_rdt_prepare(struct arena *a, const struct oci_config *config, const char *id,
		      struct intel_rdt *ret, struct err *e)
{
	const struct oci_intel_rdt *from =
		config->linux_config ? config->linux_config->intel_rdt : NULL;
	struct intel_rdt rdt = { .rootfd = -1, .groupfd = -1, .monitorfd = -1, .id = id };

	*ret = rdt;
	if (!from)
		return 0;
	rdt.is_named = from->clos_id != NULL;
	rdt.group = !from->clos_id ? id : strcmp(from->clos_id, "/") == 0 ? "" : from->clos_id;
	rdt.lines = arena_array(a, from->schemata.count + 2, sizeof(*rdt.lines));
	if (!rdt.lines)
		return err_set(e, ENOMEM, "prepare the class of service");
	/* The order is the specification's. */
	if (from->l3_cache_schema)
		rdt.lines[rdt.line_count++] = from->l3_cache_schema;
	if (from->mem_bw_schema)
		rdt.lines[rdt.line_count++] = from->mem_bw_schema;
	rdt.compared = rdt.line_count;
	for (size_t i = 0; i < from->schemata.count; i++)
		rdt.lines[rdt.line_count++] = from->schemata.items[i];
	if (from->enable_monitoring && *from->enable_monitoring) {
		rdt.monitor =
			arena_printf(a, "%s%smon_groups/%s", rdt.group, *rdt.group ? "/" : "", id);
		if (!rdt.monitor)
			return err_set(e, ENOMEM, "prepare the class of service");
	}
	*ret = rdt;
	return 0;
}

static bool is_there(int rootfd, const char *path)
{
	return faccessat(rootfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void intel_rdt_foresee(const struct intel_rdt *rdt, struct intel_rdt_made *ret)
{
	_cleanup_fd_ int rootfd = -1;

	*ret = (struct intel_rdt_made){ 0 };
	if (!rdt->group || resctrl_open(&rootfd) < 0)
		return; /* then create fails */
	if (!rdt->is_named && !is_there(rootfd, rdt->group))
		ret->group = rdt->group;
	if (rdt->monitor && !is_there(rootfd, rdt->monitor))
		ret->monitor = rdt->monitor;
}

/* The kernel says in words what it did not like. */
static int fail(const struct intel_rdt *rdt, int code, const char *pointer, struct err *e)
{
	char text[128] = "";

	err_at(e, pointer);
	if (code != ENOENT && rdt->rootfd >= 0 &&
	    file_read(rdt->rootfd, "info/last_cmd_status", text, sizeof(text)) > 0 &&
	    strcmp(text, "ok") != 0)
		err_hint(e, "the kernel says: %.*s", (int)strcspn(text, "\n"), text);
	return -e->code;
}

static const char *shown(const struct intel_rdt *rdt)
{
	return *rdt->group ? rdt->group : "/";
}

static int open_group(struct intel_rdt *rdt, struct err *e)
{
	/* A class without a schema of its own has to be there already. */
	bool may_make = !rdt->is_named || rdt->line_count > 0;
	int r = resctrl_open_group(rdt->rootfd, rdt->group, &rdt->groupfd,
				   may_make ? &rdt->has_made_group : NULL);

	if (r == 0)
		return 0;
	if (r == -ENOENT && !may_make) {
		err_kind(e, ERR_CONFIG, ENOENT, "the class of service %s does not exist",
			 rdt->group);
		err_at(e, pointer_id);
		return err_hint(e, "make it first, or give it a schema");
	}
	err_set(e, -r, "%s the class of service %s", may_make ? "make" : "open", shown(rdt));
	return fail(rdt, -r, rdt->is_named ? pointer_id : pointer_all, e);
}

static int read_before(struct arena *a, struct intel_rdt *rdt, struct err *e)
{
	int r;

	rdt->before = arena_alloc(a, RESCTRL_TEXT_MAX);
	if (!rdt->before)
		return err_set(e, ENOMEM, "read the schemata of %s", shown(rdt));
	r = file_read(rdt->groupfd, "schemata", rdt->before, RESCTRL_TEXT_MAX);
	if (r < 0) {
		rdt->before = NULL;
		return err_set(e, -r, "read the schemata of the class of service %s", shown(rdt));
	}
	for (size_t i = 0; i < rdt->compared; i++)
		if (!resctrl_has_schema(rdt->before, rdt->lines[i]))
			return err_field(e, EINVAL, pointer_all,
					 "the class of service %s exists, and its schemata are not "
					 "\"%s\"",
					 shown(rdt), rdt->lines[i]);
	return 0;
}

static int write_lines(struct intel_rdt *rdt, struct err *e)
{
	rdt->has_written = rdt->line_count > 0;
	for (size_t i = 0; i < rdt->line_count; i++) {
		int r = resctrl_write(rdt->groupfd, "schemata", rdt->lines[i]);

		if (r == 0)
			continue;
		err_set(e, -r, "write \"%s\" to the schemata of the class of service %s",
			rdt->lines[i], shown(rdt));
		return fail(rdt, -r,
			    i < rdt->compared
				    ? pointer_all
				    : POINTER("%s/%zu", pointer_schemata, i - rdt->compared),
			    e);
	}
	return 0;
}

static int make_monitor(struct intel_rdt *rdt, struct err *e)
{
	int r = rdt->monitor ? resctrl_make_monitor(rdt->groupfd, rdt->id, &rdt->monitorfd) : 0;

	if (r == 0)
		return 0;
	err_set(e, -r, "make the monitoring group %s", rdt->monitor);
	return fail(rdt, -r, pointer_monitoring, e);
}

static int create(struct arena *a, struct intel_rdt *rdt, struct err *e)
{
	if (open_group(rdt, e) < 0)
		return -e->code;
	if (!rdt->has_made_group && rdt->line_count && read_before(a, rdt, e) < 0)
		return -e->code;
	if (write_lines(rdt, e) < 0)
		return -e->code;
	return make_monitor(rdt, e);
}

static int open_root(struct intel_rdt *rdt, struct err *e)
{
	int r = resctrl_open(&rdt->rootfd);

	if (r == -ENOENT) {
		err_kind(e, ERR_UNSUPPORTED, ENOENT, "no resctrl file system is mounted");
		return err_at(e, pointer_all);
	}
	return r < 0 ? err_set(e, -r, "open the resctrl file system") : 0;
}

int intel_rdt_create(struct arena *a, struct intel_rdt *rdt, struct err *e)
{
	if (open_root(rdt, e) == 0 && create(a, rdt, e) < 0)
		intel_rdt_undo(rdt);
	return -e->code;
}

static int update(struct arena *a, struct intel_rdt *rdt, struct err *e)
{
	int r = resctrl_open_group(rdt->rootfd, rdt->group, &rdt->groupfd, NULL);

	if (r < 0)
		return err_set(e, -r, "open the class of service %s", shown(rdt));
	rdt->compared = 0; /* they are to become different */
	if (read_before(a, rdt, e) < 0)
		return -e->code;
	rdt->compared = rdt->line_count;
	return write_lines(rdt, e);
}

int intel_rdt_update(struct arena *a, struct intel_rdt *rdt, struct err *e)
{
	if (open_root(rdt, e) == 0 && update(a, rdt, e) < 0)
		intel_rdt_undo(rdt);
	return -e->code;
}

/* Another container may have come into a class that has a name. */
static bool is_empty(int groupfd)
{
	char text[64];

	return file_read(groupfd, "tasks", text, sizeof(text)) == 0;
}

void intel_rdt_undo(struct intel_rdt *rdt)
{
	/* Ignored throughout: the first error is what matters. */
	if (rdt->monitorfd >= 0)
		(void)resctrl_remove(rdt->rootfd, rdt->monitor);
	if (rdt->before && rdt->has_written)
		(void)resctrl_write(rdt->groupfd, "schemata", rdt->before);
	if (rdt->has_made_group && (!rdt->is_named || is_empty(rdt->groupfd)))
		(void)resctrl_remove(rdt->rootfd, rdt->group);
	rdt->has_made_group = false;
	intel_rdt_close(rdt);
}

int intel_rdt_add_process(const struct intel_rdt *rdt, pid_t pid, struct err *e)
{
	const int groups[] = { rdt->groupfd, rdt->monitorfd };
	char text[16];

	fmt(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		int r = groups[i] < 0 ? 0 : resctrl_write(groups[i], "tasks", text);

		if (r == 0)
			continue;
		err_set(e, -r, "add process %s to the %s %s", text,
			i ? "monitoring group" : "class of service", i ? rdt->monitor : shown(rdt));
		return fail(rdt, -r, pointer_all, e);
	}
	return 0;
}

struct intel_rdt_made intel_rdt_made(const struct intel_rdt *rdt)
{
	return (struct intel_rdt_made){
		.group = rdt->has_made_group && !rdt->is_named ? rdt->group : NULL,
		.monitor = rdt->monitorfd >= 0 ? rdt->monitor : NULL,
	};
}

void intel_rdt_close(struct intel_rdt *rdt)
{
	if (!rdt->group) /* nothing was ever opened */
		return;
	close_fdp(&rdt->monitorfd);
	close_fdp(&rdt->groupfd);
	close_fdp(&rdt->rootfd);
}

int intel_rdt_remove(const struct intel_rdt_made *made, struct err *e)
{
	_cleanup_fd_ int rootfd = -1;
	int r;

	if (!made->group && !made->monitor)
		return 0;
	r = resctrl_open(&rootfd);
	if (r < 0)
		return r == -ENOENT ? 0 : err_set(e, -r, "open the resctrl file system");
	r = made->monitor ? resctrl_remove(rootfd, made->monitor) : 0;
	if (r < 0)
		return err_set(e, -r, "remove the monitoring group %s", made->monitor);
	r = made->group ? resctrl_remove(rootfd, made->group) : 0;
	return r < 0 ? err_set(e, -r, "remove the class of service %s", made->group) : 0;
}

void intel_rdt_describe(const struct intel_rdt *rdt, const struct describe *d)
{
	describe(d, "%s the class of service %s",
		 rdt->is_named && !rdt->line_count ? "use" : "make, where missing,", shown(rdt));
	for (size_t i = 0; i < rdt->line_count; i++)
		describe(d, "write %s to its schemata", rdt->lines[i]);
	if (rdt->monitor)
		describe(d, "make the monitoring group %s", rdt->monitor);
}
