/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See document.h. A device or a file without end must not make us wait or eat memory (R03): of
 * devices a terminal alone is read, and the size is looked at while reading, since a pipe and a
 * file that grows do not tell it before.
 */
#include "lifecycle/document.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/signals.h"
#include "oci-spec/json.h"

enum {
	PIPE_FIRST = 64 * 1024
};

int document_own_descriptor(const char *path)
{
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };
	const char *digits = NULL;
	int fd = 0;

	if (!strcmp(path, "/dev/stdin"))
		return STDIN_FILENO;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (!strncmp(path, folders[i], strlen(folders[i])))
			digits = path + strlen(folders[i]);
	if (!digits || !*digits || strlen(digits) > 8)
		return -1;
	for (; *digits >= '0' && *digits <= '9'; digits++)
		fd = fd * 10 + (*digits - '0');
	return *digits ? -1 : fd;
}

/* A descriptor's file cannot always be opened again: a socket never, nor what belonged to who we
 * were, nor anything without /proc. */
static int open_document(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), own, code;

	if (fd >= 0)
		return fd;
	code = errno;
	own = document_own_descriptor(path);
	fd = own >= 0 ? fcntl(own, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
	return fd >= 0 ? fd : err_set(e, code, "open %s", path);
}

static int check_sort(int fd, const char *path, struct stat *ret, struct err *e)
{
	if (fstat(fd, ret) < 0)
		return err_set(e, errno, "look at %s", path);
	if (!S_ISREG(ret->st_mode) && !S_ISFIFO(ret->st_mode) && !S_ISSOCK(ret->st_mode) &&
	    !(S_ISCHR(ret->st_mode) && isatty(fd)))
		return err_kind(e, ERR_JSON, EINVAL, "%s is neither a regular file nor a pipe",
				path);
	return 0;
}

static int refuse_size(const char *path, struct err *e)
{
	return err_kind(e, ERR_JSON, EFBIG, "%s is larger than %d MiB", path,
			OCI_JSON_SIZE_MAX >> 20);
}

/* Until there is something to read, the end included. */
static int wait_for_writer(int fd, const char *path, struct err *e)
{
	const struct timespec idle = { .tv_sec = DOCUMENT_IDLE_MSEC / 1000 };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	sigset_t mask, ending;
	int r;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	signals_that_end(&ending);
	for (int sig = 1; sig < SIGRTMIN; sig++)
		if (sigismember(&ending, sig))
			sigdelset(&mask, sig);
	do
		r = ppoll(&p, 1, &idle, &mask);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_set(e, errno, "wait for %s", path);
	return r > 0 ? 0
		     : err_kind(e, ERR_TIMEOUT, ETIMEDOUT,
				"read %s: nobody wrote to it for %d seconds", path,
				DOCUMENT_IDLE_MSEC / 1000);
}

struct text {
	char *bytes;
	size_t len, size;
};

/* Room for one byte more, at least. */
static int make_room(struct arena *a, struct text *t, size_t first)
{
	size_t size = t->size ? t->size * 2 : first;
	char *bytes;

	if (t->len < t->size)
		return 0;
	bytes = arena_alloc(a, size);
	if (!bytes)
		return -ENOMEM;
	if (t->len)
		memcpy(bytes, t->bytes, t->len);
	t->bytes = bytes;
	t->size = size;
	return 0;
}

int document_read(struct arena *a, const char *path, const char **ret, size_t *ret_len,
		  struct err *e)
{
	_cleanup_fd_ int fd = open_document(path, e);
	struct text t = { 0 };
	struct stat st;
	ssize_t n = 1;

	if (fd < 0 || check_sort(fd, path, &st, e) < 0)
		return -e->code;
	if (st.st_size > OCI_JSON_SIZE_MAX)
		return refuse_size(path, e);
	while (n > 0) {
		/* One byte more than the file has: its end is seen without another piece. */
		if (make_room(a, &t, S_ISREG(st.st_mode) ? (size_t)st.st_size + 1 : PIPE_FIRST) < 0)
			return err_set(e, ENOMEM, "read %s", path);
		if (!S_ISREG(st.st_mode) && wait_for_writer(fd, path, e) < 0)
			return -e->code;
		n = read(fd, t.bytes + t.len, t.size - t.len);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return err_set(e, errno, "read %s", path);
		t.len += n > 0 ? (size_t)n : 0;
		n = n < 0 ? 1 : n; /* again */
		if (t.len > OCI_JSON_SIZE_MAX)
			return refuse_size(path, e);
	}
	*ret = t.bytes;
	*ret_len = t.len;
	return 0;
}
