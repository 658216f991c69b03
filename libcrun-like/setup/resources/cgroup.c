/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Planning the cgroup (cgroup.h): its place, and whether there will be one at all. Making and
 * removing it is in cgroup_life.c.
 */
#include "setup/resources/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/fmt.h"
#include "base/path.h"
#include "kernel/cgroupfs.h"
#include "kernel/file.h"
#include "setup/annotations.h"
#include "setup/resources/cgroup_devices.h"
#include "setup/resources/systemd_name.h"

enum {
	CONTROLLERS_SIZE = 512
};

/* Without empty and "." components, as runc and crun take it; "slice:prefix:name" is a name like
 * any other for this manager. "" is no path at all. */
static int normalise(struct arena *a, const char *path, const char **ret, struct err *e)
{
	char *to = arena_array(a, strlen(path) + 2, 1);
	bool is_absolute = *path == '/';
	const char *name;
	size_t at = 0, len;

	if (!to)
		return err_set(e, ENOMEM, "plan the cgroup");
	while ((len = path_next(&path, &name)) > 0) {
		if (at || is_absolute)
			to[at++] = '/';
		memcpy(to + at, name, len);
		at += len;
	}
	to[at] = '\0';
	*ret = at ? to : NULL;
	return 0;
}

/* What is known of the host while planning. */
struct look {
	struct arena *arena;
	const struct cgroup_context *ctx;
	const char *path;   /* of config.json, normalised; NULL: none */
	int rootfd, basefd; /* basefd: where the path begins, or what there is of it */
	const char *root;
	const char *base;  /* what stands before the path, "" for the root */
	const char *where; /* the path of basefd */
	const char *why_none, *help;
	char controllers[CONTROLLERS_SIZE], of_host[CONTROLLERS_SIZE];
	struct systemd_unit unit; /* the manager is systemd */
	const char *unit_place;
};

static bool may_write(int dirfd, const char *file)
{
	return faccessat(dirfd, file, W_OK, AT_EACCESS) == 0;
}

/* This user may make cgroups in it and put processes there. */
static bool is_writable(int dirfd)
{
	return dirfd >= 0 && may_write(dirfd, ".") && may_write(dirfd, "cgroup.procs");
}

/* A process may move between two cgroups when their common ancestor may be written. */
static bool may_enter(int rootfd, const char *own, const char *path)
{
	char common[PATH_MAX / 2];
	size_t len = 0, i = 0;
	_cleanup_fd_ int fd = -1;

	for (; own[i] && own[i] == path[i]; i++)
		if (own[i] == '/')
			len = i;
	if ((!own[i] || own[i] == '/') && (!path[i] || path[i] == '/'))
		len = i;
	fmt(common, sizeof(common), "%.*s", (int)len, path);
	fd = cgroupfs_open(rootfd, common);
	return fd >= 0 && may_write(fd, "cgroup.procs");
}

/* The configured path as it stands, when this user may use it: what there is of it may be written.
 */
static int take_path(struct look *l, const char *own)
{
	char there[PATH_MAX / 2];
	int fd = -ENOENT;

	fmt(there, sizeof(there), "%s", l->path);
	while ((fd = cgroupfs_open(l->rootfd, there)) == -ENOENT && *there)
		path_cut_last(there);
	if (!is_writable(fd) || !may_enter(l->rootfd, own, l->path)) {
		close_fdp(&fd);
		return 0;
	}
	l->basefd = fd;
	l->base = "";
	l->where = arena_strdup(l->arena, there);
	return 1;
}

/*
 * Where an ordinary user's cgroups begin: beside the own one, as with the other runtimes, since
 * what has processes cannot limit what is below it. Below the own one, when that was delegated to
 * be arranged by who runs in it, or when the one above is not the user's.
 */
static int take_own(struct look *l, const char *own)
{
	char above[PATH_MAX / 2];
	_cleanup_fd_ int ownfd = cgroupfs_open(l->rootfd, own);
	_cleanup_fd_ int abovefd = -1;
	bool is_own;

	fmt(above, sizeof(above), "%s", own);
	path_cut_last(above);
	if (strcmp(own, "/") != 0)
		abovefd = cgroupfs_open(l->rootfd, above);
	is_own = is_writable(ownfd) && (cgroupfs_is_delegated(ownfd) || !is_writable(abovefd));
	if (!is_own && !is_writable(abovefd))
		return 0;
	l->basefd = is_own ? take_fd(&ownfd) : take_fd(&abovefd);
	l->base = arena_strdup(l->arena, is_own ? own + (own[1] == '\0') : above);
	l->where = l->base;
	return 1;
}

/* An absolute path is a place, not a wish (config-linux.md, Cgroups Path); both peers refuse too.
 * The first words, and those of the help, are runc's, for who looks for them. */
static int refuse_path(const struct look *l, struct err *e)
{
	(void)err_field(e, EACCES, "/linux/cgroupsPath",
			"unable to apply cgroup configuration: the cgroup %s%s is not this user's "
			"to make, or to move a process to: permission denied",
			l->root, l->path);
	return err_hint(e, "%s", l->help);
}

static int look_rootless(struct look *l, struct err *e)
{
	char own[PATH_MAX / 2];

	l->help =
		"rootless needs no limits + no cgrouppath when no permission is granted for "
		"cgroups; `systemd-run --user --scope -p Delegate=yes` before the command grants it";
	if (cgroupfs_get_own_path(own, sizeof(own)) < 0) {
		l->why_none = "this process is in no cgroup of the unified hierarchy";
		return 0;
	}
	if (l->path && *l->path == '/' ? take_path(l, own) : take_own(l, own)) {
		l->help = NULL;
		return l->base && l->where ? 0 : err_set(e, ENOMEM, "plan the cgroup");
	}
	if (l->path)
		return refuse_path(l, e);
	l->why_none = arena_printf(l->arena, "the cgroup %s%s is not delegated to this user",
				   l->root, own);
	return l->why_none ? 0 : err_set(e, ENOMEM, "plan the cgroup");
}

static int read_controllers(struct look *l, struct err *e)
{
	int fd = l->basefd >= 0 ? l->basefd : l->rootfd;
	int r = file_read(fd, "cgroup.controllers", l->controllers, sizeof(l->controllers));

	if (r < 0)
		return err_set(e, -r, "read cgroup.controllers of %s%s", l->root, l->where);
	if (fd == l->rootfd)
		memcpy(l->of_host, l->controllers, sizeof(l->of_host));
	else if (file_read(l->rootfd, "cgroup.controllers", l->of_host, sizeof(l->of_host)) < 0)
		l->of_host[0] = '\0';
	return 0;
}

/* Below the unit's own; NULL with no error: in it. */
static const char *subgroup_of(const struct oci_map *annotations, struct err *e)
{
	const char *name = annotation_find(annotations, ANNOTATION_SYSTEMD_SUBGROUP);

	if (!name)
		return annotation_is_there(annotations, ANNOTATION_SYSTEMD_SUBGROUP) ? NULL
										     : "container";
	if (strlen(name) > NAME_MAX || strpbrk(name, "/\n") || name[0] == '.')
		(void)err_field(e, EINVAL, ANNOTATION_POINTER(ANNOTATION_SYSTEMD_SUBGROUP),
				"\"%.100s\" is not the name of a cgroup", name);
	return name;
}

static int look_systemd(struct look *l, const struct oci_map *annotations, struct err *e)
{
	const char *sub = subgroup_of(annotations, e);
	struct systemd_names names;

	if (e->code || systemd_check(l->ctx->systemd, e) < 0 ||
	    systemd_names_of(l->arena, l->path, l->ctx->id, l->ctx->rootless, &names, e) < 0 ||
	    systemd_unit_check(l->arena, annotations, e) < 0 ||
	    systemd_find_manager(l->arena, l->ctx->rootless, &l->base, e) < 0)
		return -e->code;
	l->where = l->base;
	l->basefd = cgroupfs_open(l->rootfd, l->base);
	if (l->basefd < 0) {
		err_set(e, -l->basefd, "open the cgroup %s%s of systemd's manager", l->root,
			l->base);
		return l->ctx->rootless
			       ? err_hint(e, "a user's containers need the user's own systemd: a "
					     "session, or `loginctl enable-linger`")
			       : -e->code;
	}
	l->unit = (struct systemd_unit){
		.name = names.unit,
		.slice = names.slice,
		.path = arena_printf(l->arena, "%s%s", l->base, names.place),
		.is_user = l->ctx->rootless,
		.host = l->ctx->systemd,
	};
	l->unit_place = l->unit.path ? arena_printf(l->arena, "%s%s%s", l->unit.path,
						    sub ? "/" : "", sub ? sub : "")
				     : NULL;
	if (!l->unit_place)
		return err_set(e, ENOMEM, "plan the cgroup");
	return read_controllers(l, e);
}

static int look_at_host(struct look *l, const struct oci_map *annotations, struct err *e)
{
	bool is_systemd = l->ctx->manager && strcmp(l->ctx->manager, "systemd") == 0;

	if (l->ctx->manager && strcmp(l->ctx->manager, "disabled") == 0) {
		l->why_none = "cgroups are disabled";
		return 0;
	}
	if (l->ctx->manager && !is_systemd && strcmp(l->ctx->manager, "cgroupfs") != 0)
		return err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP,
				"the cgroup manager \"%s\" is not supported", l->ctx->manager);
	l->rootfd = cgroupfs_open_root(&l->root);
	if (l->rootfd < 0 && l->ctx->rootless) {
		l->why_none = "there is no cgroup2 hierarchy";
		return 0;
	}
	if (l->rootfd < 0)
		return err_kind(e, ERR_CGROUP, -l->rootfd,
				"there is no cgroup2 hierarchy at /sys/fs/cgroup or "
				"/sys/fs/cgroup/unified");
	/* As in a container without privileges. Limits are refused then. */
	if (faccessat(l->rootfd, ".", W_OK, AT_EACCESS) < 0 && errno == EROFS) {
		l->why_none = "the cgroup hierarchy is mounted read-only";
		l->help = "give davit a writable /sys/fs/cgroup, or leave the limits out";
		return 0;
	}
	if (is_systemd)
		return look_systemd(l, annotations, e);
	if (l->ctx->rootless && look_rootless(l, e) < 0)
		return -e->code;
	return l->why_none ? 0 : read_controllers(l, e);
}

/* The base in front, unless the caller knew it. */
static const char *place(const struct look *l)
{
	const char *path = l->path;
	size_t len = strlen(l->base);

	if (l->unit_place)
		return l->unit_place;
	if (!path)
		return arena_printf(l->arena, "%s/%s", l->base, l->ctx->id);
	if (strncmp(path, l->base, len) == 0 && path[len] == '/')
		return path;
	return arena_printf(l->arena, "%s%s%s", l->base, *path == '/' ? "" : "/", path);
}

static int choose_controllers(struct look *l, struct cgroup_plan *p, struct err *e)
{
	p->required = cgroup_knobs_controllers(l->arena, p->writes, "");
	/* All that there are, as the other runtimes do: engines read figures from them, with or
	 * without limits, and `update` may need any later. */
	p->wanted = arena_strdup(l->arena, l->controllers);
	return p->required && p->wanted ? 0 : err_set(e, ENOMEM, "plan the cgroup");
}

static int plan_cgroup(struct look *l, const struct oci_linux *linux_config, struct cgroup_plan *p,
		       struct err *e)
{
	const struct oci_resources *res = linux_config ? linux_config->resources : NULL;
	const struct cgroup_host host = {
		.where = l->root ? arena_printf(l->arena, "%s%s", l->root, l->where) : "",
		.controllers = l->controllers,
		.of_host = l->ctx->rootless ? l->of_host : "",
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
	p->unit = l->unit;
	p->path = place(l);
	if (!p->path)
		return err_set(e, ENOMEM, "plan the cgroup");
	return choose_controllers(l, p, e);
}

int cgroup_prepare(struct arena *a, const struct oci_config *config,
		   const struct cgroup_context *ctx, struct cgroup_plan *ret, struct err *e)
{
	const struct oci_linux *linux_config = config->linux_config;
	struct look l = {
		.arena = a, .ctx = ctx, .rootfd = -1, .basefd = -1, .base = "", .where = ""
	};
	struct cgroup_plan p = { .rootless = ctx->rootless,
				 .id = ctx->id,
				 .annotations = &config->annotations };
	bool is_systemd = ctx->manager && strcmp(ctx->manager, "systemd") == 0;
	char text[512];
	int r = 0;

	if (linux_config && linux_config->cgroups_path && is_systemd)
		l.path = linux_config->cgroups_path;
	else if (linux_config && linux_config->cgroups_path)
		r = normalise(a, linux_config->cgroups_path, &l.path, e);
	if (r == 0)
		r = look_at_host(&l, &config->annotations, e);
	if (r == 0)
		r = plan_cgroup(&l, linux_config, &p, e);
	close_fdp(&l.rootfd);
	close_fdp(&l.basefd);
	if (r < 0)
		return r;
	/* Nothing asked for one, or that would have been an error: no warning. */
	if (l.why_none && ctx->inform) {
		const struct oci_namespace *pid = oci_config_namespace(config, "pid");

		fmt(text, sizeof(text), "the container gets no cgroup: %s%s", l.why_none,
		    pid && !pid->path ? ""
				      : "; without a pid namespace of its own, too, what its "
					"program leaves behind cannot be found to be ended");
		ctx->inform(ctx->warn_arg, text);
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
	if (p->unit.name)
		describe(d, "ask systemd's %s manager for the unit %s in %s, delegated",
			 p->unit.is_user ? "user" : "system", p->unit.name, p->unit.slice);
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

bool cgroup_is_late(const struct cgroup_write *w)
{
	return strcmp(w->file, "pids.max") == 0;
}

bool cgroup_has_late_limits(const struct cgroup_plan *p)
{
	for (const struct cgroup_write *w = p->writes; w; w = w->next)
		if (cgroup_is_late(w))
			return true;
	return false;
}
