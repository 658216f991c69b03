/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a log file's name leads. Root's log may lie in a folder that others write to, and a link
 * that they have put there could lead to any file: text that they choose a part of would be
 * appended to it. Not every folder is one that fs.protected_symlinks looks at. So each link at the
 * end of the name must be the caller's or root's. Folders on the way are the caller's choice.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "log.h"

enum {
	LINKS_MAX = 40, /* the kernel's */
	HOW = O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK
};

/* Of procfs: no name, but a descriptor (/dev/stderr leads there). */
static bool is_descriptor(int link)
{
	struct statfs st;

	return fstatfs(link, &st) == 0 && (long)st.f_type == PROC_SUPER_MAGIC;
}

/* @path := where its last component, the link @link, leads. */
static bool follow(int link, char path[static PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t dir = slash ? (size_t)(slash - path) + 1 : 0;
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t len = readlinkat(link, "", target, sizeof(target) - 1);
	int n;

	if (len <= 0)
		return false;
	target[len] = '\0';
	if (target[0] == '/')
		dir = 0;
	n = snprintf(joined, sizeof(joined), "%.*s%s", (int)dir, path, target);
	if (n < 0 || (size_t)n >= sizeof(joined))
		return false;
	memcpy(path, joined, (size_t)n + 1);
	return true;
}

int log_file_open(const char *name)
{
	char path[PATH_MAX];

	if (strlen(name) >= sizeof(path))
		return -1;
	memcpy(path, name, strlen(name) + 1);
	for (int i = 0; i < LINKS_MAX; i++) {
		int fd = open(path, HOW | O_NOFOLLOW | O_CLOEXEC, 0644), link;
		struct stat st;
		bool is_followed;

		if (fd >= 0 || errno != ELOOP)
			return fd;
		link = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (link < 0)
			return -1;
		is_followed = fstat(link, &st) == 0 && S_ISLNK(st.st_mode) &&
			      (st.st_uid == 0 || st.st_uid == geteuid());
		if (is_followed && is_descriptor(link)) {
			close(link);
			return open(path, HOW | O_CLOEXEC, 0644);
		}
		is_followed = is_followed && follow(link, path);
		close(link);
		if (!is_followed)
			return -1;
	}
	return -1;
}
