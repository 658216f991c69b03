/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See streams.h.
 */
#include "setup/criu/streams.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "kernel/cgroupfs.h"
#include "kernel/file.h"
#include "kernel/mountinfo.h"
#include "kernel/replace.h"
#include "oci-spec/table.h"

#define STREAMS_FILE "descriptors.json"

enum {
	NULL_DEVICE = 0x103,      /* 1:3, also as criu writes it */
	FILE_SIZE_MAX = 16 * 1024 /* three paths of the others' */
};

/* "mnt_id:	28" of /proc/PID/fdinfo/N. */
static int read_mount_id(pid_t pid, int fd, uint64_t *ret)
{
	char path[64], text[4096], *at;
	int r;

	fmt(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	r = file_read(AT_FDCWD, path, text, sizeof(text));
	if (r < 0)
		return r;
	at = strstr(text, "mnt_id:");
	if (!at)
		return -ENODATA;
	*ret = strtoull(at + strlen("mnt_id:"), NULL, 10);
	return 0;
}

static int is_mount_of(struct arena *a, pid_t pid, uint64_t id)
{
	struct mountinfo_list mounts;
	int r = mountinfo_read(a, pid, &mounts);

	if (r < 0)
		return r;
	for (size_t i = 0; i < mounts.count; i++)
		if (mounts.items[i].id == id)
			return 1;
	return 0;
}

/* A file, terminal or device: criu finds what the container can find by a path; the rest it has to
 * be told of. */
static int look_at_file(struct arena *a, pid_t pid, int fd, const struct stat *st,
			struct stream *ret)
{
	uint64_t id;
	int r = read_mount_id(pid, fd, &id);

	if (r == 0)
		r = is_mount_of(a, pid, id);
	if (r != 0)
		return r < 0 ? r : 0;
	ret->is_external = true;
	ret->is_null = S_ISCHR(st->st_mode) && st->st_rdev == NULL_DEVICE;
	if (S_ISCHR(st->st_mode) && !ret->is_null)
		fmt(ret->key, sizeof(ret->key), "tty[%llx:%llx]", (unsigned long long)st->st_rdev,
		    (unsigned long long)st->st_dev);
	else
		fmt(ret->key, sizeof(ret->key), "file[%llx:%llx]", (unsigned long long)id,
		    (unsigned long long)st->st_ino);
	return 0;
}

static int look_at(struct arena *a, pid_t pid, int fd, struct stream *ret)
{
	char path[64];
	struct stat st;

	*ret = (struct stream){ 0 };
	fmt(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	if (fstatat(AT_FDCWD, path, &st, 0) < 0)
		return errno == ENOENT ? 0 : neg_errno();
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) {
		char link[STREAM_KEY_SIZE];
		ssize_t n = readlinkat(AT_FDCWD, path, link, sizeof(link) - 1);

		if (n > 0 &&
		    (strncmp(link, "pipe:[", 6) == 0 || strncmp(link, "socket:[", 8) == 0)) {
			fmt(ret->key, sizeof(ret->key), "%.*s", (int)n, link);
			return 0;
		}
	}
	return look_at_file(a, pid, fd, &st, ret);
}

int streams_look(struct arena *a, pid_t pid, struct stream ret[static STREAMS], struct err *e)
{
	for (int fd = 0; fd < STREAMS; fd++) {
		int r = look_at(a, pid, fd, &ret[fd]);

		if (r < 0)
			return err_set(e, -r, "look at standard stream %d of process %d", fd,
				       (int)pid);
	}
	return 0;
}

static int save(int dirfd, const char *text, size_t len, struct err *e)
{
	int r = replace_file(dirfd, STREAMS_FILE, &(struct replacement){ text, len, 0600, false });

	return r < 0 ? err_set(e, -r, "write %s", STREAMS_FILE) : 0;
}

/* The keys have nothing in them that JSON would want to be escaped. */
int streams_save(int dirfd, const struct stream streams[static STREAMS], struct err *e)
{
	char text[STREAMS * (STREAM_KEY_SIZE + 4) + 8];
	size_t len = 0;

	for (int i = 0; i < STREAMS; i++) {
		/* "file[..." */
		const char *rest = streams[i].is_null ? streams[i].key + strlen("file") : "";

		len += fmt(text + len, sizeof(text) - len, "%s\"%s%s\"", i ? "," : "[",
			   streams[i].is_null ? "null" : streams[i].key, rest);
	}
	len += fmt(text + len, sizeof(text) - len, "]");
	return save(dirfd, text, len, e);
}

/* --- reading ---------------------------------------------------------------------------------- */

struct streams_document {
	struct oci_strings keys;
};

static const struct oci_field streams_document_fields[] = {
	ROW_STRINGS(streams_document, keys, "keys", OCI_REQUIRED),
};
static const struct oci_object streams_document_object = OCI_OBJECT_OF(streams_document);

/* NAME[HEX] or NAME[HEX:HEX]: the whole text. */
static bool is_key(const char *text)
{
	static const struct {
		const char *begin;
		const char *digits;
		bool has_two;
	} forms[] = {
		{ "pipe:[", "0123456789", false },     { "socket:[", "0123456789", false },
		{ "file[", "0123456789abcdef", true }, { "null[", "0123456789abcdef", true },
		{ "tty[", "0123456789abcdef", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t len = strlen(forms[i].begin), span;
		const char *at = text + len;

		if (strncmp(text, forms[i].begin, len) != 0)
			continue;
		span = strspn(at, forms[i].digits);
		if (forms[i].has_two) {
			at += span && at[span] == ':' ? span + 1 : 0;
			span = at > text + len ? strspn(at, forms[i].digits) : 0;
		}
		return span && strcmp(at + span, "]") == 0 && strlen(text) < STREAM_KEY_SIZE;
	}
	return false;
}

static bool looks_like_key(const char *text)
{
	return *text && *text != '/';
}

int streams_decode(struct arena *a, const char *text, size_t len, struct stream ret[static STREAMS],
		   struct err *e)
{
	char *wrapped = arena_printf(a, "{\"keys\":%.*s}", (int)len, text);
	struct oci_document doc = { .text = wrapped, .name = STREAMS_FILE };
	struct streams_document *d;

	if (!wrapped)
		return err_set(e, ENOMEM, "read %s", STREAMS_FILE);
	doc.len = strlen(wrapped);
	if (oci_decode(a, &streams_document_object, &doc, (void **)&d, e) < 0)
		return -e->code;
	if (d->keys.count != STREAMS)
		return err_kind(e, ERR_JSON, EINVAL, "%s has %zu entries, not 3", STREAMS_FILE,
				d->keys.count);
	for (size_t i = 0; i < STREAMS; i++) {
		const char *key = d->keys.items[i];

		ret[i] = (struct stream){ 0 };
		ret[i].is_null = strncmp(key, "null[", 5) == 0;
		if (is_key(key))
			fmt(ret[i].key, sizeof(ret[i].key), "%s%s", ret[i].is_null ? "file" : "",
			    key + (ret[i].is_null ? 4 : 0));
		else if (looks_like_key(key)) /* a path is criu's own matter */
			return err_kind(e, ERR_JSON, EINVAL,
					"%s: entry %zu is no descriptor: \"%.60s\"", STREAMS_FILE,
					i, key);
	}
	return 0;
}

int streams_load(struct arena *a, int dirfd, struct stream ret[static STREAMS], struct err *e)
{
	_cleanup_fd_ int fd = openat(dirfd, STREAMS_FILE,
				     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char text[FILE_SIZE_MAX];
	struct stat st;
	ssize_t n;

	memset(ret, 0, STREAMS * sizeof(*ret));
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "open %s", STREAMS_FILE);
	if (!S_ISREG(st.st_mode) || st.st_size >= FILE_SIZE_MAX)
		return err_kind(e, ERR_JSON, EINVAL, "%s is no small file", STREAMS_FILE);
	n = file_read_rest(fd, text, sizeof(text));
	if (n < 0)
		return err_set(e, (int)-n, "read %s", STREAMS_FILE);
	return streams_decode(a, text, (size_t)n, ret, e);
}
