/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See rootpath.h. What exists is resolved by the kernel in one openat2(). Only to make something
 * that is missing is the path walked here, name by name: a name is opened relative to the fd of its
 * directory and never followed, links are read as text and put before the rest of the path, and
 * ".." takes the last name off the text of what was walked, which is then resolved again from the
 * root. So nothing is ever made outside the root, whatever changes meanwhile.
 */
#include "kernel/rootpath.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/path.h"
#include "kernel/sys.h"

enum {
	RETRIES = 128,  /* a rename storm; libpathrs measured 0.1 % left at 128 */
	LINKS_MAX = 40, /* as the kernel's own MAXSYMLINKS */
	MODE_PARENT = 0755,
	MODE_FILE = 0644
};

static int open_in_root(int rootfd, const char *path, int flags)
{
	const struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = -EAGAIN;

	for (unsigned i = 0; i < RETRIES && (fd == -EAGAIN || fd == -EINTR); i++)
		fd = sys_openat2(rootfd, path, &how);
	return fd;
}

int rootpath_open(int rootfd, const char *path, int flags)
{
	return open_in_root(rootfd, path, flags);
}

int rootpath_open_nofollow(int rootfd, const char *path, int flags)
{
	return open_in_root(rootfd, path, flags | O_NOFOLLOW);
}

struct walk {
	int rootfd;
	int cur; /* O_PATH of what @done names */
	unsigned links;
	bool is_dir; /* the last name is a directory */
	mode_t mode; /* of the last name, when it is made */
	const char *at;
	char done[PATH_MAX]; /* names walked, without links, "." and ".." */
	char rest[PATH_MAX]; /* from @at on: what is left to walk */
};

static void walk_close(struct walk *w)
{
	close_fdp(&w->cur);
}

#define _cleanup_walk_ __attribute__((cleanup(walk_close)))

static int walk_open_done(struct walk *w)
{
	int fd = open_in_root(w->rootfd, w->done[0] ? w->done : ".", O_PATH | O_DIRECTORY);

	if (fd < 0)
		return fd;
	close_fdp(&w->cur);
	w->cur = fd;
	return 0;
}

/* Prepares a walk of @len bytes of @path, without its trailing slashes. */
static int walk_init(struct walk *w, int rootfd, const char *path, size_t len)
{
	w->rootfd = rootfd;
	w->cur = -1;
	w->links = 0;
	w->is_dir = true;
	w->mode = MODE_PARENT;
	w->done[0] = '\0';
	len = path_trimmed(path, len);
	if (len >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memcpy(w->rest, path, len);
	w->rest[len] = '\0';
	w->at = w->rest;
	return 0;
}

/* Takes the next name off the rest: its length, 0 at the end. */
static int walk_next(struct walk *w, char name[static NAME_MAX + 1])
{
	size_t len;

	len = path_component(&w->at);
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, w->at, len);
	name[len] = '\0';
	w->at += len;
	w->at += strspn(w->at, "/");
	return (int)len;
}

static int walk_up(struct walk *w)
{
	(void)path_cut_last(w->done);
	return walk_open_done(w);
}

/* @fd is a link: what it says stands before the rest of the path. */
static int walk_link(struct walk *w, int fd)
{
	size_t left = strlen(w->at);
	char text[PATH_MAX];
	ssize_t len;

	if (++w->links > LINKS_MAX)
		return -ELOOP;
	len = readlinkat(fd, "", text, sizeof(text));
	if (len <= 0)
		return len < 0 ? neg_errno() : -ENOENT;
	if ((size_t)len + 1 + left >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memmove(w->rest + len + (left ? 1 : 0), w->at, left + 1);
	memcpy(w->rest, text, (size_t)len);
	if (left)
		w->rest[len] = '/';
	w->at = w->rest;
	if (text[0] != '/')
		return 0;
	w->done[0] = '\0';
	return walk_open_done(w);
}

static int walk_push(struct walk *w, const char *name, int *fd)
{
	size_t at = strlen(w->done), len = strlen(name);

	if (at + 1 + len >= sizeof(w->done))
		return -ENAMETOOLONG;
	if (at)
		w->done[at++] = '/';
	memcpy(w->done + at, name, len + 1);
	close_fdp(&w->cur);
	w->cur = take_fd(fd);
	return 0;
}

/*
 * The new directory, with @mode whatever the umask. One made in a setgid directory has inherited
 * the bit and the group, and keeps them: whoever shares that directory expects it.
 */
static int dir_settle(int parent, const char *name, mode_t mode)
{
	_cleanup_fd_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return neg_errno();
	mode |= st.st_mode & S_ISGID;
	if ((st.st_mode & 07777) == mode)
		return take_fd(&fd);
	return fchmod(fd, mode) < 0 ? neg_errno() : take_fd(&fd);
}

/*
 * Nothing can be made in procfs and sysfs, which say so in different words: what is wrong is that
 * the kernel does not have the file (lxcfs on a kernel without /proc/slabinfo).
 */
static int cannot_make(int parent, int r)
{
	struct statfs st;

	if ((r == -EACCES || r == -EPERM || r == -EROFS) && fstatfs(parent, &st) == 0 &&
	    (st.f_type == PROC_SUPER_MAGIC || st.f_type == SYSFS_MAGIC))
		return -ENOENT;
	return r;
}

/* Makes @name in the current directory; nothing happens when somebody else was faster. */
static int walk_make(struct walk *w, const char *name, bool is_last)
{
	mode_t mode = is_last ? w->mode : MODE_PARENT;
	_cleanup_fd_ int fd = -1;

	if (is_last && !w->is_dir) {
		fd = openat(w->cur, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    mode);
		return fd < 0 && errno != EEXIST ? cannot_make(w->cur, neg_errno()) : 0;
	}
	if (mkdirat(w->cur, name, mode) < 0)
		return errno == EEXIST ? 0 : cannot_make(w->cur, neg_errno());
	fd = dir_settle(w->cur, name, mode);
	/* Taken away again before it was seen: as if somebody else had been faster. */
	return fd < 0 && fd != -ENOENT ? fd : 0;
}

static int walk_open_or_make(struct walk *w, const char *name, bool is_last)
{
	for (unsigned i = 0; i < RETRIES; i++) {
		int fd = openat(w->cur, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), r;

		if (fd >= 0 || errno != ENOENT)
			return fd >= 0 ? fd : neg_errno();
		r = walk_make(w, name, is_last);
		/* ENOENT: nothing can be made here, or the current directory itself is gone. */
		if (r < 0)
			return r;
	}
	return -EAGAIN;
}

static int walk_enter(struct walk *w, const char *name)
{
	bool is_last = !*w->at;
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		return walk_up(w);
	fd = walk_open_or_make(w, name, is_last);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return neg_errno();
	if (S_ISLNK(st.st_mode))
		return walk_link(w, fd);
	if (!S_ISDIR(st.st_mode) && (w->is_dir || !is_last))
		return -ENOTDIR;
	return walk_push(w, name, &fd);
}

/* Walks to the end of the path, making what is missing; w->cur is then what it names. */
static int walk_run(struct walk *w)
{
	char name[NAME_MAX + 1];
	int r = walk_open_done(w);

	while (r == 0) {
		r = walk_next(w, name);
		if (r <= 0)
			return r;
		r = walk_enter(w, name);
	}
	return r;
}

/*
 * The usual missing path: a directory whose parent is there. -ENOENT and -EEXIST: more is missing,
 * a link leads nowhere, or somebody else was faster; the walk finds out.
 */
static int make_last_dir(struct walk *w)
{
	const char *slash = strrchr(w->rest, '/'), *name = slash ? slash + 1 : w->rest;
	size_t len = (size_t)(name - w->rest);
	_cleanup_fd_ int parent = -1;
	char path[PATH_MAX];

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -ENOENT;
	memcpy(path, w->rest, len);
	path[len] = '\0';
	parent = open_in_root(w->rootfd, len ? path : ".", O_PATH | O_DIRECTORY);
	if (parent < 0)
		return parent;
	if (mkdirat(parent, name, w->mode) < 0)
		return cannot_make(parent, neg_errno());
	return dir_settle(parent, name, w->mode);
}

/* The whole path by the kernel first: the usual case, and magic links are refused by it. */
static int walk_all(struct walk *w)
{
	int fd = open_in_root(w->rootfd, w->rest, O_PATH | (w->is_dir ? O_DIRECTORY : 0)), r;

	if (fd == -ENOENT && w->is_dir && w->rest[0]) {
		fd = make_last_dir(w);
		if (fd == -EEXIST)
			fd = -ENOENT;
	}
	if (fd != -ENOENT || !w->rest[0])
		return fd;
	r = walk_run(w);
	return r < 0 ? r : take_fd(&w->cur);
}

static int check_no_dir(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return neg_errno();
	return S_ISDIR(st.st_mode) ? -EISDIR : 0;
}

static int make(int rootfd, const char *path, bool is_dir, mode_t mode)
{
	_cleanup_walk_ struct walk w;
	_cleanup_fd_ int fd = -1;
	int r = walk_init(&w, rootfd, path, strlen(path));

	if (r < 0)
		return r;
	w.is_dir = is_dir;
	w.mode = mode;
	fd = walk_all(&w);
	if (fd < 0)
		return fd;
	r = is_dir ? 0 : check_no_dir(fd);
	return r < 0 ? r : take_fd(&fd);
}

int rootpath_mkdirs(int rootfd, const char *path, mode_t mode)
{
	return make(rootfd, path, true, mode);
}

int rootpath_make_target(int rootfd, const char *path, bool is_dir)
{
	return make(rootfd, path, is_dir, is_dir ? MODE_PARENT : MODE_FILE);
}

/* The length of @path without trailing slashes and "." names. */
static size_t trimmed_length(const char *path)
{
	size_t len = strlen(path);

	for (;;) {
		if (len > 0 && path[len - 1] == '/')
			len--;
		else if (len > 0 && path[len - 1] == '.' && (len == 1 || path[len - 2] == '/'))
			len--;
		else
			return len;
	}
}

/* @path ends with "..": what it names is known only after it was walked. */
static int parent_of_walked(int rootfd, const char *path, size_t len, char ret_name[static 256])
{
	_cleanup_walk_ struct walk w;
	const char *name;
	int r = walk_init(&w, rootfd, path, len);

	if (r == 0)
		r = walk_run(&w);
	if (r < 0)
		return r;
	if (!w.done[0])
		return -EINVAL;
	name = strrchr(w.done, '/');
	name = name ? name + 1 : w.done;
	memcpy(ret_name, name, strlen(name) + 1);
	r = walk_up(&w);
	return r < 0 ? r : take_fd(&w.cur);
}

int rootpath_parent(int rootfd, const char *path, char ret_name[static 256])
{
	size_t end = trimmed_length(path), start = end;
	_cleanup_walk_ struct walk w = { .cur = -1 };
	_cleanup_fd_ int fd = -1;
	int r;

	while (start > 0 && path[start - 1] != '/')
		start--;
	if (end == 0)
		return -EINVAL;
	if (end - start == 2 && memcmp(path + start, "..", 2) == 0)
		return parent_of_walked(rootfd, path, end, ret_name);
	if (end - start > NAME_MAX)
		return -ENAMETOOLONG;
	r = walk_init(&w, rootfd, start ? path : "/", start ? start : 1);
	if (r < 0)
		return r;
	fd = walk_all(&w);
	if (fd < 0)
		return fd;
	memcpy(ret_name, path + start, end - start);
	ret_name[end - start] = '\0';
	return take_fd(&fd);
}
