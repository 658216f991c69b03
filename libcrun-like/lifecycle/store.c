/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See store.h.
 */
#include "lifecycle/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/fmt.h"

enum {
	FILE_SIZE_MAX = OCI_JSON_SIZE_MAX,
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
		return err_kind(e, ERR_USAGE, EINVAL, "the container id is empty");
	if (len > STORE_ID_MAX)
		return err_kind(e, ERR_USAGE, EINVAL, "the container id is longer than %d bytes",
				STORE_ID_MAX);
	for (size_t i = 0; i < len; i++) {
		if (is_id_char(id[i], i == 0))
			continue;
		err_kind(e, ERR_USAGE, EINVAL,
			 "invalid character at position %zu of the container id \"%s\"", i + 1, id);
		return err_hint(
			e, "an id has letters, digits and _ + - . and does not begin with a dot");
	}
	return 0;
}

static int make_root(const char *root, struct err *e)
{
	char path[PATH_MAX];

	if (fmt(path, sizeof(path), "%s", root) >= sizeof(path))
		return err_set(e, ENAMETOOLONG, "make the state root");
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return err_set(e, errno, "make the state root's parent %s", path);
		*p = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make the state root %s", path);
	return 0;
}

static int check_root(int fd, const char *root, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "look at the state root %s", root);
	if (st.st_uid != 0 && st.st_uid != geteuid())
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
	_cleanup_fd_ int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && create) {
		if (make_root(root, e) < 0)
			return -e->code;
		fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0 && errno == ENOENT)
		return err_kind(e, ERR_NOT_FOUND, ENOENT, "the state root %s does not exist", root);
	if (fd < 0)
		return err_set(e, errno, "open the state root %s", root);
	if (check_root(fd, root, e) < 0)
		return -e->code;
	*ret_fd = take_fd(&fd);
	return 0;
}

int store_claim(int rootfd, const char *id, int *ret_dirfd, struct err *e)
{
	_cleanup_fd_ int fd = -1;

	if (mkdirat(rootfd, id, 0700) < 0) {
		if (errno == EEXIST)
			return err_kind(e, ERR_EXISTS, EEXIST,
					"container with id exists: %s already exists", id);
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

int store_open(int rootfd, const char *id, int *ret_dirfd, struct err *e)
{
	struct stat st;
	int fd = openat(rootfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return err_kind(e, ERR_NOT_FOUND, ENOENT, "container %s: container does not exist",
				id);
	if (fd < 0)
		return err_set(e, errno, "open the state directory of %s", id);
	/* In a root that others may write to, somebody could have put one there for us to act upon.
	 */
	if (fstat(fd, &st) < 0 || (st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & 022)) {
		close(fd);
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

/* "1: FLOCK  ADVISORY  WRITE 4711 fd:00:4242 0 EOF": pid, then device and inode of the file. */
static bool parse_lock(const char *line, ino_t inode, pid_t *ret_pid)
{
	unsigned long long found;
	unsigned major, minor;
	int pid;

	if (sscanf(line, "%*d: FLOCK ADVISORY WRITE %d %x:%x:%llu", &pid, &major, &minor, &found) !=
	    4)
		return false;
	if (found != inode || pid <= 1)
		return false;
	*ret_pid = pid;
	return true;
}

int store_find_locker(int dirfd, pid_t *ret_pid)
{
	char line[256];
	struct stat st;
	bool is_found = false;
	FILE *f;

	if (fstat(dirfd, &st) < 0)
		return neg_errno();
	f = fopen("/proc/locks", "re");
	if (!f)
		return neg_errno();
	while (!is_found && fgets(line, sizeof(line), f))
		is_found = parse_lock(line, st.st_ino, ret_pid);
	fclose(f);
	return is_found ? 0 : -ESRCH;
}

void store_unlock(int dirfd)
{
	flock(dirfd, LOCK_UN);
}

int store_write_file(int dirfd, const char *name, const char *text, size_t len, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	char temp[64];
	int r;

	fmt(temp, sizeof(temp), ".%s.new", name);
	fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, errno, "write %s of the container's state", name);
	r = write_all(fd, text, len);
	if (r == 0 && renameat(dirfd, temp, dirfd, name) < 0)
		r = neg_errno();
	if (r < 0) {
		unlinkat(dirfd, temp, 0);
		return err_set(e, -r, "write %s of the container's state", name);
	}
	return 0;
}

int store_read_file(struct arena *a, int dirfd, const char *name, char **ret, size_t *ret_len,
		    struct err *e)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	size_t len = 0;
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
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, text + len, (size_t)st.st_size - len);

		if (n < 0)
			return err_set(e, errno, "read %s of the container's state", name);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret = text;
	*ret_len = len;
	return 0;
}

int store_write_state(int dirfd, const char *name, const struct davit_state *s, struct err *e)
{
	struct arena a = { 0 };
	size_t len = 0;
	char *text = davit_state_encode(&a, s, &len);
	int r = text ? store_write_file(dirfd, name, text, len, e)
		     : err_set(e, ENOMEM, "encode the container's state");

	arena_release(&a);
	return r;
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
	return 0;
}

/* What a killed create may have left half-written, and what is not ours: it must not stop a delete.
 */
static void remove_others(int dirfd)
{
	_cleanup_fd_ int again = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again >= 0 ? fdopendir(again) : NULL;
	const struct dirent *entry;

	if (!dir)
		return;
	again = -1;
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(dirfd, entry->d_name, 0) < 0 && errno == EISDIR)
			unlinkat(dirfd, entry->d_name, AT_REMOVEDIR);
	closedir(dir);
}

/* The usual files by name, which takes neither memory nor descriptors: undoing must work without.
 */
static int empty_and_remove(int rootfd, const char *name, int dirfd)
{
	static const char *const usual[] = { "state.json", "config.json", STORE_START_SOCKET,
					     "journal.json" };

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		unlinkat(dirfd, usual[i], 0);
	if (unlinkat(rootfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST) {
		unlinkat(dirfd, STORE_NOTIFY_SOCKET, 0);
		remove_others(dirfd);
	}
	return unlinkat(rootfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? neg_errno() : 0;
}

/* No container's id begins with a dot. */
static void gone_name(const char *id, char *buf, size_t size)
{
	fmt(buf, size, ".gone.%s", id);
}

void store_sweep(int rootfd, const char *id)
{
	_cleanup_fd_ int dirfd = -1;
	char gone[STORE_ID_MAX + 8];

	gone_name(id, gone, sizeof(gone));
	dirfd = openat(rootfd, gone, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd >= 0)
		(void)empty_and_remove(rootfd, gone, dirfd);
}

/* First out of everybody's sight: a directory that is half empty would pass for a create that has
 * just begun. */
int store_remove(int rootfd, const char *id, int dirfd, struct err *e)
{
	char gone[STORE_ID_MAX + 8];
	int r;

	gone_name(id, gone, sizeof(gone));
	r = renameat(rootfd, id, rootfd, gone);
	if (r < 0 && (errno == ENOTEMPTY || errno == EEXIST)) {
		store_sweep(rootfd, id);
		r = renameat(rootfd, id, rootfd, gone);
	}
	/* A full disk may refuse even that; removing needs no room. */
	r = empty_and_remove(rootfd, r == 0 ? gone : id, dirfd);
	return r < 0 ? err_set(e, -r, "remove the state directory of %s", id) : 0;
}

void store_socket_path(int dirfd, const char *name, char *buf, size_t size)
{
	fmt(buf, size, "/proc/self/fd/%d/%s", dirfd, name);
}
