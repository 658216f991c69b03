/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * mounts[] -> prepared operations, and their description. What is decided here needs no look at
 * the host: kinds, sources, what may stand in for a file system that the kernel refuses, and the
 * rules about /proc. The doing is in mounts_apply.c.
 */
#include "setup/filesystem/mounts.h"

#include <string.h>
#include <sys/mount.h>

#include "base/fmt.h"
#include "base/path.h"
#include "kernel/namespace.h"
#include "kernel/sys.h"
#include "setup/filesystem/mounts_extras.h"
#include "setup/filesystem/mounts_idmap.h"

/* The files of procfs that may be covered, for lxcfs and the like; covering any other one could
 * take the ground from under labels and sysctls (CVE-2019-16884, CVE-2025-52881). */
static const char *const proc_files[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/loadavg",
	"/proc/meminfo",
	"/proc/net/dev",
	"/proc/slabinfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/sys/crypto/fips_enabled",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/uptime",
};

struct prepare {
	struct arena *arena;
	const struct oci_config *config;
	const struct mounts_context *ctx;
	const struct oci_mount *mount;
	const char *cleaned; /* the destination without ".", ".." and doubled slashes */
	struct mount_op *op;
	bool has_own_cgroup; /* to be mounted after it */
};

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "prepare the mounts");
}

static bool is_type(const struct prepare *p, const char *type)
{
	return p->mount->type && strcmp(p->mount->type, type) == 0;
}

/* For comparing only: which directory ".." leads to is decided when the links are known. */
static char *clean_path(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2);
	const char *name;
	size_t at = 0, len;

	while (out && (len = path_next(&path, &name)) > 0) {
		if (path_is_dotdot(name, len)) {
			while (at > 0 && out[--at] != '/')
				continue;
			continue;
		}
		out[at++] = '/';
		memcpy(out + at, name, len);
		at += len;
	}
	if (out && at == 0)
		out[at++] = '/';
	if (out)
		out[at] = '\0';
	return out;
}

static int prepare_destination(struct prepare *p, struct err *e)
{
	const char *given = p->mount->destination;
	size_t len = path_trimmed(given, strlen(given));

	/* Relative ones are deprecated, and below the root (config.md, since 1.2). */
	p->op->destination =
		arena_printf(p->arena, "%s%.*s", given[0] == '/' ? "" : "/", (int)len, given);
	p->cleaned = clean_path(p->arena, given);
	return p->op->destination && p->cleaned ? 0 : no_memory(e);
}

/*
 * A source in the container's root that lies in an earlier mount, or holds one: only after that is
 * mounted it is what was meant, and by its path on the host it may be out of INIT's reach.
 */
static int find_inside(struct prepare *p, struct err *e)
{
	char *source = p->ctx->root ? clean_path(p->arena, p->op->source) : NULL;
	char *root = p->ctx->root ? clean_path(p->arena, p->ctx->root) : NULL;
	const char *rest;

	if (p->ctx->root && (!source || !root))
		return no_memory(e);
	if (!source || p->op->options.extras || !path_is_in(source, root))
		return 0;
	rest = source + strlen(root);
	for (size_t i = 0; i < p->op->index && *rest && !p->op->inside; i++) {
		char *earlier = clean_path(p->arena, p->config->mounts.items[i].destination);

		if (!earlier)
			return no_memory(e);
		if (path_is_in(rest, earlier) || path_is_in(earlier, rest))
			p->op->inside = rest;
	}
	return 0;
}

static int prepare_bind(struct prepare *p, struct err *e)
{
	const char *source = p->mount->source;
	struct mount_op *op = p->op;

	op->kind = MOUNT_BIND;
	if (!source || !source[0])
		return err_field(e, EINVAL, POINTER("/mounts/%zu/source", op->index),
				 "the bind mount on %s has no source", op->destination);
	/* Data is for a file system, and a bind makes none: what is asked for cannot be applied.
	 * That goes for acl and noacl too, which are options of some file systems. */
	if (op->options.data)
		return err_field(e, EINVAL, POINTER("/mounts/%zu/options", op->index),
				 "the bind mount on %s has unknown options: %s", op->destination,
				 op->options.data);
	op->source =
		source[0] == '/' ? source : arena_printf(p->arena, "%s/%s", p->ctx->bundle, source);
	return op->source ? find_inside(p, e) : no_memory(e);
}

/* What the host has at the usual place, or else the hierarchy that davit found. On a host with
 * version 1 beside it the latter is in the former. */
static const char *cgroup_source(const struct mounts_context *ctx)
{
	bool is_usual = !ctx->cgroup_root || path_is_in(ctx->cgroup_root, "/sys/fs/cgroup");

	return is_usual ? "/sys/fs/cgroup" : ctx->cgroup_root;
}

/*
 * The version 2 hierarchy under either name. In a cgroup namespace of its own the container sees
 * its part only. Without one it sees what the host has, as with runc and crun: that is a bind and
 * no new cgroup2, whose options would change those of the host's (nsdelegate). All of it is
 * writable only where "rw" is asked for in so many words (CVE-2023-25809). Who has no rights on the
 * host may have the right to write to some of its cgroups all the same: there, where version 1
 * would be writable too, and where neither "ro" nor "rw" is said, the container's own cgroup alone
 * is writable, which stands in the read-only tree as one more mount.
 */
static void prepare_cgroup(struct prepare *p)
{
	const struct mounts_context *ctx = p->ctx;
	struct mount_op *op = p->op;
	struct mount_options *o = &op->options;
	bool is_writable = (o->attr_clear | o->recursive_clear) & MOUNT_ATTR_RDONLY;
	bool is_readonly = (o->attr_set | o->recursive_set) & MOUNT_ATTR_RDONLY;

	op->type = "cgroup2";
	op->fallback = ctx->cgroup_path;
	/* All instances are one superblock, the host's: only the mount may be read-only. */
	o->superblock_set &= ~(unsigned long)MS_RDONLY;
	if (ctx->has_cgroup_ns)
		return;
	op->kind = MOUNT_BIND;
	op->source = cgroup_source(ctx);
	op->keeps_readonly = true;
	o->data = NULL;
	o->is_recursive = true;
	/* Meant for a new file system; the host's mount may have another mode, and locked. */
	o->is_atime_given = false;
	o->attr_set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	o->attr_clear &= ~(uint64_t)MOUNT_ATTR__ATIME;
	if (is_writable && !ctx->has_user_ns && ctx->cgroup_root &&
	    strcmp(op->source, ctx->cgroup_root) == 0)
		return;
	p->has_own_cgroup = !is_readonly && ctx->cgroup_path;
	o->attr_clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	o->recursive_clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	o->attr_set |= MOUNT_ATTR_RDONLY;
	o->recursive_set |= MOUNT_ATTR_RDONLY;
}

/* The container's own cgroup, writable, in the read-only tree of @tree. */
static int prepare_own_cgroup(const struct prepare *p, struct mount_op *ret, struct err *e)
{
	const struct mount_op *tree = p->op;

	*ret = *tree;
	ret->source = p->ctx->cgroup_path;
	ret->destination = arena_printf(p->arena, "%s%s", tree->destination,
					ret->source + strlen(tree->source));
	ret->options.is_recursive = false;
	ret->options.attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	ret->options.recursive_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	return ret->destination ? 0 : no_memory(e);
}

static bool is_gid_mapped(const struct prepare *p, unsigned long gid)
{
	const struct oci_linux *l = p->config->linux_config;

	if (p->ctx->has_callers_ids)
		return gid <= UINT32_MAX && idmap_own_range("gid_map", (uint32_t)gid) > 0;
	for (size_t i = 0; l && i < l->gid_mappings.count; i++) {
		const struct oci_id_mapping *m = &l->gid_mappings.items[i];

		if (gid >= m->container_id && gid - m->container_id < m->size)
			return true;
	}
	return false;
}

/* Every default config says gid=5; where the user namespace has no 5 the kernel would refuse, and
 * engines expect it to be left out. */
static int drop_unmapped_gid(struct prepare *p, struct err *e)
{
	const char *data = p->op->options.data, *s = data;
	char *out = data ? arena_strdup(p->arena, data) : NULL;
	size_t at = 0, len;

	if (!data)
		return 0;
	if (!out)
		return no_memory(e);
	for (; *s; s += len) {
		s += strspn(s, ",");
		len = strcspn(s, ",");
		if (!len ||
		    (strncmp(s, "gid=", 4) == 0 && !is_gid_mapped(p, strtoul(s + 4, NULL, 10))))
			continue;
		if (at)
			out[at++] = ',';
		memcpy(out + at, s, len);
		at += len;
	}
	out[at] = '\0';
	p->op->options.data = out;
	return 0;
}

static int prepare_fs(struct prepare *p, struct err *e)
{
	const struct mounts_context *ctx = p->ctx;
	struct mount_op *op = p->op;

	op->kind = MOUNT_FS;
	if (!p->mount->type || !p->mount->type[0])
		return err_field(e, EINVAL, POINTER("/mounts/%zu/type", op->index),
				 "the mount on %s has no type", op->destination);
	/* config.md, mounts: the options say it, and to the kernel this is no type. */
	if (is_type(p, "bind"))
		return err_field(e, ENODEV, POINTER("/mounts/%zu/type", op->index),
				 "the mount on %s is of type bind, and neither bind nor rbind is "
				 "among its options",
				 op->destination);
	op->type = p->mount->type;
	op->source = p->mount->source && p->mount->source[0] ? p->mount->source : NULL;
	if (is_type(p, "cgroup") || is_type(p, "cgroup2"))
		prepare_cgroup(p);
	/* What belongs to a namespace of the host cannot be mounted anew from a user namespace. A
	 * network namespace that is joined may belong to another user namespace than this one. */
	else if (is_type(p, "sysfs") && ctx->has_user_ns)
		op->fallback = "/sys";
	else if (is_type(p, "proc") && ctx->has_user_ns && !ctx->has_pid_ns)
		op->fallback = "/proc";
	else if (is_type(p, "mqueue") && ctx->has_user_ns)
		op->fallback = "/dev/mqueue";
	else if (is_type(p, "devpts") && ctx->has_user_ns)
		return drop_unmapped_gid(p, e);
	return 0;
}

/* R31 and T05. A bind is looked at again when its source is open: a procfs may go there. */
static int prepare_proc_rules(struct prepare *p, struct err *e)
{
	struct mount_op *op = p->op;
	bool is_proc = op->kind == MOUNT_FS && is_type(p, "proc");
	bool is_sysfs = op->kind == MOUNT_FS && is_type(p, "sysfs");

	op->is_ordinary_dir = is_proc || is_sysfs || strcmp(p->cleaned, "/proc") == 0 ||
			      strcmp(p->cleaned, "/sys") == 0;
	op->is_below_proc = path_is_in(p->cleaned, "/proc");
	op->is_proc_allowed = is_proc || op->kind == MOUNT_REMOUNT;
	for (size_t i = 0; i < ARRAY_SIZE(proc_files); i++) {
		if (strcmp(p->cleaned, proc_files[i]) == 0)
			op->is_proc_allowed = true;
	}
	if (op->is_below_proc && !op->is_proc_allowed && op->kind == MOUNT_FS)
		return err_field(e, EINVAL, POINTER("/mounts/%zu/destination", op->index),
				 "%s on %s cannot be mounted because it is inside /proc", op->type,
				 op->destination);
	return 0;
}

static int prepare_remount(struct prepare *p, struct err *e)
{
	const struct mount_options *o = &p->op->options;

	p->op->kind = MOUNT_REMOUNT;
	/* Nothing but mount(2) changes this flag, and that would set all others anew as well. */
	if (o->is_bind || !((o->superblock_set | o->superblock_clear) & MS_I_VERSION))
		return 0;
	err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP, "iversion cannot be changed by a remount: %s",
		 p->op->destination);
	return err_at(e, POINTER("/mounts/%zu/options", p->op->index));
}

/*
 * What the copy of a source is to the host's mounts before its own words are applied in their
 * order. Without a word it is isolated. It may send to the host only when it and the root are both
 * to be shared, as engines ask for it; else a shared one is a group of its own that follows the
 * host.
 */
static unsigned long choose_ties(const struct mount_options *o, bool is_root_shared)
{
	unsigned long words = 0;

	for (size_t i = 0; i < o->propagation_count; i++)
		words |= o->propagation[i];
	if ((words & MS_SHARED) && is_root_shared)
		return MS_SHARED;
	return words & (MS_SLAVE | MS_SHARED) ? MS_SLAVE : MS_PRIVATE;
}

static int prepare_one(struct prepare *p, struct err *e)
{
	struct mount_op *op = p->op;
	int r = prepare_destination(p, e);

	if (r < 0)
		return r;
	op->words = &p->mount->options;
	op->type = p->mount->type;
	op->fd = op->idmap_fd = op->unlocked_fd = -1;
	op->is_locked = p->ctx->has_user_ns;
	if (mount_options_parse(p->arena, op->words, &op->options) < 0)
		return no_memory(e);
	op->ties = choose_ties(&op->options, p->ctx->is_root_shared);
	r = mounts_prepare_idmap(p->arena, p->config, p->mount, op, e);
	if (r < 0)
		return r;
	if (op->options.is_remount)
		r = prepare_remount(p, e);
	else if (op->options.is_bind || (p->ctx->has_only_binds && is_type(p, "bind")))
		r = prepare_bind(p, e);
	else
		r = prepare_fs(p, e);
	if (r == 0)
		r = mounts_prepare_extras(p->arena, op, e);
	if (r == 0)
		r = mounts_prepare_label(p->arena, p->config, p->ctx, op, e);
	return r < 0 ? r : prepare_proc_rules(p, e);
}

int mounts_prepare(struct arena *a, const struct oci_config *config,
		   const struct mounts_context *ctx, struct mounts *ret, struct err *e)
{
	size_t given = config->mounts.count, count = 0;
	struct mount_op *ops = arena_array(a, 2 * given + 1, sizeof(*ops));

	if (!ops)
		return no_memory(e);
	for (size_t i = 0; i < given; i++) {
		struct prepare p = {
			.arena = a,
			.config = config,
			.ctx = ctx,
			.mount = &config->mounts.items[i],
			.op = &ops[count++],
		};
		int r;

		p.op->index = i;
		r = prepare_one(&p, e);
		if (r == 0 && p.has_own_cgroup)
			r = prepare_own_cgroup(&p, &ops[count++], e);
		if (r < 0 && !err_pass(&ctx->faults, e))
			return r;
	}
	*ret = (struct mounts){ .items = ops,
				.count = count,
				.pid_ns = -1,
				.is_new = ctx->root != NULL,
				.has_neighbours = ctx->has_neighbours };
	return 0;
}

static void describe_one(const struct mount_op *op, const struct describe *d)
{
	static const char *const what[] = {
		[MOUNT_FS] = "", [MOUNT_BIND] = "bind ", [MOUNT_REMOUNT] = "remount "
	};
	char text[256];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < op->words->count && at < sizeof(text); i++) {
		if (mount_option_is_known(op->words->items[i]))
			at += fmt(text + at, sizeof(text) - at, "%s%s", at ? "," : " ",
				  op->words->items[i]);
	}
	describe(d, "%s%s on %s%s%s%s", what[op->kind],
		 op->kind == MOUNT_BIND      ? op->source
		 : op->kind == MOUNT_REMOUNT ? "mount"
					     : op->type,
		 op->destination, text, op->options.data ? " " : "",
		 op->options.data ? op->options.data : "");
}

void mounts_describe(const struct mounts *m, const struct describe *d)
{
	for (size_t i = 0; i < m->count; i++)
		describe_one(&m->items[i], d);
}
