/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See replace.h.
 */
#include "kernel/replace.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/fmt.h"

enum {
	TRIES = 64,
	NAME_PART = 200 /* of the file's name: the whole has to fit into NAME_MAX */
};

/* The first name of a private directory is always the same, so that what a killed writer left there
 * is found again. The others nobody can foresee. */
static void temporary_name(const char *name, unsigned try, bool is_private,
			   char ret[static NAME_MAX + 1])
{
	unsigned number = is_private ? 0 : (unsigned)getpid();

	if (try && getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number += try;
	fmt(ret, NAME_MAX + 1, ".%.*s.%x.new", NAME_PART, name, number);
}

static int open_temporary(int dirfd, const char *name, const struct replacement *with,
			  char ret_name[static NAME_MAX + 1])
{
	for (unsigned try = 0;; try++) {
		int fd;

		temporary_name(name, try, with->is_private, ret_name);
		fd = openat(dirfd, ret_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    with->mode);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST || try == TRIES)
			return neg_errno();
		if (with->is_private)
			(void)unlinkat(dirfd, ret_name, 0); /* else the next name is another */
	}
}

int replace_file(int dirfd, const char *name, const struct replacement *with)
{
	char temporary[NAME_MAX + 1];
	_cleanup_fd_ int fd = open_temporary(dirfd, name, with, temporary);
	int r = fd < 0 ? fd : write_all(fd, with->text, with->len);

	if (fd < 0)
		return r;
	if (r == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
		r = neg_errno();
	if (r < 0)
		(void)unlinkat(dirfd, temporary, 0);
	return r;
}

int replace_path(const char *path, const struct replacement *with)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_cleanup_fd_ int dirfd = -1;
	char dir[PATH_MAX];

	if (fmt(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		slash ? path : ".") >= sizeof(dir))
		return -ENAMETOOLONG;
	dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dirfd < 0 ? neg_errno() : replace_file(dirfd, name, with);
}
