/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mounts.h: what is bound. HOST opens the sources that its own mount namespace has, INIT those
 * that earlier mounts have made; either way a detached clone comes of it, with its options set
 * before anybody can use it. No heap.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "base/path.h"
#include "kernel/mount.h"
#include "kernel/rootpath.h"
#include "setup/filesystem/mounts_extras.h"
#include "setup/filesystem/mounts_idmap.h"
#include "setup/filesystem/mounts_parts.h"

enum {
	SOURCES_MAX = 128 /* open at a time, where one after the other will not do */
};

static int clone_source(const struct mounts *m, const struct mount_op *op)
{
	bool is_link = op->options.extras & MOUNT_SOURCE_NOFOLLOW;

	/* The name would be one of the container's. */
	if (m->has_no_host)
		return -ENOENT;
	return mount_clone(AT_FDCWD, op->source,
			   (op->options.is_recursive ? AT_RECURSIVE : 0) |
				   (is_link ? AT_SYMLINK_NOFOLLOW : 0),
			   op->ties, 0);
}

/* @fd: a clone of the source, or an errno. It gets its options, and is returned. */
static int finish_source(const struct mounts *m, struct mount_op *op, int fd, struct err *e)
{
	int r;

	if (fd < 0)
		return err_set(e, -fd, "open the mount source %s", op->source);
	mounts_note_readonly(op, fd);
	r = mounts_settle_options(op, fd, e);
	return r < 0 ? r : mounts_ask_idmap(m, op, fd, e);
}

/* A detached clone of the source with its options: before it is attached nobody can use it. */
int mounts_open_source(const struct mounts *m, struct mount_op *op, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	int r = op->link_text ? mounts_read_link(op, e) : 0;

	if (r != 0)
		return r < 0 ? r : 0;
	fd = clone_source(m, op);
	if (fd == -EPERM && op->idmap_fd < 0)
		return 0;
	r = finish_source(m, op, fd, e);
	if (r < 0)
		return r;
	op->fd = take_fd(&fd);
	return 0;
}

/* Whether an earlier bind may make the source of @op, because its own mount point is made there. */
static bool may_be_made(const struct mounts *m, const struct mount_op *op)
{
	for (const struct mount_op *earlier = m->items; earlier < op && m->is_new; earlier++)
		if (earlier->kind == MOUNT_BIND && *earlier->source &&
		    path_is_below(op->source, earlier->source))
			return true;
	return false;
}

bool mounts_can_do_without_host(const struct mounts *m)
{
	/* Made of nothing but their options. The source of others may be a path. */
	static const char *const types[] = { "proc",  "sysfs",  "tmpfs",  "devpts",
					     "ramfs", "mqueue", "cgroup2" };
	size_t binds = 0;

	for (size_t i = 0; i < m->count; i++) {
		const struct mount_op *op = &m->items[i];
		size_t type = 0;

		binds += op->kind == MOUNT_BIND;
		if (binds > SOURCES_MAX) /* before each of them is held against all before it */
			return false;
		if (op->link_text || (op->kind == MOUNT_BIND && !op->inside && may_be_made(m, op)))
			return false;
		while (op->kind == MOUNT_FS && type < ARRAY_SIZE(types) &&
		       strcmp(op->type, types[type]) != 0)
			type++;
		if (type == ARRAY_SIZE(types))
			return false;
	}
	return true;
}

int mounts_open_sources(struct mounts *m, struct err *e)
{
	for (size_t i = 0; i < m->count; i++) {
		struct mount_op *op = &m->items[i];

		if (op->kind != MOUNT_BIND || op->fd >= 0 || op->inside ||
		    mounts_open_source(m, op, e) == 0)
			continue;
		if (e->code != ENOENT || !may_be_made(m, op))
			return err_at(e, POINTER("/mounts/%zu", op->index));
		*e = (struct err){ 0 }; /* INIT looks again, in its turn */
	}
	return 0;
}

void mounts_close(struct mounts *m)
{
	for (size_t i = 0; m && i < m->count; i++) {
		close_fdp(&m->items[i].fd);
		close_fdp(&m->items[i].idmap_fd);
	}
}

/* The source is what earlier mounts have made in the container's root. */
static int clone_inside(const struct mount_op *op, int rootfd)
{
	_cleanup_fd_ int fd = rootpath_open(rootfd, op->inside, O_PATH);

	return fd < 0 ? fd
		      : mount_clone(fd, "", op->options.is_recursive ? AT_RECURSIVE : 0, op->ties,
				    0);
}

int mounts_open_bind(const struct mounts *m, struct mount_op *op, int rootfd, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	int r;

	if (op->fd >= 0) {
		fd = fcntl(op->fd, F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? err_set(e, errno, "duplicate a descriptor") : take_fd(&fd);
	}
	fd = op->inside ? clone_inside(op, rootfd) : clone_source(m, op);
	r = finish_source(m, op, fd, e);
	return r < 0 ? r : take_fd(&fd);
}
