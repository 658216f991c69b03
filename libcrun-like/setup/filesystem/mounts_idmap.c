/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mounts_idmap.h. Mounts with the same maps share one user namespace: engines give each bind
 * mount of a container the container's maps.
 */
#include "setup/filesystem/mounts_idmap.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>

#include "kernel/mount.h"
#include "kernel/namespace.h"

static struct idmap_line *copy_map(struct arena *a, const struct oci_id_mappings *from)
{
	struct idmap_line *lines = arena_array(a, from->count, sizeof(*lines));

	for (size_t i = 0; lines && i < from->count; i++)
		lines[i] = (struct idmap_line){ from->items[i].container_id, from->items[i].host_id,
						from->items[i].size };
	return lines;
}

/* The maps of one sort of id within "idmap=uids=...;gids=...". */
struct words {
	const struct oci_id_mappings *container;
	struct idmap_line *lines;
	size_t count;
};

/* Whole digits of @*at up to @end, which is a separator. */
static int take_number(const char **at, char end, uint32_t *ret)
{
	uint64_t n = 0;
	const char *s = *at;

	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (uint64_t)(*s - '0');
		if (n > UINT32_MAX)
			return -ERANGE;
	}
	if (s == *at || (end && *s != end))
		return -EINVAL;
	*at = s + (end != '\0');
	*ret = (uint32_t)n;
	return 0;
}

static int add_line(struct words *w, uint32_t inside, uint32_t outside, uint32_t count)
{
	if (w->count == IDMAP_LINES_MAX)
		return -E2BIG;
	w->lines[w->count++] = (struct idmap_line){ inside, outside, count };
	return 0;
}

/* An id of the container stands for the host's; a range may lie in several maps of it. */
static int add_relative(struct words *w, struct idmap_line line)
{
	while (line.count) {
		const struct oci_id_mapping *m = NULL;
		uint32_t count = line.count;
		int r;

		for (size_t i = 0; i < w->container->count && !m; i++) {
			const struct oci_id_mapping *k = &w->container->items[i];

			if (line.outside >= k->container_id &&
			    line.outside - k->container_id < k->size)
				m = k;
		}
		if (!m)
			return -ENOENT;
		if (count > m->size - (line.outside - m->container_id))
			count = m->size - (line.outside - m->container_id);
		r = add_line(w, line.inside, m->host_id + (line.outside - m->container_id), count);
		if (r < 0)
			return r;
		line.inside += count;
		line.outside += count;
		line.count -= count;
	}
	return 0;
}

/* "0-1000-10#@10-0-5" up to ";" or the end. */
static int take_lines(struct words *w, const char **at)
{
	struct idmap_line line;
	bool is_relative;
	int r;

	do {
		is_relative = **at == '@';
		*at += is_relative;
		r = take_number(at, '-', &line.inside);
		if (r == 0)
			r = take_number(at, '-', &line.outside);
		if (r == 0)
			r = take_number(at, '\0', &line.count);
		if (r == 0 && !line.count)
			r = -EINVAL;
		if (r == 0)
			r = is_relative ? add_relative(w, line)
					: add_line(w, line.inside, line.outside, line.count);
		if (r < 0)
			return r;
	} while (*(*at) == '#' && (*at)++);
	return 0;
}

static int take_maps(struct words *uids, struct words *gids, const char *s)
{
	while (*s) {
		struct words *w = strncmp(s, "uids=", 5) == 0   ? uids
				  : strncmp(s, "gids=", 5) == 0 ? gids
								: NULL;
		int r;

		if (!w || w->count)
			return -EINVAL;
		s += 5;
		r = take_lines(w, &s);
		if (r < 0)
			return r;
		if (*s && *s++ != ';')
			return -EINVAL;
	}
	return uids->count && gids->count ? 0 : -EINVAL;
}

/* crun's option: its maps name ids of the host, or, behind "@", of the container. */
static int prepare_words(struct arena *a, const struct oci_linux *l, struct mount_op *op,
			 struct err *e)
{
	static const struct oci_id_mappings none;
	struct words uids = { .container = l ? &l->uid_mappings : &none };
	struct words gids = { .container = l ? &l->gid_mappings : &none };
	const char *pointer = POINTER("/mounts/%zu/options", op->index);
	int r;

	uids.lines = arena_array(a, IDMAP_LINES_MAX, sizeof(*uids.lines));
	gids.lines = arena_array(a, IDMAP_LINES_MAX, sizeof(*gids.lines));
	if (!uids.lines || !gids.lines)
		return err_set(e, ENOMEM, "prepare the mounts");
	r = take_maps(&uids, &gids, op->options.idmap);
	if (r == -ENOENT)
		return err_field(e, EINVAL, pointer,
				 "idmap \"%s\" of the mount on %s: not in the container's id "
				 "mappings",
				 op->options.idmap, op->destination);
	if (r < 0)
		return err_field(
			e, -r, pointer,
			"idmap \"%s\" of the mount on %s: not \"uids=ID-ID-SIZE#...;gids=...\"",
			op->options.idmap, op->destination);
	op->idmap = (struct mount_idmap){ uids.lines, gids.lines, uids.count, gids.count };
	return 0;
}

static const char *joined_user_namespace(const struct oci_config *config)
{
	const struct oci_namespace *n = oci_config_namespace(config, "user");

	return n ? n->path : NULL;
}

static bool is_idmapped(const struct mount_op *op)
{
	return op->idmap.uid_count || op->idmap.path;
}

int mounts_prepare_idmap(struct arena *a, const struct oci_config *config,
			 const struct oci_mount *m, struct mount_op *op, struct err *e)
{
	const struct oci_linux *l = config->linux_config;
	const struct oci_id_mappings *uids = &m->uid_mappings, *gids = &m->gid_mappings;
	size_t i = op->index;

	if (!uids->count && !op->options.is_idmapped)
		return 0;
	if (op->options.is_remount)
		return err_field(e, EINVAL, POINTER("/mounts/%zu", i),
				 "a remount cannot be id-mapped: %s", op->destination);
	if (op->options.idmap && uids->count)
		return err_field(e, EINVAL, POINTER("/mounts/%zu/options", i),
				 "the mount on %s has two sets of id mappings", op->destination);
	if (op->options.idmap)
		return prepare_words(a, l, op, e);
	if (!uids->count && l) {
		uids = &l->uid_mappings;
		gids = &l->gid_mappings;
	}
	if (!uids->count && !gids->count) {
		op->idmap.path = joined_user_namespace(config);
		if (op->idmap.path)
			return 0;
	}
	if (!uids->count || !gids->count)
		return err_field(
			e, EINVAL, POINTER("/mounts/%zu/options", i),
			"the mount on %s is to be id-mapped, and neither it nor the container "
			"has id mappings",
			op->destination);
	op->idmap = (struct mount_idmap){ copy_map(a, uids), copy_map(a, gids), uids->count,
					  gids->count };
	return op->idmap.uids && op->idmap.gids ? 0 : err_set(e, ENOMEM, "prepare the mounts");
}

static bool is_same_map(const struct mount_idmap *a, const struct mount_idmap *b)
{
	return a->uid_count == b->uid_count && a->gid_count == b->gid_count &&
	       memcmp(a->uids, b->uids, a->uid_count * sizeof(*a->uids)) == 0 &&
	       memcmp(a->gids, b->gids, a->gid_count * sizeof(*a->gids)) == 0;
}

static int open_joined(const char *path)
{
	int fd, r = namespace_open(path, CLONE_NEWUSER, &fd);

	return r < 0 ? r : fd;
}

/* The namespace of an earlier mount with the same maps, or a new one. */
static int open_one(const struct mounts *m, size_t i)
{
	const struct mount_idmap *map = &m->items[i].idmap;

	for (size_t k = 0; k < i; k++) {
		const struct mount_op *other = &m->items[k];
		int fd;

		if (other->idmap_fd < 0 || other->idmap.path || !is_same_map(map, &other->idmap))
			continue;
		fd = fcntl(other->idmap_fd, F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? neg_errno() : fd;
	}
	return idmap_open_namespace(map->uids, map->uid_count, map->gids, map->gid_count);
}

bool mounts_have_idmaps(const struct mounts *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (is_idmapped(&m->items[i]))
			return true;
	return false;
}

int mounts_open_idmaps(struct mounts *m, struct err *e)
{
	for (size_t i = 0; i < m->count; i++) {
		struct mount_op *op = &m->items[i];
		int fd;

		if (!is_idmapped(op) || op->idmap_fd >= 0)
			continue;
		fd = op->idmap.path ? open_joined(op->idmap.path) : open_one(m, i);
		if (fd < 0) {
			err_set(e, -fd, "make the id map of the mount on %s", op->destination);
			return err_at(e, POINTER("/mounts/%zu/uidMappings", op->index));
		}
		op->idmap_fd = fd;
	}
	return 0;
}

/* No list of ours says which file system can: that changes with each kernel. */
static void hint_refused(int fd, struct err *e)
{
	struct utsname kernel;
	char type[MOUNT_TYPE_SIZE];

	mount_type_name(fd, type);
	if (uname(&kernel) == 0)
		err_hint(e, "%s has no id-mapped mounts on Linux %.64s", type, kernel.release);
}

int mounts_apply_idmap(const struct mount_op *op, int fd, struct err *e)
{
	int r;

	if (op->idmap_fd < 0)
		return 0;
	r = mount_set_idmap(fd, op->idmap_fd, op->options.is_idmap_recursive);
	if (r == 0)
		return 0;
	err_set(e, -r, "id-map the mount on %s", op->destination);
	if (r == -EINVAL)
		hint_refused(fd, e);
	else if (r == -ENOSYS)
		err_hint(e, "this kernel has no id-mapped mounts");
	else if (r == -EPERM)
		err_hint(
			e,
			"it is id-mapped already, or its file system is not of the host's own user "
			"namespace");
	return r;
}

int mounts_ask_idmap(const struct mounts *m, const struct mount_op *op, int fd, struct err *e)
{
	if (mounts_apply_idmap(op, fd, e) != -EPERM || !m->ask.idmap)
		return -e->code;
	*e = (struct err){ 0 };
	return m->ask.idmap(m->ask.arg, (size_t)(op - m->items), fd, e);
}

int mounts_answer_idmap(const struct mounts *m, size_t i, int fd, struct err *e)
{
	if (i >= m->count || m->items[i].idmap_fd < 0 || fd < 0)
		return err_kind(e, ERR_STATE, EPROTO, "id-map a mount that is to have no id map");
	return mounts_apply_idmap(&m->items[i], fd, e);
}
