/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See obstacles_parts.h: reading /proc, and telling.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "setup/criu/obstacles_parts.h"

void obstacle_tell(struct obstacles *o, const char *format, ...)
{
	char text[8192];
	va_list ap;

	if (o->is_over)
		return;
	va_start(ap, format);
	fmt_v(text, sizeof(text), format, ap);
	va_end(ap);
	/* One file in many descriptors, or in many processes' tables, is one obstacle each time:
	 * but not twice in a row. */
	if (o->last && strcmp(o->last, text) == 0)
		return;
	o->last = arena_strdup(o->arena, text);
	o->is_over = !o->last || o->each(o->arg, text) != 0;
}

bool obstacle_read(char *buf, size_t size, const char *format, ...)
{
	_cleanup_fd_ int fd = -1;
	char path[64];
	ssize_t n = 1;
	size_t len = 0;
	va_list ap;

	va_start(ap, format);
	fmt_v(path, sizeof(path), format, ap);
	va_end(ap);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && n > 0 && len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	buf[len] = '\0';
	return fd >= 0 && n >= 0;
}

void obstacle_each_line(struct obstacles *o, obstacle_line_fn *each, void *arg, const char *format,
			...)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	char path[64];
	va_list ap;
	FILE *f;

	va_start(ap, format);
	fmt_v(path, sizeof(path), format, ap);
	va_end(ap);
	f = fopen(path, "re");
	while (f && !o->is_over && getline(&line, &size, f) > 0)
		each(arg, line);
	if (f)
		fclose(f);
}

uint64_t obstacle_namespace(pid_t pid, const char *file)
{
	char path[64];
	struct stat st;

	fmt(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, file);
	return fstatat(AT_FDCWD, path, &st, 0) < 0 ? 0 : st.st_ino;
}
