/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See tree.h. One level of directories is one call of copy_dir(), which keeps two descriptors;
 * going back up by ".." would trust a tree that others may be moving about. The
 * attributes of a directory come last: its times would change with its content, and a mode
 * without write permission would keep a caller without CAP_DAC_OVERRIDE out.
 */
#include "kernel/tree.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/fmt.h"
#include "base/pages.h"
#include "kernel/entries.h"
#include "kernel/sys.h"

enum {
	LEVELS_MAX = 128,
	ENTRIES_SIZE = 2048,
	BLOCK_SIZE = 65536, /* also the kernel's limit for an attribute and for the list of them */
	OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
};

struct level {
	struct stat dir, entry;
	_Alignas(struct sys_dirent) char entries[ENTRIES_SIZE];
};

struct copy {
	char *name; /* what the error is about */
	unsigned level;
	char list[BLOCK_SIZE];
	char block[BLOCK_SIZE];
	char link[PATH_MAX];
	struct level levels[LEVELS_MAX + 1];
};

static int copy_dir(struct copy *c, int from, int to);

/* The bytes from @at to @end, which hold no hole (or the file system cannot tell). */
static int copy_bytes(struct copy *c, int from, int to, off_t at, off_t end)
{
	while (at < end) {
		size_t want = (size_t)(end - at) < BLOCK_SIZE ? (size_t)(end - at) : BLOCK_SIZE;
		ssize_t n = pread(from, c->block, want, at);

		if (n <= 0)
			return n < 0 ? neg_errno() : 0; /* it has become shorter */
		for (ssize_t done = 0, k; done < n; done += k) {
			k = pwrite(to, c->block + done, (size_t)(n - done), at + done);
			if (k < 0)
				return neg_errno();
		}
		at += n;
	}
	return 0;
}

/* A sparse file may be far larger than the memory that it would take without its holes. */
static int copy_data(struct copy *c, int from, int to, off_t size)
{
	off_t at = 0, end;
	int r;

	while (at < size) {
		at = lseek(from, at, SEEK_DATA);
		end = at < 0 ? -1 : lseek(from, at, SEEK_HOLE);
		if (at < 0 || end < 0) {
			if (errno == ENXIO)
				break;
			return neg_errno();
		}
		if (end > size)
			end = size; /* it has grown; that may go on for ever */
		r = copy_bytes(c, from, to, at, end);
		if (r < 0)
			return r;
		at = end;
	}
	return ftruncate(to, size) < 0 ? neg_errno() : 0;
}

static bool is_xattr_optional(int error)
{
	/* ENODATA: it has been taken away meanwhile. */
	return error == EOPNOTSUPP || error == EPERM || error == ENODATA;
}

static int copy_xattrs(struct copy *c, int from, int to)
{
	ssize_t len = flistxattr(from, c->list, sizeof(c->list)), n;

	if (len < 0)
		return is_xattr_optional(errno) ? 0 : neg_errno();
	for (const char *name = c->list; name < c->list + len; name += strlen(name) + 1) {
		n = fgetxattr(from, name, c->block, sizeof(c->block));
		if (n >= 0 && fsetxattr(to, name, c->block, (size_t)n, 0) == 0)
			continue;
		if (!is_xattr_optional(errno))
			return neg_errno();
	}
	return 0;
}

/* In this order: a change of owner takes the set-id bits and the file capabilities away. */
static int copy_attributes(struct copy *c, int from, int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	int r;

	if (fchown(to, st->st_uid, st->st_gid) < 0)
		return neg_errno();
	r = copy_xattrs(c, from, to);
	if (r < 0)
		return r;
	if (fchmod(to, st->st_mode & 07777) < 0 || futimens(to, times) < 0)
		return neg_errno();
	return 0;
}

/* Kept out of copy_dir(), whose stack frame each level of directories has. */
static __attribute__((noinline)) int copy_file(struct copy *c, int from_dir, int to_dir,
					       const char *name)
{
	/* Should it have become a FIFO or a terminal since it was looked at: no waiting. */
	_cleanup_fd_ int from =
		openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_cleanup_fd_ int to = -1;
	struct stat st;
	int r;

	if (from < 0 || fstat(from, &st) < 0)
		return neg_errno();
	if (!S_ISREG(st.st_mode))
		return -EBUSY;
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return neg_errno();
	r = copy_data(c, from, to, st.st_size);
	return r < 0 ? r : copy_attributes(c, from, to, &st);
}

static int copy_subdir(struct copy *c, int from_dir, int to_dir, const char *name)
{
	_cleanup_fd_ int from = openat(from_dir, name, OPEN_DIR | O_CLOEXEC);
	_cleanup_fd_ int to = -1;
	int r;

	if (from < 0)
		return neg_errno();
	if (c->level >= LEVELS_MAX)
		return -ELOOP;
	if (mkdirat(to_dir, name, 0700) < 0)
		return neg_errno();
	to = openat(to_dir, name, OPEN_DIR | O_CLOEXEC);
	if (to < 0)
		return neg_errno();
	c->level++;
	r = copy_dir(c, from, to);
	c->level--;
	return r;
}

/* Owner and times of the link or node @name that was made just now. */
static int settle_node(int to_dir, const char *name, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return neg_errno();
	/* Our own node: nobody else can have put a link there. */
	if (!S_ISLNK(st->st_mode) && fchmodat(to_dir, name, st->st_mode & 07777, 0) < 0)
		return neg_errno();
	return utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? neg_errno() : 0;
}

static int copy_link(struct copy *c, int from_dir, int to_dir, const char *name,
		     const struct stat *st)
{
	int len = sys_readlink(from_dir, name, c->link, sizeof(c->link) - 1);

	if (len < 0)
		return len;
	c->link[len] = '\0';
	if (symlinkat(c->link, to_dir, name) < 0)
		return neg_errno();
	return settle_node(to_dir, name, st);
}

static int copy_node(int to_dir, const char *name, const struct stat *st)
{
	if (mknodat(to_dir, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev) < 0)
		return neg_errno();
	return settle_node(to_dir, name, st);
}

static int copy_entry(struct copy *c, int from_dir, int to_dir, const char *name)
{
	struct stat *st = &c->levels[c->level].entry;
	int r;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (fstatat(from_dir, name, st, AT_SYMLINK_NOFOLLOW) < 0)
		r = errno == ENOENT ? 0 : neg_errno(); /* gone meanwhile */
	else if (S_ISDIR(st->st_mode))
		r = copy_subdir(c, from_dir, to_dir, name);
	else if (S_ISREG(st->st_mode))
		r = copy_file(c, from_dir, to_dir, name);
	else if (S_ISLNK(st->st_mode))
		r = copy_link(c, from_dir, to_dir, name, st);
	else
		r = copy_node(to_dir, name, st);
	if (r < 0 && !c->name[0])
		fmt(c->name, TREE_NAME_SIZE, "%s", name);
	return r;
}

static int copy_entries(struct copy *c, int from, int to)
{
	struct entries entries = { from, c->levels[c->level].entries, ENTRIES_SIZE };
	const struct sys_dirent *entry;
	int r;

	while ((entry = entries_next(&entries))) {
		r = copy_entry(c, from, to, entry->name);
		if (r < 0)
			return r;
	}
	return entries.len;
}

static int copy_dir(struct copy *c, int from, int to)
{
	struct stat *st = &c->levels[c->level].dir;
	int r = fstat(from, st) < 0 ? neg_errno() : copy_entries(c, from, to);

	return r < 0 ? r : copy_attributes(c, from, to, st);
}

int tree_copy(int from, int to, char ret_name[static TREE_NAME_SIZE])
{
	struct copy *c = pages_take(sizeof(*c));
	int r;

	ret_name[0] = '\0';
	if (!c)
		return neg_errno();
	c->name = ret_name;
	r = copy_dir(c, from, to);
	pages_give(c, sizeof(*c));
	return r;
}
