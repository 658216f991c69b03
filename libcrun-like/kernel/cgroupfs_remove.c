/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Removing cgroups. rmdir comes first, since it works nearly always; only EBUSY makes us look why:
 * cgroups below (made by the container) or processes that are about to end. The tree below is as
 * deep and as wide as the container wanted, so the walk uses one descriptor and no recursion: down
 * into the first child that rmdir refuses, up by ".." when nothing is left.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/clock.h"
#include "base/path.h"
#include "kernel/cgroupfs.h"
#include "kernel/cgroupfs_parts.h"
#include "kernel/sys.h"

enum {
	SLICE_MS = 50,
	PAUSE_MS = 1
};

static bool has_mark(int fd, const char *mark)
{
	char value[4];
	ssize_t len = fgetxattr(fd, CGROUPFS_MARK, value, sizeof(value));

	return len > 0 && memchr(value, mark[0], (size_t)len);
}

static bool child_has_mark(int dirfd, const char *name, const char *mark)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && has_mark(fd, mark);
}

static DIR *open_list(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		close_fdp(&fd);
	return dir;
}

static bool is_child(const struct dirent *d)
{
	return d->d_type == DT_DIR && strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

int cgroupfs_keep_children(int dirfd)
{
	DIR *dir = open_list(dirfd);
	struct dirent *d;

	if (!dir)
		return neg_errno();
	while ((d = readdir(dir))) {
		_cleanup_fd_ int fd = -1;

		if (!is_child(d))
			continue;
		fd = openat(dirfd, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		/* Ignored: at worst an empty cgroup is removed later. A parent that was made for
		 * another container stays that, too. */
		if (fd >= 0 && has_mark(fd, CGROUPFS_MADE))
			(void)fsetxattr(fd, CGROUPFS_MARK, CGROUPFS_MADE CGROUPFS_KEEP, 2, 0);
		else if (fd >= 0)
			(void)fsetxattr(fd, CGROUPFS_MARK, CGROUPFS_KEEP, 1, 0);
	}
	closedir(dir);
	return 0;
}

/* rmdir of the children, until one refuses: *@ret_busy is its descriptor (-1: none is left). */
static int remove_children(int dirfd, bool spare, int *ret_busy, size_t *removed)
{
	DIR *dir = open_list(dirfd);
	struct dirent *d;
	int r = 0;

	*ret_busy = -1;
	if (!dir)
		return errno == ENOENT || errno == ENODEV ? 0 : neg_errno();
	while (r == 0 && *ret_busy < 0 && (d = readdir(dir))) {
		if (!is_child(d) || (spare && child_has_mark(dirfd, d->d_name, CGROUPFS_KEEP)))
			continue;
		if (unlinkat(dirfd, d->d_name, AT_REMOVEDIR) == 0) {
			++*removed;
		} else if (errno == EBUSY) {
			*ret_busy = openat(dirfd, d->d_name,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			r = *ret_busy < 0 && errno != ENOENT ? neg_errno() : 0;
		} else if (errno != ENOENT) {
			r = neg_errno();
		}
	}
	closedir(dir);
	return r;
}

/* @spare: those marked as somebody else's stay. */
static int remove_below(int dirfd, bool spare)
{
	_cleanup_fd_ int at = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t depth = 0, removed = 0, removed_at_turn = SIZE_MAX;
	int r;

	if (at < 0)
		return neg_errno();
	for (;;) {
		int next;

		r = remove_children(at, spare && depth == 0, &next, &removed);
		if (r < 0)
			return r;
		if (next < 0 && depth == 0)
			return 0;
		if (next >= 0) {
			depth++;
		} else {
			/* Up again with nothing removed since the last time: it has processes. */
			if (removed == removed_at_turn)
				return -EBUSY;
			removed_at_turn = removed;
			depth--;
			next = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (next < 0)
				return neg_errno();
		}
		close(at);
		at = next;
	}
}

int cgroupfs_remove_below(int dirfd)
{
	return remove_below(dirfd, true);
}

/* The parent's descriptor and the last component's place in @path. */
static int open_parent(int rootfd, const char *path, const char **ret_name)
{
	char parent[PATH_MAX];
	const char *slash;
	size_t len;

	path += strspn(path, "/");
	slash = strrchr(path, '/');
	len = slash ? (size_t)(slash - path) : 0;
	if (len >= sizeof(parent) || !*path || (slash && !slash[1]))
		return -EINVAL;
	memcpy(parent, path, len);
	parent[len] = '\0';
	*ret_name = slash ? slash + 1 : path;
	return cgroupfs_open(rootfd, parent);
}

/* Of the first @len bytes of @path, and of the parents of that. */
static void remove_marked(int rootfd, const char *path, size_t len)
{
	char rest[PATH_MAX];

	if (len >= sizeof(rest))
		return;
	memcpy(rest, path, len);
	rest[len] = '\0';
	while (len > 0) {
		const char *name;
		_cleanup_fd_ int dirfd = open_parent(rootfd, rest, &name);

		/* EBUSY: another container lives there. ENOENT: its delete was faster; go on. */
		if (dirfd < 0 && dirfd != -ENOENT)
			return;
		if (dirfd >= 0 && child_has_mark(dirfd, name, CGROUPFS_MADE) &&
		    unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
			return;
		if (dirfd >= 0 && faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return;
		len = path_cut_last(rest);
	}
}

void cgroupfs_remove_parents(int rootfd, const char *path)
{
	remove_marked(rootfd, path, strlen(path));
}

/* rmdir said EBUSY: remove what is below it and wait for its processes, at most a slice of @left.
 */
static int make_removable(int parentfd, const char *name, int64_t left)
{
	_cleanup_fd_ int fd =
		openat(parentfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : neg_errno();
	r = cgroupfs_wait_event(fd, "populated", false,
				(unsigned)(left < SLICE_MS ? left : SLICE_MS));
	if (r < 0)
		return r == -ETIMEDOUT || r == -ENOENT ? 0 : r;
	/* What goes with the cgroup cannot stay: a container could mark its own. */
	r = remove_below(fd, false);
	/* Somebody makes cgroups as we remove them, or the kernel has not finished: no spinning. */
	if (r == -EBUSY)
		(void)poll(NULL, 0, PAUSE_MS);
	return r == -EBUSY ? 0 : r;
}

static int remove_one(int parentfd, const char *name, unsigned ms)
{
	int64_t end = 0, left = ms;

	for (;;) {
		int r;

		if (unlinkat(parentfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY || left <= 0)
			return neg_errno();
		if (end == 0)
			end = clock_msec() + ms;
		r = make_removable(parentfd, name, left);
		if (r < 0)
			return r;
		left = end - clock_msec();
	}
}

int cgroupfs_remove(int rootfd, const char *path, unsigned ms)
{
	const char *name;
	_cleanup_fd_ int parentfd = open_parent(rootfd, path, &name);
	size_t len;
	int r;

	if (parentfd == -ENOENT) {
		cgroupfs_remove_parents(rootfd, path);
		return 0;
	}
	r = parentfd < 0 ? parentfd : remove_one(parentfd, name, ms);
	if (r < 0)
		return r;
	len = (size_t)(name - path);
	while (len > 0 && path[len - 1] == '/')
		len--;
	remove_marked(rootfd, path, len);
	return 0;
}
