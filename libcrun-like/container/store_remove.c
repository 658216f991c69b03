/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Removing state directories with all that lies in them, whoever has put it there: the notify
 * directory is bound into the container. No link is followed, and nothing goes up by "..", which
 * leads elsewhere when somebody moves a directory meanwhile. A directory that is not empty gives
 * what is below it to the top instead, so that the depth does not matter: one descriptor beside the
 * top's is enough, and no memory but the stack.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "base/sha256.h"
#include "container/store.h"
#include "kernel/entries.h"

enum {
	ENTRIES_MAX = 1000000, /* somebody could fill it as fast as we remove */
	LIST_SIZE = 2048,
	/* ".gone." and an id, or what stands for it. */
	GONE_SIZE = 256
};

struct removal {
	int top;
	unsigned moved; /* gives names */
	unsigned left;  /* entries that may still be looked at */
};

/* An ordinary user needs the right to write even to move a directory. It is the user's own. */
static void make_accessible(int dirfd, const char *name)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[40];

	fmt(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd >= 0)
		(void)chmod(path, 0700);
}

/* 1: a directory that is not empty. */
static int remove_entry(int dirfd, const char *name)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return neg_errno();
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return errno == ENOTEMPTY || errno == EEXIST ? 1 : neg_errno();
}

static int move_to_top(struct removal *r, int dirfd, const char *name)
{
	char free_name[16];

	for (bool is_retry = false;;) {
		fmt(free_name, sizeof(free_name), ".%u", r->moved++);
		if (renameat(dirfd, name, r->top, free_name) == 0 || errno == ENOENT)
			return 0;
		if (errno == EACCES && !is_retry) {
			is_retry = true;
			make_accessible(dirfd, name);
		} else if ((errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR) ||
			   !r->left--) {
			return neg_errno();
		}
	}
}

static int empty_child(struct removal *r, const char *name);

/* One turn through the directory: 1 when something was there, which may hide what came after it. */
static int empty_once(struct removal *r, int dirfd)
{
	_Alignas(struct sys_dirent) char list[LIST_SIZE];
	struct entries entries = { dirfd, list, sizeof(list) };
	const struct sys_dirent *entry;
	bool is_empty = true;

	if (lseek(dirfd, 0, SEEK_SET) < 0)
		return neg_errno();
	while ((entry = entries_next(&entries))) {
		int result;

		if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
			continue;
		if (!r->left || !r->left--)
			return -EBUSY;
		is_empty = false;
		result = remove_entry(dirfd, entry->name);
		if (result > 0)
			result = dirfd == r->top ? empty_child(r, entry->name)
						 : move_to_top(r, dirfd, entry->name);
		if (result < 0)
			return result;
	}
	return entries.len < 0 ? entries.len : !is_empty;
}

/* Of the top; what is moved there is seen in the turns to come. */
static int empty_child(struct removal *r, const char *name)
{
	_cleanup_fd_ int fd = -1;
	int result;

	for (bool is_retry = false; fd < 0; is_retry = true) {
		fd = openat(r->top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && (errno != EACCES || is_retry))
			return errno == ENOENT ? 0 : neg_errno();
		if (fd < 0)
			make_accessible(r->top, name);
	}
	do
		result = empty_once(r, fd);
	while (result > 0);
	if (result == -EACCES) {
		make_accessible(r->top, name);
		result = empty_once(r, fd);
	}
	return result < 0 ? result : 0;
}

static int remove_all(int dirfd)
{
	struct removal r = { .top = dirfd, .left = ENTRIES_MAX };
	int result;

	do
		result = empty_once(&r, dirfd);
	while (result > 0);
	return result;
}

/* The usual files by name: undoing must be quick. */
static int empty_and_remove(int rootfd, const char *name, int dirfd)
{
	static const char *const usual[] = { "state.json", "config.json", STORE_START_SOCKET,
					     "journal.json" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		unlinkat(dirfd, usual[i], 0);
	if (unlinkat(rootfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		r = remove_all(dirfd);
	if (unlinkat(rootfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return r < 0 ? r : neg_errno();
}

/* No container's id begins with a dot. The longest ids leave no room for one. */
static void gone_name(const char *id, char buf[static GONE_SIZE])
{
	char hex[2 * SHA256_SIZE + 1];
	uint8_t digest[SHA256_SIZE];
	struct sha256 hash;

	if (fmt(buf, GONE_SIZE, ".gone.%s", id) < GONE_SIZE)
		return;
	sha256_begin(&hash);
	sha256_add(&hash, id, strlen(id));
	sha256_end(&hash, digest);
	sha256_hex(digest, hex);
	fmt(buf, GONE_SIZE, ".gone-%s", hex);
}

int store_sweep(int rootfd, const char *id, struct err *e)
{
	_cleanup_fd_ int dirfd = -1;
	char gone[GONE_SIZE];
	int r;

	gone_name(id, gone);
	dirfd = openat(rootfd, gone, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd < 0)
		return 0;
	r = empty_and_remove(rootfd, gone, dirfd);
	return r < 0 ? err_set(e, -r, "remove what is left of the state directory of %s", id) : 0;
}

/* First out of everybody's sight: a directory that is half empty would pass for a create that has
 * just begun. */
int store_remove(int rootfd, const char *id, int dirfd, struct err *e)
{
	struct err ignored = { 0 };
	char gone[GONE_SIZE];
	int r;

	gone_name(id, gone);
	r = renameat(rootfd, id, rootfd, gone);
	if (r < 0 && (errno == ENOTEMPTY || errno == EEXIST)) {
		store_sweep(rootfd, id, &ignored);
		r = renameat(rootfd, id, rootfd, gone);
	}
	/* A full disk may refuse even that; removing needs no room. */
	r = empty_and_remove(rootfd, r == 0 ? gone : id, dirfd);
	return r < 0 ? err_set(e, -r, "remove the state directory of %s", id) : 0;
}
