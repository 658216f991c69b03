/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mounts.h: the prepared mounts, one after the other: a file system is made, or what is bound
 * is opened (mounts_sources.c); its place is found (mounts_target.c); it is attached there. No
 * heap: this is INIT.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "kernel/mount.h"
#include "kernel/procfs.h"
#include "kernel/rootpath.h"
#include "kernel/sys.h"
#include "setup/filesystem/mounts_extras.h"
#include "setup/filesystem/mounts_idmap.h"
#include "setup/filesystem/mounts_parts.h"
#include "setup/filesystem/mounts_readonly.h"

/* The host's instance in place of a new one. What restricts it must hold below it as well: the
 * host's cgroups are below its /sys (CVE-2023-25809). */
static int open_fallback(struct mount_op *op)
{
	uint64_t set = op->options.attr_set | op->options.recursive_set;

	op->keeps_readonly = true;
	return mount_clone(AT_FDCWD, op->fallback, AT_RECURSIVE, MS_PRIVATE,
			   set & ~(uint64_t)MOUNT_ATTR__ATIME);
}

/* The options that a new file system gets when its content is there. */
static int settle_fs(const struct mount_op *op, int fd, struct err *e)
{
	uint64_t set = op->options.recursive_set, clear = op->options.recursive_clear;
	int r = set | clear ? mount_set_attrs(fd, set, clear, true) : 0;

	if (r < 0)
		return err_set(e, -r, "set the options of the mount on %s", op->destination);
	if (op->label)
		r = mounts_label(op, fd, e);
	return r < 0 ? r : mounts_apply_idmap(op, fd, e);
}

/* Of whose namespace a new file system of @type shows something; NULL: of none. */
static const char *shown_namespace(const char *type)
{
	static const char *const pairs[][2] = { { "mqueue", "ipc" },
						{ "sysfs", "network" },
						{ "cgroup2", "cgroup" } };

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (strcmp(type, pairs[i][0]) == 0)
			return pairs[i][1];
	return NULL;
}

static int tell_fs(const struct mount_op *op, int code, const char *message, struct err *e)
{
	err_set(e, code, "mount %s on %s%s%s", op->type, op->destination, message[0] ? ": " : "",
		message);
	/* In a user namespace a new procfs would uncover what the one at hand hides. */
	if (code == EPERM && strcmp(op->type, "proc") == 0)
		err_hint(e, "parts of davit's own /proc are covered: give it a whole one "
			    "(--security-opt systempaths=unconfined; Podman: unmask=ALL), or leave "
			    "the pid namespace out");
	else if (code == EPERM && shown_namespace(op->type))
		err_hint(e,
			 "it takes a namespace of type %s that belongs to the container's user "
			 "namespace: { \"type\": \"%s\" } in linux.namespaces",
			 shown_namespace(op->type), shown_namespace(op->type));
	return -e->code;
}

/* The mode as an option too: who looks at the options (the peers' tests do) finds it there. What
 * counts is set when the tmpfs is filled, from the mount point that it comes on. */
static const char *add_mode(const struct mount_op *op, int rootfd)
{
	_cleanup_fd_ int fd = rootpath_open(rootfd, op->destination, O_PATH);
	char *data = op->data_with_mode;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return op->options.data;
	fmt(data + strlen(data) - 4, 5, "%04o", (unsigned)(st.st_mode & 07777));
	return data;
}

static int open_fs(const struct mounts *m, struct mount_op *op, int rootfd, struct err *e)
{
	const struct mount_options *o = &op->options;
	struct mount_fs fs = {
		.type = op->type,
		.source = op->source,
		.data = o->data,
		.superblock = o->superblock_set,
		.attrs = o->attr_set,
	};
	char message[MOUNT_MESSAGE_SIZE];
	_cleanup_fd_ int fd = -1;
	int r;

	if (op->is_filled) {
		fs.superblock &= ~(unsigned long)MS_RDONLY;
		fs.attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	}
	if (op->data_with_mode)
		fs.data = add_mode(op, rootfd);
	if (m->pid_ns >= 0 && strcmp(op->type, "proc") == 0)
		fd = procfs_open_of(m->pid_ns, &fs, message);
	else
		fd = mount_open_fs(&fs, rootfd, message);
	if (fd == -EPERM && op->fallback && !m->has_no_host) {
		int other = open_fallback(op);

		if (other >= 0)
			return other;
		if (other != -ENOENT)
			return err_set(e, -other, "bind %s in place of %s on %s", op->fallback,
				       op->type, op->destination);
	}
	if (fd < 0)
		return tell_fs(op, -fd, message, e);
	r = op->is_filled ? 0 : settle_fs(op, fd, e);
	return r < 0 ? r : take_fd(&fd);
}

/* A mount point that was not there has no mode to be taken over: the kernel's own stays, 1777. */
static int fill_fs(const struct mount_op *op, int fd, int target, bool is_new, struct err *e)
{
	int r = is_new ? 0 : mounts_fill(op, fd, target, e);

	if (r == 0)
		r = mounts_make_readonly(op, fd, e);
	return r < 0 ? r : settle_fs(op, fd, e);
}

static bool is_missing(const struct mount_op *op, int rootfd)
{
	_cleanup_fd_ int fd = rootpath_open(rootfd, op->destination, O_PATH);

	return fd == -ENOENT;
}

static int place(struct mount_op *op, int fd, const struct mounts_root *root, struct err *e)
{
	_cleanup_fd_ int target = -1;
	struct mount_file own;
	int r = mount_look(fd, &own);
	bool is_new;

	if (r < 0)
		return err_set(e, -r, "stat the mount for %s", op->destination);
	is_new = op->is_filled && is_missing(op, root->fd);
	target = mounts_open_target(op, own.is_dir, root->fd, e);
	if (target < 0)
		return target;
	if (mounts_check_target(op, fd, target, root, e) < 0 ||
	    (op->is_filled && fill_fs(op, fd, target, is_new, e) < 0))
		return -e->code;
	r = mount_attach(fd, target);
	if (r < 0)
		return err_set(e, -r, "mount %s on %s", mounts_what_of(op), op->destination);
	for (size_t i = 0; i < op->options.propagation_count && r == 0; i++)
		r = mount_set_propagation(fd, op->options.propagation[i]);
	if (r < 0)
		return err_set(e, -r, "set the propagation of the mount on %s", op->destination);
	op->mount_id = own.mount_id;
	return mounts_verify(op, &own, root->fd, e);
}

/* With "bind" for the mount alone, without it for its file system too, as mount(8) has it. */
static int remount(struct mount_op *op, int rootfd, struct err *e)
{
	const struct mount_options *o = &op->options;
	const struct mount_fs fs = { .data = o->data,
				     .superblock = o->superblock_set,
				     .superblock_clear = o->superblock_clear };
	_cleanup_fd_ int fd = rootpath_open(rootfd, op->destination, O_PATH);
	int is_root = fd < 0 ? fd : mount_is_root(fd), r = 0;
	char message[MOUNT_MESSAGE_SIZE] = "";
	struct mount_file at;

	if (is_root > 0 && mount_look(fd, &at) < 0)
		is_root = -EIO;
	if (is_root < 0)
		return err_set(e, -is_root, "open the mount on %s", op->destination);
	if (!is_root)
		return err_set(e, EINVAL, "remount %s: nothing is mounted there", op->destination);
	mounts_note_readonly(op, fd);
	if (!o->is_bind && (fs.superblock || fs.superblock_clear || fs.data))
		r = mount_reconfigure(fd, &fs, message);
	if (r < 0)
		return err_set(e, -r, "remount %s%s%s", op->destination, message[0] ? ": " : "",
			       message);
	op->mount_id = at.mount_id;
	if (mounts_settle_options(op, fd, e) < 0)
		return -e->code;
	for (size_t i = 0; i < o->propagation_count && r == 0; i++)
		r = mount_set_propagation(fd, o->propagation[i]);
	return r < 0 ? err_set(e, -r, "set the propagation of the mount on %s", op->destination)
		     : 0;
}

static int apply_one(const struct mounts *m, struct mount_op *op, const struct mounts_root *root,
		     struct err *e)
{
	_cleanup_fd_ int fd = -1;

	if (op->kind == MOUNT_REMOUNT)
		return remount(op, root->fd, e);
	/* With a descriptor HOST has found that the source is no link. Here the path may be one
	 * of the container's (mounts add), which would choose what it gets. */
	if (op->link_text && op->fd < 0) {
		int r = mounts_read_link(op, e);

		if (r != 0)
			return r < 0 ? r : mounts_make_link(op, root->fd, e);
	}
	fd = op->kind == MOUNT_BIND ? mounts_open_bind(m, op, root->fd, e)
				    : open_fs(m, op, root->fd, e);
	return fd < 0 ? fd : place(op, fd, root, e);
}

struct work {
	const struct mounts *mounts;
	struct mount_op *op;
	const struct mounts_root *root;
};

static int do_work(void *arg, struct err *e)
{
	const struct work *w = arg;

	return apply_one(w->mounts, w->op, w->root, e);
}

int mounts_apply(struct mounts *m, int rootfd, struct err *e)
{
	struct mounts_root root = { .fd = rootfd };
	int r = mount_look(rootfd, &root.file);

	if (r < 0)
		return err_set(e, -r, "stat the container's root");
	for (size_t i = 0; i < m->count; i++) {
		struct work w = { m, &m->items[i], &root };

		if (mounts_do_writable(m, rootfd, w.op->destination, do_work, &w, e) < 0)
			return err_at(e, POINTER("/mounts/%zu", m->items[i].index));
	}
	return 0;
}
