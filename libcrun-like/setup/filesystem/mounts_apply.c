/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mounts.h: the prepared mounts are made and attached. The place of a mount is found by
 * kernel/rootpath when its turn comes, since an earlier mount may be what it lies in, and looked
 * up again afterwards: a container that shares a volume may be exchanging directories meanwhile
 * (C3, CVE-2021-30465). No heap: this is INIT.
 */
#include <fcntl.h>
#include <linux/magic.h>
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
#include "setup/filesystem/mounts_readonly.h"

enum {
	LOCKABLE = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	SOURCES_MAX = 128 /* open at a time, where one after the other will not do */
};

static const char *what_of(const struct mount_op *op)
{
	return op->kind == MOUNT_BIND ? op->source : op->type;
}

/* Which option it was: one that was to be cleared, and that the mount had (@before). */
static int tell_locked(const struct mount_op *op, int r, uint64_t before, struct err *e)
{
	uint64_t clear = op->options.attr_clear | op->options.recursive_clear;
	uint64_t locked = clear & before & LOCKABLE;
	char names[64] = "";

	mount_attr_names(locked, names, sizeof(names));
	err_set(e, -r, "set the options of the mount on %s", op->destination);
	if (r != -EPERM || !(clear || op->options.is_atime_given))
		return r;
	if (locked)
		return err_hint(e,
				"%s: locked by the host, and cannot be cleared in a user namespace",
				names);
	return err_hint(e, "%s is locked by the host, and cannot be %s in a user namespace",
			op->options.is_atime_given ? "the atime mode"
						   : "an option of a mount below it",
			op->options.is_atime_given ? "changed" : "cleared");
}

/* Before the options are set: what is read-only already is not by us. */
static void note_readonly(struct mount_op *op, int fd)
{
	if ((op->options.attr_set | op->options.recursive_set) & MOUNT_ATTR_RDONLY)
		op->keeps_readonly |= (mount_attrs(fd) & MOUNT_ATTR_RDONLY) != 0;
}

/*
 * A bind is a copy with the flags of its source. Where config.json names one flag it names all of
 * them, as `mount --bind -o` and runc have it: nosuid alone takes ro off. The atime modes and
 * nodiratime are such a set of their own; atime and the like, which name none, leave it. In a user
 * namespace the kernel locks what a mount had outside; what nobody named is kept then, and what was
 * asked for in vain is an error.
 */
static int set_all_flags(const struct mount_options *o, int fd)
{
	uint64_t flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			 MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
	uint64_t clear = o->attr_clear;
	int r;

	if (o->is_atime_given)
		flags |= MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
	else
		clear &= ~(uint64_t)(MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME);
	r = mount_set_attrs(fd, o->attr_set, clear | (flags & ~o->attr_set), false);
	return r == -EPERM ? mount_set_attrs(fd, o->attr_set, clear, false) : r;
}

/*
 * The copy that HOST makes with its rights knows no locks. They hold nevertheless, as in a mount
 * namespace that the user namespace owns: else a container's bind would lose the host's nosuid or
 * ro by what it does not say. A file system that is read-only itself (no mount's flag) changes
 * nothing.
 */
static int keep_locked(const struct mount_options *o, int fd, uint64_t before, unsigned long atime)
{
	uint64_t lost = before & ~mount_attrs(fd) & LOCKABLE;

	if ((lost & (o->attr_clear | o->recursive_clear)) || mount_atime(fd) != atime)
		return -EPERM;
	return lost ? mount_set_attrs(fd, lost, 0, false) : 0;
}

static int settle_options(const struct mount_op *op, int fd, struct err *e)
{
	const struct mount_options *o = &op->options;
	bool is_named = o->attr_set | o->attr_clear | o->superblock_set | o->superblock_clear;
	bool is_recursive = o->recursive_set | o->recursive_clear;
	bool is_locked = op->is_locked && !op->inside && (is_named || is_recursive);
	uint64_t before = is_locked ? mount_attrs(fd) : 0;
	unsigned long atime = is_locked ? mount_atime(fd) : 0;
	int r = 0;

	if (is_named && op->kind == MOUNT_BIND)
		r = set_all_flags(o, fd);
	else if (is_named)
		r = mount_set_attrs(fd, o->attr_set, o->attr_clear, false);
	if (r == 0 && is_recursive)
		r = mount_set_attrs(fd, o->recursive_set, o->recursive_clear, true);
	if (r == 0 && is_locked)
		r = keep_locked(o, fd, before, atime);
	return r == 0 ? 0 : tell_locked(op, r, is_locked ? before : mount_attrs(fd), e);
}

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
	note_readonly(op, fd);
	r = settle_options(op, fd, e);
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

/* By making its mount point below that source. */
static bool may_be_made(const struct mounts *m, const struct mount_op *op)
{
	for (const struct mount_op *earlier = m->items; earlier < op && m->is_new; earlier++) {
		size_t len = earlier->kind == MOUNT_BIND ? strlen(earlier->source) : 0;

		if (len && strncmp(op->source, earlier->source, len) == 0 && op->source[len] == '/')
			return true;
	}
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

/* Of what earlier mounts have made in the container's root. */
static int clone_inside(const struct mount_op *op, int rootfd)
{
	_cleanup_fd_ int fd = rootpath_open(rootfd, op->inside, O_PATH);

	return fd < 0 ? fd
		      : mount_clone(fd, "", op->options.is_recursive ? AT_RECURSIVE : 0, op->ties,
				    0);
}

static int open_bind(const struct mounts *m, struct mount_op *op, int rootfd, struct err *e)
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

/* The host's instance in place of a new one. What restricts it must hold below it as well: the
 * host's cgroups are below its /sys (CVE-2023-25809). */
static int open_fallback(struct mount_op *op)
{
	uint64_t set = op->options.attr_set | op->options.recursive_set;

	op->keeps_readonly = true;
	return mount_clone(AT_FDCWD, op->fallback, AT_RECURSIVE, MS_PRIVATE,
			   set & ~(uint64_t)MOUNT_ATTR__ATIME);
}

/* What a new file system gets once its content is there. */
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

static int tell_fs(const struct mount_op *op, int code, const char *message, struct err *e)
{
	err_set(e, code, "mount %s on %s%s%s", op->type, op->destination, message[0] ? ": " : "",
		message);
	/* In a user namespace a new procfs would uncover what the one at hand hides. */
	if (code == EPERM && strcmp(op->type, "proc") == 0)
		err_hint(e, "parts of davit's own /proc are covered: give it a whole one "
			    "(--security-opt systempaths=unconfined; Podman: unmask=ALL), or leave "
			    "the pid namespace out");
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

struct root {
	int fd;
	struct mount_file file;
};

/* The destination, or a new directory there, when it is one itself and no link (T05). */
static int open_ordinary_dir(int rootfd, const char *destination)
{
	_cleanup_fd_ int parent = -1, fd = -ENOENT;
	struct stat st;
	char name[256];
	int made;

	/* The usual case in one call. A link before "/." would be followed. */
	if (strrchr(destination, '/')[1] != '.')
		fd = rootpath_open_nofollow(rootfd, destination, O_PATH | O_DIRECTORY);
	if (fd != -ENOENT)
		return take_fd(&fd);
	parent = rootpath_parent(rootfd, destination, name);
	if (parent < 0)
		return parent;
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		made = rootpath_mkdirs(parent, name, 0755);
		if (made < 0)
			return made;
		close_fdp(&made);
		fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return neg_errno();
	return S_ISDIR(st.st_mode) ? take_fd(&fd) : -ENOTDIR;
}

/* A link at the end of the destination is itself what is covered. */
static int open_link_or_target(const struct mount_op *op, bool is_dir, int rootfd)
{
	_cleanup_fd_ int target = rootpath_open_nofollow(rootfd, op->destination, O_PATH);
	struct stat st;

	if (target == -ENOENT)
		return rootpath_make_target(rootfd, op->destination, is_dir);
	if (target < 0 || fstat(target, &st) < 0)
		return target < 0 ? target : neg_errno();
	if (is_dir != (S_ISDIR(st.st_mode) != 0))
		return is_dir ? -ENOTDIR : -EISDIR;
	return take_fd(&target);
}

/*
 * A file and a directory cannot cover each other: ENOTDIR either way, as mount(2) has it, since
 * engines take a status from the words and add a hint of their own to them. Who calls davit
 * without one gets the same hint here.
 */
static int tell_clash(const struct mount_op *op, bool is_dir, struct err *e)
{
	err_set(e, ENOTDIR, "mount %s on %s: %s", what_of(op), op->destination,
		is_dir ? "a directory on a file" : "a file on a directory");
	return err_hint(e, "are you trying to mount a directory onto a file (or vice-versa)? Check "
			   "if the specified host path exists and is the expected type");
}

/* Or else a file is on the way to the destination. */
static bool is_file(const struct mount_op *op, int rootfd)
{
	_cleanup_fd_ int fd = rootpath_open(rootfd, op->destination, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode);
}

static int open_target(const struct mount_op *op, bool is_dir, int rootfd, struct err *e)
{
	int target;

	if (op->is_ordinary_dir) {
		target = open_ordinary_dir(rootfd, op->destination);
		if (target == -ENOTDIR)
			return err_set(e, ENOTDIR,
				       "mount %s on %s: must be mounted on ordinary directory",
				       what_of(op), op->destination);
	} else if (op->options.extras & MOUNT_DEST_NOFOLLOW) {
		target = open_link_or_target(op, is_dir, rootfd);
	} else {
		target = rootpath_make_target(rootfd, op->destination, is_dir);
	}
	if (target == -EISDIR || (target == -ENOTDIR && is_dir && is_file(op, rootfd)))
		return tell_clash(op, is_dir, e);
	if (target < 0)
		return err_set(e, -target, "make the mount point %s", op->destination);
	return target;
}

/* Links may have led to the root, or into a procfs, where the text of the path did not. */
static int check_target(const struct mount_op *op, int fd, int target, const struct root *root,
			struct err *e)
{
	struct mount_file at = { 0 };
	int r = mount_look(target, &at), is_in_proc = 0, is_proc = 0;

	if (r == 0 && !op->is_proc_allowed)
		is_in_proc = op->is_below_proc;
	if (r == 0 && !op->is_proc_allowed && !is_in_proc && at.may_be_procfs)
		is_in_proc = mount_has_magic(target, PROC_SUPER_MAGIC);
	if (is_in_proc > 0)
		is_proc = mount_has_magic(fd, PROC_SUPER_MAGIC);
	if (r == 0)
		r = is_in_proc < 0 ? is_in_proc : is_proc < 0 ? is_proc : 0;
	if (r < 0)
		return err_set(e, -r, "stat the mount point %s", op->destination);
	if (mount_file_is_same(&at, &root->file))
		return err_set(e, EINVAL, "mount %s on %s: it leads to the root itself",
			       what_of(op), op->destination);
	if (is_in_proc && !is_proc)
		return err_set(e, EINVAL,
			       "mount %s on %s: cannot be mounted because it is inside /proc",
			       what_of(op), op->destination);
	return 0;
}

/* C3: what the destination names now is what was attached to it. */
static int verify(const struct mount_op *op, const struct mount_file *own, int rootfd,
		  struct err *e)
{
	/* A link that was mounted would be followed. */
	bool is_last = op->is_ordinary_dir ||
		       (op->options.extras & (MOUNT_SOURCE_NOFOLLOW | MOUNT_DEST_NOFOLLOW));
	_cleanup_fd_ int now = is_last ? rootpath_open_nofollow(rootfd, op->destination, O_PATH)
				       : rootpath_open(rootfd, op->destination, O_PATH);
	struct mount_file at;
	int r = now < 0 ? now : mount_look(now, &at);

	if (r < 0)
		return err_set(e, -r, "look again at the mount on %s", op->destination);
	if (!mount_file_is_same(&at, own))
		return err_set(e, EBUSY, "mount %s on %s: something else stands there now",
			       what_of(op), op->destination);
	return 0;
}

static bool is_missing(const struct mount_op *op, int rootfd)
{
	_cleanup_fd_ int fd = rootpath_open(rootfd, op->destination, O_PATH);

	return fd == -ENOENT;
}

static int place(struct mount_op *op, int fd, const struct root *root, struct err *e)
{
	_cleanup_fd_ int target = -1;
	struct mount_file own;
	int r = mount_look(fd, &own);
	bool is_new;

	if (r < 0)
		return err_set(e, -r, "stat the mount for %s", op->destination);
	is_new = op->is_filled && is_missing(op, root->fd);
	target = open_target(op, own.is_dir, root->fd, e);
	if (target < 0)
		return target;
	if (check_target(op, fd, target, root, e) < 0 ||
	    (op->is_filled && fill_fs(op, fd, target, is_new, e) < 0))
		return -e->code;
	r = mount_attach(fd, target);
	if (r < 0)
		return err_set(e, -r, "mount %s on %s", what_of(op), op->destination);
	for (size_t i = 0; i < op->options.propagation_count && r == 0; i++)
		r = mount_set_propagation(fd, op->options.propagation[i]);
	if (r < 0)
		return err_set(e, -r, "set the propagation of the mount on %s", op->destination);
	op->mount_id = own.mount_id;
	return verify(op, &own, root->fd, e);
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
	note_readonly(op, fd);
	if (!o->is_bind && (fs.superblock || fs.superblock_clear || fs.data))
		r = mount_reconfigure(fd, &fs, message);
	if (r < 0)
		return err_set(e, -r, "remount %s%s%s", op->destination, message[0] ? ": " : "",
			       message);
	op->mount_id = at.mount_id;
	if (settle_options(op, fd, e) < 0)
		return -e->code;
	for (size_t i = 0; i < o->propagation_count && r == 0; i++)
		r = mount_set_propagation(fd, o->propagation[i]);
	return r < 0 ? err_set(e, -r, "set the propagation of the mount on %s", op->destination)
		     : 0;
}

static int apply_one(const struct mounts *m, struct mount_op *op, const struct root *root,
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
	fd = op->kind == MOUNT_BIND ? open_bind(m, op, root->fd, e) : open_fs(m, op, root->fd, e);
	return fd < 0 ? fd : place(op, fd, root, e);
}

struct work {
	const struct mounts *mounts;
	struct mount_op *op;
	const struct root *root;
};

static int do_work(void *arg, struct err *e)
{
	const struct work *w = arg;

	return apply_one(w->mounts, w->op, w->root, e);
}

int mounts_apply(struct mounts *m, int rootfd, struct err *e)
{
	struct root root = { .fd = rootfd };
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
