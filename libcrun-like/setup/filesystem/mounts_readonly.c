/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mounts_readonly.h. Which mount it is that refused cannot be told from the path, where links
 * may lead anywhere, so all that config.json has made read-only are opened; only what fails as
 * read-only comes here. Never opened is what was read-only before us, or shows what the host uses;
 * and a folder of the host only for what config.json itself puts below it: a link of the image must
 * not make anything in a read-only volume.
 */
#include "setup/filesystem/mounts_readonly.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>

#include "base/path.h"
#include "kernel/mount.h"
#include "kernel/rootpath.h"
#include "kernel/sys.h"

/* The superblock was made by this mount and is nobody else's. */
static bool has_own_superblock(const struct mount_op *op, int fd)
{
	if (op->kind == MOUNT_REMOUNT)
		return mount_has_magic(fd, TMPFS_MAGIC) > 0;
	return strcmp(op->type, "tmpfs") == 0 || strcmp(op->type, "overlay") == 0;
}

/* "ro" was given to the superblock too, not to the mount alone. */
static bool has_readonly_superblock(const struct mount_op *op)
{
	return op->kind != MOUNT_BIND && !op->options.is_bind &&
	       (op->options.superblock_set & MS_RDONLY);
}

/* The mount of @op, when its place shows it, and it is read-only by @op. */
static int open_mount(const struct mount_op *op, int rootfd)
{
	uint64_t asked = op->options.attr_set | op->options.recursive_set;
	_cleanup_fd_ int fd = -1;
	struct mount_file at;

	if (!(asked & MOUNT_ATTR_RDONLY) || op->keeps_readonly || !op->mount_id)
		return -1;
	fd = rootpath_open(rootfd, op->destination, O_PATH);
	if (fd < 0 || mount_look(fd, &at) < 0 || at.mount_id != op->mount_id)
		return -1;
	return mount_attrs(fd) & MOUNT_ATTR_RDONLY ? take_fd(&fd) : -1;
}

static bool is_of_host(const struct mount_op *op, int fd)
{
	return op->kind == MOUNT_BIND ||
	       (op->kind == MOUNT_REMOUNT && mount_has_magic(fd, TMPFS_MAGIC) <= 0);
}

static bool unlock_one(struct mount_op *op, int rootfd, const char *place)
{
	const struct mount_fs fs = { .superblock_clear = MS_RDONLY };
	_cleanup_fd_ int fd = open_mount(op, rootfd);
	char message[MOUNT_MESSAGE_SIZE];

	if (fd < 0)
		return false;
	if (is_of_host(op, fd) && !path_is_below(place, op->destination))
		return false;
	if (has_readonly_superblock(op) &&
	    (!has_own_superblock(op, fd) || mount_reconfigure(fd, &fs, message) < 0))
		return false;
	/* Should this fail, the other half has to be taken back as well. */
	(void)!mount_set_attrs(fd, 0, MOUNT_ATTR_RDONLY, false);
	op->unlocked_fd = take_fd(&fd);
	return true;
}

static int lock_one(struct mount_op *op)
{
	const struct mount_fs fs = { .superblock = MS_RDONLY };
	_cleanup_fd_ int fd = take_fd(&op->unlocked_fd);
	char message[MOUNT_MESSAGE_SIZE];
	int r = mount_set_attrs(fd, MOUNT_ATTR_RDONLY, 0, false);

	if (r == 0 && has_readonly_superblock(op))
		r = mount_reconfigure(fd, &fs, message);
	return r;
}

static size_t unlock_all(struct mounts *m, int rootfd, const char *place)
{
	size_t count = 0;

	for (size_t i = 0; i < m->count; i++)
		count += unlock_one(&m->items[i], rootfd, place);
	return count;
}

static int lock_all(struct mounts *m, bool is_held, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < m->count; i++) {
		struct mount_op *op = &m->items[i];
		bool is_due = op->unlocked_fd >= 0 && op->is_held == is_held;
		int one = is_due ? lock_one(op) : 0;

		if (one == 0 || r < 0)
			continue;
		r = err_set(e, -one, "make the mount on %s read-only", op->destination);
		err_at(e, POINTER("/mounts/%zu", op->index));
	}
	return r;
}

int mounts_do_writable(struct mounts *m, int rootfd, const char *place, mounts_work work, void *arg,
		       struct err *e)
{
	int r = work(arg, e), locked;

	if (r != -EROFS || m->has_neighbours || unlock_all(m, rootfd, place) == 0)
		return r;
	*e = (struct err){ 0 };
	r = work(arg, e);
	locked = lock_all(m, false, e);
	return r < 0 ? r : locked;
}

void mounts_hold_writable(struct mounts *m, int rootfd)
{
	for (size_t i = 0; i < m->count && !m->has_neighbours; i++) {
		struct mount_op *op = &m->items[i];

		if (op->kind == MOUNT_FS && strcmp(op->type, "tmpfs") == 0)
			op->is_held = unlock_one(op, rootfd, "");
	}
}

int mounts_release(struct mounts *m, struct err *e)
{
	return lock_all(m, true, e);
}
