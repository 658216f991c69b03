/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Mounts by file descriptor: made detached, given their attributes, then attached to an O_PATH fd
 * (C2). What a mount is for, and where, is not known here. MOUNT_ATTR_* and MS_* are the kernel's.
 * Nothing here allocates; each call returns -errno.
 */
#ifndef DAVIT_KERNEL_MOUNT_H
#define DAVIT_KERNEL_MOUNT_H

#include "base/util.h"

enum {
	MOUNT_MESSAGE_SIZE = 160
};

struct mount_fs {
	const char *type;
	const char *source; /* NULL: the type's name */
	const char *data;   /* "key=value,flag,..." or NULL */
	/* MS_RDONLY, MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME, MS_SILENT, MS_I_VERSION
	 */
	unsigned long superblock, superblock_clear;
	uint64_t attrs; /* MOUNT_ATTR_* */
};

/*
 * A detached copy of the mount at @path (of @dirfd itself when @path is ""). @flags: AT_RECURSIVE
 * for what is mounted below it too, AT_SYMLINK_NOFOLLOW for a link itself. @attrs: MOUNT_ATTR_* to
 * set on the copy. -EINVAL: that mount is unbindable, or not in the caller's mount namespace;
 * -EPERM without CAP_SYS_ADMIN over that namespace.
 *
 * This is the one way to a copy, because it is born a peer of what it was copied from: whoever
 * mounts on it inside would mount on the host (C17). @propagation: MS_SLAVE where later mounts of
 * the host shall appear in it; MS_SHARED where config.json asks that it stays a peer; everything
 * else makes it private.
 */
int mount_clone(int dirfd, const char *path, unsigned flags, unsigned long propagation,
		uint64_t attrs);

/* Linux 7.0: a mount namespace may be made of a tree. */
bool mount_can_make_namespace(void);
/* A new mount namespace with nothing in it but a copy of the tree @fd, which mount_clone() has
 * made: its mounts are whose peers those of @fd are (C17). Owned by the caller's user namespace. */
int mount_make_namespace(int fd);

/*
 * A detached mount of a new file system. On error @message holds what the kernel said, or "".
 * @scratch: a directory of the caller's mount namespace that is covered for a moment where
 * mount(2) has to be used; a process alone in that namespace may do so.
 */
int mount_open_fs(const struct mount_fs *fs, int scratch, char message[static MOUNT_MESSAGE_SIZE]);
/* Whether the file system knows its options and their values, without making one. -ENODEV: there is
 * no such type. Also 0 where that is not seen before one is made. */
int mount_try_options(const struct mount_fs *fs, char message[static MOUNT_MESSAGE_SIZE]);

/* Changes the superblock below the mount @fd; fs->attrs, type and source do not matter. */
int mount_reconfigure(int fd, const struct mount_fs *fs, char message[static MOUNT_MESSAGE_SIZE]);

/*
 * Locks the detached mounts @fds[@count], each with what is mounted below it, for every user
 * namespace but the caller's: root of one can neither clear the flags that they have now, nor take
 * off what covers something (mount_namespaces(7)). The descriptors are locked copies afterwards,
 * with the same numbers; after an error they are good for nothing.
 */
int mount_lock(const int *fds, size_t count);

/* @set and @clear: MOUNT_ATTR_*; setting one of the atime modes clears the others. */
int mount_set_attrs(int fd, uint64_t set, uint64_t clear, bool is_recursive);

/* Maps the ids of a detached mount as the user namespace @userns_fd maps its own (Linux 5.12). */
int mount_set_idmap(int fd, int userns_fd, bool is_recursive);

/* A new mount namespace for the caller, private, with the detached mount @tree over its root, as
 * the working directory. What is below it goes by pivot_root(2). */
int mount_enter_alone(int tree);

/* @flags: one of MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE, perhaps with MS_REC. */
int mount_set_propagation(int fd, unsigned long flags);

/* Attaches the detached mount, or moves the mount, @fd to what the O_PATH fd @target names. */
int mount_attach(int fd, int target);

/*
 * Takes the topmost mount on @name of the directory @parent away, and what is mounted on it. A link
 * is not followed; -EINVAL: nothing is mounted there. Changes the current directory: for a process
 * that is in that mount namespace for this alone.
 */
int mount_detach_name(int parent, const char *name);

/*
 * The same for a process of the host's, which keeps its current directory: through the caller's
 * /proc. Where nobody can have mounted but who is trusted.
 */
int mount_detach_at(int dirfd, const char *name);

/* The id of the mount that @fd is on, to be recorded: one that no later mount gets, where the
 * kernel has such (Linux 6.8). */
int mount_unique_id(int fd, uint64_t *ret);
/* Whether the mount that the host's @path is on is read-only by a flag of its own, whatever its
 * file system is. @flags: O_NOFOLLOW or 0. -ENOSYS before Linux 6.8. */
int mount_is_marked_readonly(const char *path, int flags);

/* 1 when @fd is the root of its mount. */
int mount_is_root(int fd);

/* What a descriptor names: a file on a mount. */
struct mount_file {
	uint64_t mount_id, inode;
	bool is_dir;
	bool is_root;       /* of its mount */
	bool may_be_procfs; /* the file system has no device; mount_has_magic() knows */
};

int mount_look(int fd, struct mount_file *ret);
bool mount_file_is_same(const struct mount_file *a, const struct mount_file *b);

/* 1 when both name the same file on the same mount. */
int mount_is_same(int fd, int other);

enum {
	MOUNT_TYPE_SIZE = 32
};

/* What kind of file system @fd is on, for a message: a name, or the magic number. */
void mount_type_name(int fd, char ret[static MOUNT_TYPE_SIZE]);

/* MOUNT_ATTR_* that the mount of @fd has, but for the atime modes; 0 when it cannot be told. */
uint64_t mount_attrs(int fd);
/* Those of ST_NOATIME, ST_RELATIME and ST_NODIRATIME that the mount of @fd has. */
unsigned long mount_atime(int fd);
/* "ro, nosuid, ..." for @attrs. */
void mount_attr_names(uint64_t attrs, char *ret, size_t size);

/* 1 when @fd is on a file system with this magic number (PROC_SUPER_MAGIC, ...). */
int mount_has_magic(int fd, long magic);

#endif
