/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See criu.h.
 */
#include "criu.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/fmt.h"
#include "execve.h"
#include "process.h"

/* Numbers of fields: of a request, and of a reply and its parts. */
enum {
	REQUEST_TYPE = 1,
	REQUEST_OPTS = 2,
	REQUEST_NOTIFY_SUCCESS = 3,
	REQUEST_KEEP_OPEN = 4,
	REQUEST_FEATURES = 5,
	REPLY_TYPE = 1,
	REPLY_SUCCESS = 2,
	REPLY_RESTORE = 4,
	REPLY_NOTIFY = 5,
	REPLY_ERRNO = 7,
	REPLY_FEATURES = 8,
	REPLY_VERSION = 10
};

enum {
	REPLY_SIZE = 16 * 1024
};

const char criu_usual_folders[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

int criu_find(const char *search, char *buf, size_t size)
{
	const char *at = search && *search ? search : criu_usual_folders;

	while (*at) {
		size_t len = strcspn(at, ":");

		/* Only absolute ones: what lies where the caller happens to be is not asked. */
		if (at[0] == '/' && fmt(buf, size, "%.*s/criu", (int)len, at) < size &&
		    faccessat(AT_FDCWD, buf, X_OK, AT_EACCESS) == 0)
			return 0;
		at += len + (at[len] == ':');
	}
	return -ENOENT;
}

/* Duplicates @fd to a number above those that place_fds() hands out. */
static int move_up(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, CRIU_WORKER_FD + CRIU_FDS_MAX + 1);
}

static int place_fds(const struct criu_child *c)
{
	int from[4 + CRIU_FDS_MAX], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t count = 4 + c->fd_count;

	if (null < 0)
		return neg_errno();
	for (size_t i = 0; i < count; i++) {
		int fd = i < 3 ? c->stdio[i] : i == 3 ? c->sock : c->fds[i - 4];

		from[i] = move_up(fd < 0 ? null : fd);
		if (from[i] < 0)
			return neg_errno();
	}
	for (size_t i = 0; i < count; i++)
		if (dup2(from[i], (int)i) < 0)
			return neg_errno();
	execve_close_fds((unsigned)count, NULL, 0);
	return 0;
}

int criu_become(const struct criu_child *c)
{
	char number[] = { '0' + CRIU_WORKER_FD, '\0' };
	char *const argv[] = { "criu", "swrk", number, NULL };
	int r;

	/* What a user types at the terminal is not meant for it: half a dump is none. */
	if (!c->keeps_group && setpgid(0, 0) < 0)
		return neg_errno();
	r = place_fds(c);
	if (r == 0)
		r = execve_reset_signals(UINT64_MAX);
	if (r < 0)
		return r;
	/* When the runtime is killed a dump is to fail and put everything back, not to be killed
	 * too.
	 */
	(void)signal(SIGPIPE, SIG_IGN);
	process_die_with_parent(c->dies_with_us);
	return execve_program(c->path, argv, c->envp);
}

static int send_parts(int sock, struct iovec *parts, size_t count)
{
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = count };
	ssize_t n;

	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? neg_errno() : 0;
}

int criu_send(int sock, enum criu_verb type, const struct protobuf *opts, bool keep_open)
{
	uint8_t head[32], tail[16];
	struct protobuf h = { head, sizeof(head), 0 }, t = { tail, sizeof(tail), 0 };
	struct iovec parts[3];

	protobuf_put_number(&h, REQUEST_TYPE, type);
	if (opts)
		protobuf_put_header(&h, REQUEST_OPTS, opts->len);
	if (keep_open)
		protobuf_put_number(&t, REQUEST_KEEP_OPEN, true);
	if (type == CRIU_FEATURE_CHECK) {
		/* mem_track, lazy_pages: true asks for them */
		protobuf_put_header(&t, REQUEST_FEATURES, 4);
		protobuf_put_number(&t, 1, true);
		protobuf_put_number(&t, 2, true);
	}
	parts[0] = (struct iovec){ head, h.len };
	parts[1] = (struct iovec){ opts ? opts->data : head, opts ? opts->len : 0 };
	parts[2] = (struct iovec){ tail, t.len };
	return send_parts(sock, parts, 3);
}

int criu_send_answer(int sock, bool success)
{
	uint8_t data[16];
	struct protobuf p = { data, sizeof(data), 0 };
	struct iovec part = { data, 0 };

	protobuf_put_number(&p, REQUEST_TYPE, CRIU_NOTIFY);
	protobuf_put_number(&p, REQUEST_NOTIFY_SUCCESS, success);
	part.iov_len = p.len;
	return send_parts(sock, &part, 1);
}

static int decode_version(const struct protobuf_field *f, struct criu_reply *ret)
{
	struct protobuf_reader r = { f->data, f->data + f->len };
	unsigned parts[7] = { 0 };
	struct protobuf_field n;
	int more;

	while ((more = protobuf_next(&r, &n)) > 0)
		if (n.number < ARRAY_SIZE(parts) && n.value < 100)
			parts[n.number] = (unsigned)n.value;
	ret->version = parts[1] * 10000 + parts[2] * 100 + parts[4];
	return more;
}

static int decode_notify(const struct protobuf_field *f, struct criu_reply *ret)
{
	struct protobuf_reader r = { f->data, f->data + f->len };
	struct protobuf_field n;
	int more;

	while ((more = protobuf_next(&r, &n)) > 0) {
		if (n.number == 1)
			protobuf_copy_string(&n, ret->script, sizeof(ret->script));
		else if (n.number == 2)
			ret->pid = (pid_t)n.value;
	}
	return more;
}

static int decode_restore(const struct protobuf_field *f, struct criu_reply *ret)
{
	struct protobuf_reader r = { f->data, f->data + f->len };
	struct protobuf_field n;
	int more;

	while ((more = protobuf_next(&r, &n)) > 0)
		if (n.number == 1)
			ret->pid = (pid_t)n.value;
	return more;
}

static int decode_features(const struct protobuf_field *f, struct criu_reply *ret)
{
	struct protobuf_reader r = { f->data, f->data + f->len };
	struct protobuf_field n;
	int more;

	while ((more = protobuf_next(&r, &n)) > 0) {
		if (n.number == 1)
			ret->has_mem_track = n.value;
		else if (n.number == 2)
			ret->has_lazy_pages = n.value;
	}
	return more;
}

static int take_field(const struct protobuf_field *f, struct criu_reply *ret)
{
	switch (f->number) {
	case REPLY_TYPE:
		ret->type = (unsigned)f->value;
		return 0;
	case REPLY_SUCCESS:
		ret->success = f->value;
		return 0;
	case REPLY_ERRNO:
		ret->code = f->value < 4096 ? (int)f->value : 0;
		return 0;
	default:
		break;
	}
	if (!f->data)
		return 0;
	switch (f->number) {
	case REPLY_RESTORE:
		return decode_restore(f, ret);
	case REPLY_NOTIFY:
		return decode_notify(f, ret);
	case REPLY_FEATURES:
		return decode_features(f, ret);
	case REPLY_VERSION:
		return decode_version(f, ret);
	default:
		return 0;
	}
}

int criu_decode_reply(const void *data, size_t len, struct criu_reply *ret)
{
	const uint8_t *from = data;
	struct protobuf_reader r = { from, from + len };
	struct criu_reply reply = { .fd = -1 };
	struct protobuf_field f;
	int more;

	while ((more = protobuf_next(&r, &f)) > 0)
		if (take_field(&f, &reply) < 0)
			return -EBADMSG;
	if (more == 0)
		*ret = reply;
	return more;
}

static int find_fd(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int criu_receive(int sock, struct criu_reply *ret)
{
	char data[REPLY_SIZE];
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { data, sizeof(data) };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	_cleanup_fd_ int fd = -1;
	ssize_t n;
	int r;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : neg_errno();
	fd = find_fd(&msg);
	if (n == 0)
		return 0;
	if (msg.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	r = criu_decode_reply(data, (size_t)n, ret);
	if (r < 0)
		return r;
	ret->fd = take_fd(&fd);
	return 1;
}
