/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See resctrl.h.
 */
#include "kernel/resctrl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "kernel/file.h"
#include "kernel/mountinfo.h"
#include "kernel/sys.h"

enum {
	CHUNK_SIZE = 8192
};

/* Part of one that is bound somewhere is not it: its root is not "/". */
static bool has_mount(char *text, char *path, size_t size)
{
	struct mountinfo line;

	while (mountinfo_next(&text, &line))
		if (strcmp(line.type, "resctrl") == 0 && strcmp(line.root, "/") == 0)
			return fmt(path, size, "%s", line.place) < size;
	return false;
}

int resctrl_find(int fd, char *path, size_t size)
{
	char buf[CHUNK_SIZE];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0) {
		char *end;

		len += (size_t)n;
		end = memrchr(buf, '\n', len);
		if (end) {
			*end = '\0';
			if (has_mount(buf, path, size))
				return 0;
			len -= (size_t)(end + 1 - buf);
			memmove(buf, end + 1, len);
		}
		if (len == sizeof(buf) - 1) /* overlong: not a resctrl's; its rest is none either */
			len = 0;
	}
	return n < 0 ? neg_errno() : -ENOENT;
}

int resctrl_open(int *ret_fd)
{
	_cleanup_fd_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	char path[PATH_MAX];
	int root, r = fd < 0 ? neg_errno() : resctrl_find(fd, path, sizeof(path));

	if (r < 0)
		return r;
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return neg_errno();
	*ret_fd = root;
	return 0;
}

static int open_directory(int dirfd, const char *path, int *ret_fd)
{
	const struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
						 RESOLVE_NO_MAGICLINKS };
	int fd = sys_openat2(dirfd, *path ? path : ".", &how);

	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

int resctrl_open_group(int rootfd, const char *name, int *ret_fd, bool *ret_made)
{
	bool is_made = ret_made && *name && mkdirat(rootfd, name, 0755) == 0;
	int r;

	if (ret_made && *name && !is_made && errno != EEXIST)
		return neg_errno();
	r = open_directory(rootfd, name, ret_fd);
	if (r < 0 && is_made)
		unlinkat(rootfd, name, AT_REMOVEDIR);
	if (r == 0 && ret_made)
		*ret_made = is_made;
	return r;
}

int resctrl_make_monitor(int groupfd, const char *name, int *ret_fd)
{
	_cleanup_fd_ int all = -1;
	int r = open_directory(groupfd, "mon_groups", &all);

	if (r < 0)
		return r;
	if (mkdirat(all, name, 0755) < 0)
		return neg_errno();
	r = open_directory(all, name, ret_fd);
	if (r < 0)
		unlinkat(all, name, AT_REMOVEDIR);
	return r;
}

int resctrl_remove(int rootfd, const char *path)
{
	return unlinkat(rootfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT ? neg_errno() : 0;
}

int resctrl_write(int groupfd, const char *file, const char *text)
{
	_cleanup_fd_ int fd = openat(groupfd, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	char line[RESCTRL_TEXT_MAX];
	size_t len = fmt(line, sizeof(line), "%s\n", text);

	if (fd < 0)
		return neg_errno();
	if (len >= sizeof(line))
		return -E2BIG;
	errno = 0;
	return write(fd, line, len) == (ssize_t)len ? 0 : neg_errno();
}

/* Bandwidth is in decimal digits, masks are in hexadecimal ones. */
static int base_of(const char *name, size_t len)
{
	return len >= 2 && memcmp(name + len - 2, "MB", 2) == 0 ? 10
	       : len == 4 && memcmp(name, "SMBA", 4) == 0       ? 10
								: 16;
}

/* "0=7f0;1=1f": the value of the domain. */
static bool find_value(const char *list, unsigned long id, int base, unsigned long long *ret)
{
	for (const char *at = list; at && *at && *at != '\n';) {
		char *end;
		unsigned long found = strtoul(at, &end, 10);

		if (end == at || *end != '=')
			return false;
		if (found == id) {
			*ret = strtoull(end + 1, NULL, base);
			return true;
		}
		at = end + strcspn(end, ";\n");
		at += *at == ';';
	}
	return false;
}

static bool has_values(const char *found, const char *wanted, int base)
{
	while (*wanted) {
		unsigned long long value, there;
		char *end;
		unsigned long id = strtoul(wanted, &end, 10);

		if (end == wanted || *end != '=')
			return false;
		wanted = end + 1;
		value = strtoull(wanted, &end, base);
		if (end == wanted || (*end && *end != ';' && *end != ' '))
			return false;
		if (!find_value(found, id, base, &there) || there != value)
			return false;
		wanted = end + strspn(end, "; ");
	}
	return true;
}

bool resctrl_has_schema(const char *schemata, const char *line)
{
	const char *name = line + strspn(line, " \t");
	size_t len = strcspn(name, ":");

	if (!name[len])
		return false;
	for (const char *at = schemata; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		at += strspn(at, " \t");
		if (strncmp(at, name, len + 1) == 0)
			return has_values(at + len + 1, name + len + 1, base_of(name, len));
	}
	return false;
}
