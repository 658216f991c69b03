/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mounts.h: the options of a mount that is there, and what the host has locked of them. No
 * heap: INIT and HOST call it.
 */
#include <fcntl.h>
#include <sys/mount.h>

#include "kernel/mount.h"
#include "kernel/sys.h"
#include "setup/filesystem/mounts_parts.h"

enum {
	LOCKABLE = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC
};

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

void mounts_note_readonly(struct mount_op *op, int fd)
{
	if ((op->options.attr_set | op->options.recursive_set) & MOUNT_ATTR_RDONLY)
		op->keeps_readonly |= (mount_attrs(fd) & MOUNT_ATTR_RDONLY) != 0;
}

/*
 * A bind is a copy with the flags of its source. Where config.json names one flag it names all of
 * them, as `mount --bind -o` and runc have it: nosuid alone takes ro off. The atime modes and
 * nodiratime are such a set of their own; atime and the like, which name none, leave it. In a user
 * namespace the kernel locks what a mount had outside; what nobody named is kept then of what can
 * be locked (nosymfollow never is), and what was asked for in vain is an error.
 */
static int set_all_flags(const struct mount_options *o, int fd)
{
	uint64_t flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			 MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
	uint64_t clear = o->attr_clear, unnamed;
	int r;

	if (o->is_atime_given)
		flags |= MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
	else
		clear &= ~(uint64_t)(MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME);
	unnamed = flags & ~o->attr_set;
	r = mount_set_attrs(fd, o->attr_set, clear | unnamed, false);
	if (r == -EPERM)
		r = mount_set_attrs(fd, o->attr_set, clear | (unnamed & ~LOCKABLE), false);
	return r;
}

/*
 * The copy that HOST makes with its rights knows no locks. They hold nevertheless, as in a mount
 * namespace that the user namespace owns: else a container's bind would lose the host's nosuid or
 * ro by what it does not say. A file system that is read-only itself (no mount's flag) changes
 * nothing; where the mount is so too its flag cannot be seen on the copy, and is asked for.
 */
static int keep_locked(const struct mount_op *op, int fd, uint64_t before, unsigned long atime)
{
	const struct mount_options *o = &op->options;
	uint64_t after = mount_attrs(fd), clear = o->attr_clear | o->recursive_clear;
	uint64_t lost = before & ~after & LOCKABLE;
	int flags = o->extras & MOUNT_SOURCE_NOFOLLOW ? O_NOFOLLOW : 0;

	if ((lost & clear) || mount_atime(fd) != atime)
		return -EPERM;
	if ((before & after & clear & MOUNT_ATTR_RDONLY) &&
	    mount_is_marked_readonly(op->source, flags) > 0)
		return -EPERM;
	return lost ? mount_set_attrs(fd, lost, 0, false) : 0;
}

int mounts_settle_options(const struct mount_op *op, int fd, struct err *e)
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
		r = keep_locked(op, fd, before, atime);
	return r == 0 ? 0 : tell_locked(op, r, is_locked ? before : mount_attrs(fd), e);
}
