/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Planning the cgroup (cgroup.h): its place, and whether there will be one at all. Making and
 * removing it is in cgroup_life.c.
 */
#include "setup/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/fmt.h"
#include "kernel/cgroup.h"
#include "setup/cgroup_devices.h"

enum {
	CONTROLLERS_SIZE = 512
};

static const char pointer_path[] = "/linux/cgroupsPath";
/* Engines read usage from the files of these, with or without limits. */
static const char *const accounting[] = { "cpu", "io", "memory", "pids" };

static bool is_systemd_form(const char *path)
{
	const char *first = strchr(path, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;

	return second && !strchr(second + 1, ':') && !strchr(path, '/');
}

static int check_path(const char *path, struct err *e)
{
	if (is_systemd_form(path)) {
		err_field(e, EINVAL, pointer_path,
			  "cgroupsPath \"%s\" has the form slice:prefix:name", path);
		return err_hint(e,
				"that form is for the systemd cgroup manager, which is not used");
	}
	return 0;
}

/* What is known of the host while planning. */
struct look {
	struct arena *arena;
	const struct cgroup_context *ctx;
	int rootfd, basefd; /* basefd: where the path begins */
	const char *root;
	const char *base; /* its path, "" for the root */
	const char *why_none, *help;
	char controllers[CONTROLLERS_SIZE];
};

/* An ordinary user may only work below the own cgroup, and there only when it was delegated. */
static int look_rootless(struct look *l, struct err *e)
{
	char own[PATH_MAX / 2];

	l->why_none = "there is no writable cgroup for this user";
	l->help = geteuid() ? "systemd-run --user --scope -p Delegate=yes gives one" : NULL;
	if (cgroup_get_own_path(own, sizeof(own)) < 0)
		return 0;
	l->basefd = cgroup_open(l->rootfd, own);
	if (l->basefd < 0 || faccessat(l->basefd, ".", W_OK, AT_EACCESS) < 0 ||
	    faccessat(l->basefd, "cgroup.procs", W_OK, AT_EACCESS) < 0)
		return 0;
	l->why_none = NULL;
	l->base = strcmp(own, "/") == 0 ? "" : arena_strdup(l->arena, own);
	return l->base ? 0 : err_set(e, ENOMEM, "plan the cgroup");
}

static int look_at_host(struct look *l, struct err *e)
{
	int r;

	if (l->ctx->manager && strcmp(l->ctx->manager, "disabled") == 0) {
		l->why_none = "cgroups are disabled";
		return 0;
	}
	if (l->ctx->manager && strcmp(l->ctx->manager, "cgroupfs") != 0)
		return err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP,
				"the cgroup manager \"%s\" is not supported", l->ctx->manager);
	l->rootfd = cgroup_open_root(&l->root);
	if (l->rootfd < 0 && l->ctx->rootless) {
		l->why_none = "there is no cgroup2 hierarchy";
		return 0;
	}
	if (l->rootfd < 0)
		return err_kind(e, ERR_CGROUP, -l->rootfd,
				"there is no cgroup2 hierarchy at /sys/fs/cgroup or "
				"/sys/fs/cgroup/unified");
	l->base = "";
	/* As in a container without privileges. Limits are refused then. */
	if (faccessat(l->rootfd, ".", W_OK, AT_EACCESS) < 0 && errno == EROFS) {
		l->why_none = "the cgroup hierarchy is mounted read-only";
		l->help = "give davit a writable /sys/fs/cgroup, or leave the limits out";
		return 0;
	}
	if (l->ctx->rootless && look_rootless(l, e) < 0)
		return -e->code;
	r = l->why_none ? 0
			: cgroup_read(l->basefd >= 0 ? l->basefd : l->rootfd, "cgroup.controllers",
				      l->controllers, sizeof(l->controllers));
	return r < 0 ? err_set(e, -r, "read cgroup.controllers of %s%s", l->root, l->base) : 0;
}

/* The base in front, unless the caller knew it. */
/* Without "//", "/./" and a slash at the end; "" when nothing is left. */
static const char *clean(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2);
	size_t at = 0, len;

	for (const char *s = path; out && *s; s += len) {
		s += strspn(s, "/");
		len = strcspn(s, "/");
		if (!len || (len == 1 && *s == '.'))
			continue;
		if (at || *path == '/')
			out[at++] = '/';
		memcpy(out + at, s, len);
		at += len;
	}
	return out;
}

static const char *place(const struct look *l, const char *given)
{
	const char *path = given ? clean(l->arena, given) : "";
	size_t len = strlen(l->base);

	if (!path)
		return NULL;
	if (!*path)
		return arena_printf(l->arena, "%s/davit-%s", l->base, l->ctx->id);
	if (strncmp(path, l->base, len) == 0 && path[len] == '/')
		return arena_strdup(l->arena, path);
	return arena_printf(l->arena, "%s%s%s", l->base, *path == '/' ? "" : "/", path);
}

static const char *append_word(struct arena *a, const char *list, const char *word)
{
	if (!list || cgroup_has_word(list, word, strlen(word)))
		return list;
	return arena_printf(a, "%s%s%s", list, *list ? " " : "", word);
}

static int choose_controllers(struct look *l, struct cgroup_plan *p, struct err *e)
{
	p->required = p->wanted = "";
	for (const struct cgroup_write *w = p->writes; w; w = w->next)
		if (w->controller)
			p->required = append_word(l->arena, p->required, w->controller);
	for (size_t i = 0; i < ARRAY_SIZE(accounting); i++)
		if (cgroup_has_word(l->controllers, accounting[i], strlen(accounting[i])))
			p->wanted = append_word(l->arena, p->wanted, accounting[i]);
	return p->required && p->wanted ? 0 : err_set(e, ENOMEM, "plan the cgroup");
}

static int plan_cgroup(struct look *l, const struct oci_linux *linux_config, struct cgroup_plan *p,
		       struct err *e)
{
	const struct oci_resources *res = linux_config ? linux_config->resources : NULL;
	const struct cgroup_host host = {
		.where = l->root ? arena_printf(l->arena, "%s%s", l->root, l->base) : "",
		.controllers = l->controllers,
		.why_none = l->why_none,
		.help = l->help,
		.warn = l->ctx->warn,
		.warn_arg = l->ctx->warn_arg,
	};

	if (!host.where)
		return err_set(e, ENOMEM, "plan the cgroup");
	if (cgroup_knobs_prepare(l->arena, res, &host, &p->writes, e) < 0)
		return -e->code;
	if (cgroup_devices_prepare(l->arena, res ? &res->devices : NULL, &p->devices, e) < 0)
		return -e->code;
	if (l->why_none) {
		p->devices = (struct bpf_device_program){ 0 };
		return 0;
	}
	p->root = l->root;
	p->path = place(l, linux_config ? linux_config->cgroups_path : NULL);
	if (!p->path)
		return err_set(e, ENOMEM, "plan the cgroup");
	return choose_controllers(l, p, e);
}

int cgroup_prepare(struct arena *a, const struct oci_config *config,
		   const struct cgroup_context *ctx, struct cgroup_plan *ret, struct err *e)
{
	const struct oci_linux *linux_config = config->linux_config;
	struct look l = { .arena = a, .ctx = ctx, .rootfd = -1, .basefd = -1, .base = "" };
	struct cgroup_plan p = { .rootless = ctx->rootless };
	char text[160];
	int r = 0;

	if (linux_config && linux_config->cgroups_path)
		r = check_path(linux_config->cgroups_path, e);
	if (r == 0)
		r = look_at_host(&l, e);
	if (r == 0)
		r = plan_cgroup(&l, linux_config, &p, e);
	close_fdp(&l.rootfd);
	close_fdp(&l.basefd);
	if (r < 0)
		return r;
	/* Disabled was asked for: nobody needs to be told. */
	if (l.why_none && ctx->warn && !(ctx->manager && *ctx->manager == 'd')) {
		fmt(text, sizeof(text), "the container gets no cgroup: %s", l.why_none);
		ctx->warn(ctx->warn_arg, text);
	}
	*ret = p;
	return 0;
}

void cgroup_describe(const struct cgroup_plan *p, const struct describe *d)
{
	if (!p->path) {
		describe(d, "no cgroup");
		return;
	}
	describe(d, "mkdir %s%s", p->root, p->path);
	if (*p->required)
		describe(d, "enable controllers: %s", p->required);
	if (*p->wanted)
		describe(d, "enable controllers if possible: %s", p->wanted);
	for (const struct cgroup_write *w = p->writes; w; w = w->next)
		describe(d, "write %s to %s", w->value, w->file);
	if (p->devices.insns)
		describe(d, "attach a device program of %zu instructions", p->devices.count);
}
