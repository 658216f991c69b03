/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See console.h. A peer that is dead or stuck costs at most the deadline: nothing here blocks
 * without one.
 */
#include "setup/console.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "base/fmt.h"
#include "kernel/node.h"
#include "kernel/pty.h"
#include "kernel/rootpath.h"

enum {
	DEADLINE_MSEC = 10 * 1000,
	RETRY_MSEC = 20,
};

int console_prepare(const struct oci_process *process, bool has_device, const char *socket,
		    struct console *ret, struct err *e)
{
	struct console console = { .has_device = has_device, .socket = socket };
	const struct oci_console_size *size;

	console.is_wanted = process && process->terminal && *process->terminal;
	if (console.is_wanted) {
		console.uid = process->user.uid;
		/* config.md: consoleSize is ignored when terminal is false. */
		size = process->console_size;
		if (size && (size->height > USHRT_MAX || size->width > USHRT_MAX))
			return err_field(e, EINVAL, "/process/consoleSize",
					 "console size %llux%llu is too large",
					 (unsigned long long)size->height,
					 (unsigned long long)size->width);
		console.rows = size ? (unsigned short)size->height : 0;
		console.columns = size ? (unsigned short)size->width : 0;
	}
	*ret = console;
	return 0;
}

static long long now_msec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* @path as an address. One that is too long (107 bytes) is given by its directory's fd, which is
 * kept open in *ret_dir meanwhile. */
static int make_address(const char *path, struct sockaddr_un *addr, int *ret_dir)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	/* An empty name would be an abstract address, and bind(2)'s automatic one. */
	if (!path[0])
		return -ENOENT;
	if (strlen(path) < sizeof(addr->sun_path)) {
		fmt(addr->sun_path, sizeof(addr->sun_path), "%s", path);
		return 0;
	}
	if (!slash || (size_t)(slash - path) >= sizeof(dir))
		return -ENAMETOOLONG;
	fmt(dir, sizeof(dir), "%.*s/", (int)(slash - path), path);
	*ret_dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir < 0)
		return neg_errno();
	if (fmt(addr->sun_path, sizeof(addr->sun_path), "/proc/self/fd/%d/%s", *ret_dir,
		slash + 1) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	return 0;
}

/* A unix socket never answers EINPROGRESS: when the listener's queue is full it is EAGAIN, without
 * anything to poll for. */
static int connect_until(int fd, const struct sockaddr_un *addr, long long deadline)
{
	const struct timespec pause = { .tv_nsec = RETRY_MSEC * 1000000L };

	while (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return neg_errno();
		if (now_msec() >= deadline)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

int console_connect(const char *path, int *ret_sockfd, struct err *e)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	_cleanup_fd_ int dir = -1;
	struct sockaddr_un addr;
	int r;

	if (fd < 0)
		return err_set(e, errno, "make a socket for the console");
	r = make_address(path, &addr, &dir);
	if (r == 0)
		r = connect_until(fd, &addr, now_msec() + DEADLINE_MSEC);
	if (r == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, ETIMEDOUT,
				"console socket %s did not accept within %d seconds", path,
				DEADLINE_MSEC / 1000);
	if (r < 0)
		return err_set(e, -r, "connect to console socket %s", path);
	*ret_sockfd = take_fd(&fd);
	return 0;
}

static int send_until(int sockfd, const struct msghdr *msg, size_t len, long long deadline)
{
	for (;;) {
		ssize_t n = sendmsg(sockfd, msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		struct pollfd p = { .fd = sockfd, .events = POLLOUT };
		long long left = deadline - now_msec();

		if (n >= 0)
			return (size_t)n == len ? 0 : -EIO;
		if (errno != EAGAIN && errno != EINTR)
			return neg_errno();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return neg_errno();
	}
}

/* Exactly one descriptor and a name of at least a byte: what the engines' receivers check. */
static int send_master(const struct console *console, const struct pty *pty, int sockfd,
		       struct err *e)
{
	const char *object = console->socket ? console->socket : "of this process";
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char name[32];
	struct iovec iov = { .iov_base = name };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int r;

	iov.iov_len = fmt(name, sizeof(name), "/dev/pts/%u", pty->number);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &pty->master, sizeof(int));
	r = send_until(sockfd, &msg, iov.iov_len, now_msec() + DEADLINE_MSEC);
	if (r == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, ETIMEDOUT,
				"console socket %s did not take the terminal within %d seconds",
				object, DEADLINE_MSEC / 1000);
	if (r < 0)
		return err_set(e, -r, "send the terminal to console socket %s", object);
	return 0;
}

/* The tree is cloned from the open slave, so nothing that the container put at /dev/pts/N counts;
 * the place is made here and never reached through a link (CVE-2026-88264). */
static int bind_device(const struct pty *pty, int rootfd, struct err *e)
{
	char name[256];
	_cleanup_fd_ int dirfd = rootpath_parent(rootfd, "/dev/console", name);
	_cleanup_fd_ int target = -1, tree = -1;
	int r;

	if (dirfd < 0)
		return err_set(e, -dirfd, "make the directory of /dev/console");
	r = node_touch(dirfd, name, &target);
	if (r == -ELOOP)
		return err_set(
			e, ELOOP,
			"/dev/console exists in the container's root and is a symbolic link");
	if (r < 0)
		return err_set(e, -r, "make the place for /dev/console");
	tree = node_clone(pty->slave);
	if (tree < 0)
		return err_set(e, -tree, "clone the terminal for /dev/console");
	r = node_bind(tree, dirfd, name, target);
	return r < 0 ? err_set(e, -r, "bind the terminal on /dev/console") : 0;
}

static int set_up(const struct console *console, const struct pty *pty, int rootfd, int sockfd,
		  struct err *e)
{
	int r = pty_chown(pty, console->uid);

	if (r < 0)
		return err_set(e, -r, "give the terminal to uid %u", console->uid);
	if (console->rows || console->columns) {
		r = pty_set_size(pty, console->rows, console->columns);
		if (r < 0)
			return err_set(e, -r, "set the size of the terminal");
	}
	if (console->has_device) {
		r = bind_device(pty, rootfd, e);
		if (r < 0)
			return r;
	}
	return send_master(console, pty, sockfd, e);
}

int console_apply(const struct console *console, int rootfd, int sockfd, int *ret_slave,
		  struct err *e)
{
	struct pty pty;
	int r = pty_open(rootfd, &pty);

	if (r == -ENOTTY)
		return err_set(e, ENOTTY, "/dev/pts/ptmx of the container is not that of a devpts");
	if (r < 0)
		return err_set(e, -r, "open a terminal through /dev/pts/ptmx of the container");
	r = set_up(console, &pty, rootfd, sockfd, e);
	if (r == 0)
		*ret_slave = take_fd(&pty.slave);
	pty_close(&pty);
	return r;
}

int console_become(int slave, struct err *e)
{
	int r = pty_become(slave);

	return r < 0 ? err_set(e, -r, "make the terminal the controlling one") : 0;
}

void console_describe(const struct console *console, const struct describe *d)
{
	if (!console->is_wanted)
		return;
	describe(d, "terminal %ux%u for uid %u%s%s%s", console->rows, console->columns,
		 console->uid, console->has_device ? ", on /dev/console" : "",
		 console->socket ? ", sent to " : "", console->socket ? console->socket : "");
}
