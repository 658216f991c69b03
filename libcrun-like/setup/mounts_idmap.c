/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mounts_idmap.h. Mounts with the same maps share one user namespace: engines give each bind
 * mount of a container the container's maps.
 */
#include "setup/mounts_idmap.h"

#include <fcntl.h>
#include <string.h>

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

int mounts_prepare_idmap(struct arena *a, const struct oci_config *config,
			 const struct oci_mount *m, struct mount_op *op, struct err *e)
{
	const struct oci_linux *l = config->linux_config;
	const struct oci_id_mappings *uids = &m->uid_mappings, *gids = &m->gid_mappings;
	size_t i = op->index;

	if (!uids->count != !gids->count)
		return err_field(e, EINVAL, POINTER("/mounts/%zu", i),
				 "uidMappings and gidMappings of a mount need each other");
	if (!uids->count && !op->options.is_idmapped)
		return 0;
	if (!uids->count && l) {
		uids = &l->uid_mappings;
		gids = &l->gid_mappings;
	}
	if (!uids->count || !gids->count)
		return err_field(
			e, EINVAL, POINTER("/mounts/%zu/options", i),
			"the mount on %s is to be id-mapped, and neither it nor the container "
			"has id mappings",
			op->destination);
	if (op->options.is_remount)
		return err_field(e, EINVAL, POINTER("/mounts/%zu", i),
				 "a remount cannot be id-mapped: %s", op->destination);
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

/* Of an earlier mount with the same maps, or a new one. */
static int open_one(const struct mounts *m, size_t i)
{
	const struct mount_idmap *map = &m->items[i].idmap;

	for (size_t k = 0; k < i; k++) {
		const struct mount_op *other = &m->items[k];
		int fd;

		if (other->idmap_fd < 0 || !is_same_map(map, &other->idmap))
			continue;
		fd = fcntl(other->idmap_fd, F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? neg_errno() : fd;
	}
	return idmap_open_namespace(map->uids, map->uid_count, map->gids, map->gid_count);
}

bool mounts_have_idmaps(const struct mounts *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].idmap.uid_count)
			return true;
	return false;
}

int mounts_open_idmaps(struct mounts *m, struct err *e)
{
	for (size_t i = 0; i < m->count; i++) {
		struct mount_op *op = &m->items[i];
		int fd;

		if (!op->idmap.uid_count || op->idmap_fd >= 0)
			continue;
		fd = open_one(m, i);
		if (fd < 0) {
			err_set(e, -fd, "make the id map of the mount on %s", op->destination);
			return err_at(e, POINTER("/mounts/%zu/uidMappings", op->index));
		}
		op->idmap_fd = fd;
	}
	return 0;
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
		err_hint(e, "its file system may not support id-mapped mounts");
	else if (r == -EPERM)
		err_hint(e, "it may be id-mapped already, or belong to another user namespace");
	return r;
}
