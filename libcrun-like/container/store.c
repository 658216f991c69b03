/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See store.h.
 */
#include "container/store.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/fmt.h"
#include "kernel/file.h"
#include "kernel/replace.h"
#include "oci-spec/json_utf8.h"

enum {
	FILE_SIZE_MAX = OCI_JSON_SIZE_MAX + OCI_STATE_ROOM,
	LOCK_POLL_MSEC = 5,
	CLAIM_LOCK_MSEC = 2000
};

static bool is_id_char(char c, bool is_first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c == '_' || c == '+' || c == '-' || (c == '.' && !is_first);
}

int store_check_id(const char *id, struct err *e)
{
	size_t len = strnlen(id, STORE_ID_MAX + 1);

	if (len == 0)
		return err_kind(e, ERR_USAGE, EINVAL, "container id cannot be empty");
	if (len > STORE_ID_MAX)
		return err_kind(e, ERR_USAGE, EINVAL, "the container id is longer than %d bytes",
				STORE_ID_MAX);
	for (size_t i = 0; i < len; i++) {
		if (is_id_char(id[i], i == 0))
			continue;
		/* runc's words and crun's; what shows nothing by itself is told by its place. */
		if (id[i] > ' ' && id[i] <= '~')
			err_kind(e, ERR_USAGE, EINVAL,
				 "invalid container ID format: invalid character `%c` in the "
				 "container ID \"%s\"",
				 id[i], id);
		else
			err_kind(
				e, ERR_USAGE, EINVAL,
				"invalid container ID format: invalid character at position %zu of "
				"\"%s\"",
				i + 1, id);
		return err_hint(
			e, "an id has letters, digits and _ + - . and does not begin with a dot");
	}
	return 0;
}

int store_claim(int rootfd, const char *id, int *ret_dirfd, struct err *e)
{
	_cleanup_fd_ int fd = -1;

	if (mkdirat(rootfd, id, 0700) < 0) {
		if (errno == EEXIST)
			return err_kind(e, ERR_EXISTS, EEXIST,
					"container with given ID already exists: %s", id);
		return err_set(e, errno, "make the state directory of %s", id);
	}
	fd = openat(rootfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* A state query may hold the lock for a moment, to see whether it is held. */
	if (fd < 0)
		err_set(e, errno, "open the state directory of %s", id);
	else
		store_lock(fd, CLAIM_LOCK_MSEC, e);
	if (e->code) {
		/* Deleted by somebody: then what has the name now is another's. */
		if (e->kind != ERR_NOT_FOUND)
			unlinkat(rootfd, id, AT_REMOVEDIR);
		return -e->code;
	}
	*ret_dirfd = take_fd(&fd);
	return 0;
}

static bool is_ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

int store_open(int rootfd, const char *id, int *ret_dirfd, struct err *e)
{
	struct stat st;
	int fd = openat(rootfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int code = errno;

	if (fd < 0 && code == ENOENT)
		return err_kind(e, ERR_NOT_FOUND, ENOENT, "container %s: container does not exist",
				id);
	if (fd < 0 &&
	    (code != EACCES || fstatat(rootfd, id, &st, AT_SYMLINK_NOFOLLOW) < 0 || is_ours(&st)))
		return err_set(e, code, "open the state directory of %s", id);
	if (fd >= 0 && fstat(fd, &st) < 0) {
		code = errno;
		close(fd);
		return err_set(e, code, "look at the state directory of %s", id);
	}
	/* In a root that others may write to, somebody could have put one there for us to act upon.
	 */
	if (fd < 0 || !is_ours(&st) || (st.st_mode & 022)) {
		close_fdp(&fd);
		return err_kind(e, ERR_STATE, EPERM, "the state directory of %s is not ours", id);
	}
	*ret_dirfd = fd;
	return 0;
}

bool store_is_locked(int dirfd)
{
	if (flock(dirfd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	flock(dirfd, LOCK_UN);
	return false;
}

int store_lock(int dirfd, unsigned msec, struct err *e)
{
	const struct timespec pause = { .tv_nsec = LOCK_POLL_MSEC * 1000000L };
	struct stat st;

	for (unsigned waited = 0; flock(dirfd, LOCK_EX | LOCK_NB) < 0; waited += LOCK_POLL_MSEC) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(e, errno, "lock the state directory");
		if (waited >= msec)
			return err_kind(e, ERR_TIMEOUT, EBUSY,
					"the container is in use by another operation");
		nanosleep(&pause, NULL);
	}
	if (fstat(dirfd, &st) == 0 && st.st_nlink == 0)
		return err_kind(e, ERR_NOT_FOUND, ENOENT, "container does not exist");
	return 0;
}

void store_unlock(int dirfd)
{
	flock(dirfd, LOCK_UN);
}

int store_write_file(int dirfd, const char *name, const char *text, size_t len, struct err *e)
{
	/* Under our lock nobody else writes here: what has the temporary name is of a writer that
	 * was killed. */
	int r = replace_file(dirfd, name, &(struct replacement){ text, len, 0600, true });

	return r < 0 ? err_set(e, -r, "write %s of the container's state", name) : 0;
}

int store_read_file(struct arena *a, int dirfd, const char *name, char **ret, size_t *ret_len,
		    struct err *e)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t len;
	char *text;

	if (fd < 0)
		return err_set(e, errno, "open %s of the container's state", name);
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "look at %s of the container's state", name);
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_SIZE_MAX)
		return err_kind(e, ERR_STATE, EINVAL,
				"%s of the container's state is not a small file", name);
	text = arena_alloc(a, (size_t)st.st_size + 1);
	if (!text)
		return err_set(e, ENOMEM, "read %s of the container's state", name);
	len = file_read_rest(fd, text, (size_t)st.st_size);
	if (len < 0)
		return err_set(e, (int)-len, "read %s of the container's state", name);
	*ret = text;
	*ret_len = (size_t)len;
	return 0;
}

/* The path of a bundle may be any bytes, and JSON cannot hold them all; a link can. */
static int keep_bundle(int dirfd, const char *bundle, struct err *e)
{
	size_t len = bundle ? strlen(bundle) : 0;

	if (json_utf8_scan(bundle, len) == len)
		return 0;
	(void)unlinkat(dirfd, STORE_BUNDLE, 0); /* of the journal, which says the same */
	return symlinkat(bundle, dirfd, STORE_BUNDLE) < 0
		       ? err_set(e, errno, "keep the bundle's path in the container's state")
		       : 0;
}

static int recall_bundle(struct arena *a, int dirfd, struct davit_state *s, struct err *e)
{
	char path[PATH_MAX];
	ssize_t n;

	if (!s->bundle || !strstr(s->bundle, JSON_REPLACEMENT))
		return 0;
	n = readlinkat(dirfd, STORE_BUNDLE, path, sizeof(path) - 1);
	if (n < 0)
		return 0; /* a path with that very character in it */
	path[n] = '\0';
	s->bundle = arena_strdup(a, path);
	return s->bundle ? 0 : err_set(e, ENOMEM, "read the container's state");
}

int store_write_state(int dirfd, const char *name, const struct davit_state *s, struct err *e)
{
	struct arena a = { 0 };
	size_t len = 0;
	char *text = davit_state_encode(&a, s, &len);

	if (!text)
		err_set(e, ENOMEM, "encode the container's state");
	else if (keep_bundle(dirfd, s->bundle, e) == 0)
		store_write_file(dirfd, name, text, len, e);
	arena_release(&a);
	return -e->code;
}

int store_read_state(struct arena *a, int dirfd, const char *name, struct davit_state **ret,
		     struct err *e)
{
	char *text;
	size_t len;

	if (store_read_file(a, dirfd, name, &text, &len, e) < 0)
		return -e->code;
	if (davit_state_decode(a, text, len, name, ret, e) < 0) {
		e->kind = ERR_STATE;
		return err_hint(
			e, "the state file is damaged; `delete --force` removes the container");
	}
	return recall_bundle(a, dirfd, *ret, e);
}

void store_socket_path(int dirfd, const char *name, char *buf, size_t size)
{
	fmt(buf, size, "/proc/self/fd/%d/%s", dirfd, name);
}
