/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The way to the state root. What lies there is acted upon (signals, removal), so nobody else may
 * choose where it leads: a link on the way counts only when root or the caller has made it, which
 * is what fs.protected_symlinks asks of sticky directories where it is switched on. Each component
 * is opened by itself, without following.
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "base/path.h"
#include "container/store.h"
#include "kernel/namespace.h"
#include "kernel/sys.h"

enum {
	LINKS_MAX = 40,
	WAY_SIZE = 2 * PATH_MAX
};

struct walk {
	const char *root; /* as it was named */
	bool create;
	int fd;             /* where we are */
	char way[WAY_SIZE]; /* what is left */
	unsigned links;
};

static bool is_ours(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* A user namespace may have no name for the host's root, whose links (/var/run) then look like
 * anybody's: there the link has to be of whoever owns its directory, alone. */
static bool is_trusted_link(const struct walk *w, const struct stat *link)
{
	struct stat dir;

	if (is_ours(link->st_uid))
		return true;
	return !namespace_user_is_first() && fstat(w->fd, &dir) == 0 &&
	       dir.st_uid == link->st_uid && !(dir.st_mode & 022);
}

/* The link's text takes its place on the way. */
static int follow(struct walk *w, int link, const struct stat *st, struct err *e)
{
	char rest[WAY_SIZE], target[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target) - 1);

	if (!is_trusted_link(w, st))
		return err_kind(
			e, ERR_USAGE, EPERM,
			"the state root %s leads through a link of user %u, neither root nor "
			"you",
			w->root, (unsigned)st->st_uid);
	if (n < 0 || ++w->links > LINKS_MAX)
		return err_set(e, n < 0 ? errno : ELOOP, "open the state root %s", w->root);
	target[n] = '\0';
	memcpy(rest, w->way, strlen(w->way) + 1);
	if (fmt(w->way, sizeof(w->way), "%s/%s", target, rest) >= sizeof(w->way))
		return err_set(e, ENAMETOOLONG, "open the state root %s", w->root);
	if (target[0] != '/')
		return 0;
	close_fdp(&w->fd);
	w->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return w->fd < 0 ? err_set(e, errno, "open the state root %s", w->root) : 0;
}

/* The first component leaves the way; false: nothing is left. */
static bool next_component(struct walk *w, char ret[static NAME_MAX + 1], struct err *e)
{
	const char *from = w->way;
	size_t len = path_component(&from);

	if (len > NAME_MAX)
		err_set(e, ENAMETOOLONG, "open the state root %s", w->root);
	if (!len || e->code)
		return false;
	memcpy(ret, from, len);
	ret[len] = '\0';
	from += len;
	memmove(w->way, from, strlen(from) + 1);
	return true;
}

static int open_component(struct walk *w, const char *name, struct err *e)
{
	bool is_last = !w->way[strspn(w->way, "/")];
	int fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT || !w->create)
		return fd < 0 ? neg_errno() : fd;
	if (mkdirat(w->fd, name, is_last ? 0700 : 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "make %s%s of the state root %s",
			       is_last ? "" : "the parent ", name, w->root);
	fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? neg_errno() : fd;
}

static int take_component(struct walk *w, const char *name, struct err *e)
{
	_cleanup_fd_ int fd = open_component(w, name, e);
	struct stat st;

	if (e->code)
		return -e->code;
	if (fd == -ENOENT)
		return err_kind(e, ERR_NOT_FOUND, ENOENT, "the state root %s does not exist",
				w->root);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, fd < 0 ? -fd : errno, "open the state root %s", w->root);
	if (S_ISLNK(st.st_mode))
		return follow(w, fd, &st, e);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "open the state root %s", w->root);
	close(w->fd);
	w->fd = take_fd(&fd);
	return 0;
}

static int walk(const char *root, bool create, int *ret_fd, struct err *e)
{
	struct walk w = { .root = root, .create = create, .fd = -1 };
	char name[NAME_MAX + 1];

	if (fmt(w.way, sizeof(w.way), "%s", root) >= sizeof(w.way))
		return err_set(e, ENAMETOOLONG, "open the state root %s", root);
	w.fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w.fd < 0)
		return err_set(e, errno, "open the root directory");
	while (next_component(&w, name, e) && take_component(&w, name, e) == 0)
		;
	if (!e->code) {
		*ret_fd = openat(w.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (*ret_fd < 0)
			err_set(e, errno, "open the state root %s", root);
	}
	close_fdp(&w.fd);
	return -e->code;
}

static int check(int fd, const char *root, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "look at the state root %s", root);
	if (!is_ours(st.st_uid))
		return err_kind(e, ERR_USAGE, EPERM,
				"the state root %s belongs to user %u, neither root nor you", root,
				(unsigned)st.st_uid);
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return err_kind(e, ERR_USAGE, EPERM,
				"the state root %s is writable by everybody and has no sticky bit",
				root);
	return 0;
}

int store_open_root(const char *root, bool create, int *ret_fd, struct err *e)
{
	const struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				      .resolve = RESOLVE_NO_SYMLINKS };
	/* There are hardly ever links: one call. */
	_cleanup_fd_ int fd = sys_openat2(AT_FDCWD, root, &how);

	if (fd < 0 && walk(root, create, &fd, e) < 0)
		return -e->code;
	if (check(fd, root, e) < 0)
		return -e->code;
	*ret_fd = take_fd(&fd);
	return 0;
}
