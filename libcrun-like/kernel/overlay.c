/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See overlay.h. In the one string of mount(2) a backslash protects the commas, colons and
 * backslashes of a path. fsconfig(2) has no such string: the kernel takes the backslashes off
 * upperdir and workdir still, but not off a layer that is added by itself.
 */
#include "kernel/overlay.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/fmt.h"
#include "kernel/sys.h"

enum {
	STRING_MAX = 256 /* as in mount.c: of fsconfig(2), the closing NUL included */
};

struct context {
	int fd;
	char *message;
	size_t size;
};

/* The length of @s up to the first of @ends that no backslash protects. */
static size_t span(const char *s, const char *ends)
{
	size_t len = 0;

	while (s[len] && !strchr(ends, s[len]))
		len += s[len] == '\\' && s[len + 1] ? 2 : 1;
	return len;
}

static int copy_plain(char path[static PATH_MAX], const char *s, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len && at < PATH_MAX; i++) {
		if (s[i] == '\\' && i + 1 < len)
			i++;
		path[at++] = s[i];
	}
	if (at >= PATH_MAX)
		return -ENAMETOOLONG;
	path[at] = '\0';
	return at ? 0 : -EINVAL;
}

/* A path that no string of fsconfig(2) has room for goes by descriptor (Linux 6.13). */
static int set_long_dir(const struct context *c, const char *key, const char *path)
{
	_cleanup_fd_ int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 ? neg_errno() : sys_fsconfig(c->fd, FSCONFIG_SET_FD, key, NULL, dir);

	if (r != -EINVAL)
		return r;
	fmt(c->message, c->size, "a path of %zu bytes is too long, the kernel takes %d",
	    strlen(path), STRING_MAX - 1);
	return -E2BIG;
}

static int set_dir(const struct context *c, const char *key, const char *s, size_t len)
{
	bool is_layer = strchr(key, '+') != NULL;
	char path[PATH_MAX];
	int r = 0;

	if (is_layer || len >= STRING_MAX) {
		r = copy_plain(path, s, len);
	} else {
		memcpy(path, s, len);
		path[len] = '\0';
	}
	if (r == 0 && (is_layer ? strlen(path) : len) >= STRING_MAX)
		r = set_long_dir(c, key, path);
	else if (r == 0)
		r = sys_fsconfig(c->fd, FSCONFIG_SET_STRING, key, path, 0);
	if (r < 0 && !c->message[0])
		fmt(c->message, c->size, "%s=%.*s", key, (int)len, s);
	return r;
}

/* LAYER:LAYER::DATA::DATA, the topmost first. */
static int set_lower(const struct context *c, const char *s)
{
	const char *key = "lowerdir+";
	bool is_data = false;

	for (;;) {
		size_t len = span(s, ":,");
		int r = set_dir(c, key, s, len);

		s += len;
		if (r < 0 || *s != ':')
			return r;
		s++;
		if (*s == ':') {
			key = "datadir+";
			is_data = true;
			s++;
		} else if (is_data) {
			fmt(c->message, c->size, "lowerdir has a layer after those with data only");
			return -EINVAL;
		}
	}
}

/* Commas within double quotes belong to the value, the quotes do not (SELinux contexts). */
static int set_other(const struct context *c, const char *key, const char *value, size_t len)
{
	char text[STRING_MAX];

	if (!value)
		return sys_fsconfig(c->fd, FSCONFIG_SET_FLAG, key, NULL, 0);
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
		value++;
		len -= 2;
	}
	if (len >= STRING_MAX)
		return -E2BIG;
	memcpy(text, value, len);
	text[len] = '\0';
	return sys_fsconfig(c->fd, FSCONFIG_SET_STRING, key, text, 0);
}

static int set_option(const struct context *c, const char *key, const char *value, size_t len)
{
	if (value && strcmp(key, "lowerdir") == 0)
		return set_lower(c, value);
	if (value && (strcmp(key, "upperdir") == 0 || strcmp(key, "workdir") == 0))
		return set_dir(c, key, value, len);
	return set_other(c, key, value, len);
}

static size_t value_length(const char *value)
{
	size_t len = value[0] == '"' ? 1 + strcspn(value + 1, "\"") : 0;

	return len && value[len] ? len + 1 : span(value, ",");
}

int overlay_configure(int fs_fd, const char *data, char *message, size_t size)
{
	const struct context c = { fs_fd, message, size };
	char key[STRING_MAX];
	int r = 0;

	while (r == 0) {
		const char *value = NULL;
		size_t len, value_len = 0;

		data += strspn(data, ",");
		if (!*data)
			return 0;
		len = strcspn(data, "=,");
		if (len >= sizeof(key))
			return -E2BIG;
		memcpy(key, data, len);
		key[len] = '\0';
		data += len;
		if (*data == '=') {
			value = ++data;
			value_len = value_length(value);
		}
		r = set_option(&c, key, value, value_len);
		data += value_len;
	}
	return r;
}
