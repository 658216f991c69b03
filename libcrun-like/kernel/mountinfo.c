/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mountinfo.h.
 */
#include "mountinfo.h"

#include <fcntl.h>
#include <string.h>

#include "base/fmt.h"
#include "kernel/file.h"

enum {
	TEXT_SIZE = 1024 * 1024 /* of all lines, at most */
};

/* The kernel writes blanks as \040. In place. */
static char *unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; to++) {
		if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] && at[3]) {
			*to = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
	return text;
}

/* "ID PARENT MAJ:MIN ROOT PLACE OPTIONS [TAGS...] - TYPE SOURCE SUPEROPTIONS" */
static bool parse(char *line, struct mountinfo *ret)
{
	char *fields[6], *rest = line, *end, *type, *source;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		fields[i] = strsep(&rest, " ");
	end = rest ? strstr(rest, "- ") : NULL;
	if (!end)
		return false;
	*end = '\0';
	end += 2;
	type = strsep(&end, " ");
	source = strsep(&end, " ");
	if (!source)
		return false;
	*ret = (struct mountinfo){ .id = strtoull(fields[0], NULL, 10),
				   .parent = strtoull(fields[1], NULL, 10),
				   .device = fields[2],
				   .root = unescape(fields[3]),
				   .place = unescape(fields[4]),
				   .options = fields[5],
				   .tags = rest,
				   .type = unescape(type),
				   .source = unescape(source) };
	return true;
}

bool mountinfo_next(char **text, struct mountinfo *ret)
{
	char *line;

	while ((line = strsep(text, "\n")))
		if (parse(line, ret))
			return true;
	return false;
}

static int read_text(pid_t pid, char *buf, size_t size)
{
	char path[40] = "/proc/self/mountinfo";

	if (pid)
		fmt(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	return file_read(AT_FDCWD, path, buf, size);
}

int mountinfo_read(struct arena *a, pid_t pid, struct mountinfo_list *ret)
{
	char *text = arena_alloc(a, TEXT_SIZE);
	struct mountinfo_list list = { 0 };
	size_t lines = 1;
	int r = text ? read_text(pid, text, TEXT_SIZE) : -ENOMEM;

	if (r < 0)
		return r;
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	list.items = arena_array(a, lines, sizeof(*list.items));
	if (!list.items)
		return -ENOMEM;
	while (list.count < lines && mountinfo_next(&text, &list.items[list.count]))
		list.count++;
	*ret = list;
	return 0;
}
