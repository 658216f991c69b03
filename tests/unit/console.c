/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/process/console, kernel/pty: the terminal is one of a devpts, whatever stands in the root.
 */
#include "setup/process/console.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>

#include "base/util.h"
#include "kernel/peer.h"
#include "sandbox.h"

static const bool yes = true;

static struct console wanted(void)
{
	static const struct oci_console_size size = { .height = 33, .width = 121 };
	struct oci_process p = { .terminal = &yes, .console_size = &size, .user = { .uid = 0 } };
	struct console console = { 0 };

	console_prepare(&p, true, "/run/tty.sock", &console);
	CHECK(console.is_wanted);
	return console;
}

static int make_root_with_pts(void)
{
	int root = sandbox_make_root();

	CHECK_INT(mkdir(SANDBOX_ROOT "/dev", 0755), 0);
	CHECK_INT(mkdir(SANDBOX_ROOT "/dev/pts", 0755), 0);
	CHECK_INT(mount("devpts", SANDBOX_ROOT "/dev/pts", "devpts", 0,
			"newinstance,ptmxmode=0666,mode=0620"),
		  0);
	return root;
}

/* As an engine does: one descriptor, a name, nothing more. */
static int receive(int sockfd, char name[static 64])
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * 4)];
	} control;
	struct iovec iov = { .iov_base = name, .iov_len = 63 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(sockfd, &msg, MSG_CMSG_CLOEXEC);
	int fd = -1;

	CHECK(n > 0);
	name[n > 0 ? n : 0] = '\0';
	CHECK_INT(msg.msg_controllen, CMSG_SPACE(sizeof(int)));
	if (CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static void check_terminal(int master, int slave)
{
	struct stat st, console;
	struct winsize size = { 0 };
	struct termios t;
	char text[16] = "";

	CHECK(isatty(master));
	CHECK_INT(ioctl(master, TIOCGWINSZ, &size), 0);
	CHECK_INT(size.ws_row, 33);
	CHECK_INT(size.ws_col, 121);
	CHECK_INT(fstat(slave, &st), 0);
	CHECK_INT(st.st_mode, S_IFCHR | 0620);
	/* /dev/console is the very terminal. */
	CHECK_INT(lstat(SANDBOX_ROOT "/dev/console", &console), 0);
	CHECK(console.st_dev == st.st_dev && console.st_ino == st.st_ino);
	CHECK(console.st_rdev == st.st_rdev);
	CHECK_INT(tcgetattr(slave, &t), 0);
	CHECK(t.c_oflag & ONLCR); /* containerd's shim and dockerd rely on it */
	CHECK_INT(write(slave, "a\n", 2), 2);
	CHECK_INT(read(master, text, sizeof(text) - 1), 3);
	CHECK_STR(text, "a\r\n");
}

static void apply_console(void)
{
	struct console console = wanted();
	struct err e = { 0 };
	char name[64];
	int root = make_root_with_pts(), pair[2], master, slave = -1;

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	CHECK_INT(console_apply(&console, root, pair[0], &slave, &e), 0);
	CHECK_STR(e.msg, "");
	master = receive(pair[1], name);
	CHECK_STR(name, "/dev/pts/0");
	check_terminal(master, slave);
	/* It becomes the session's, on all three streams. */
	CHECK(setsid() > 0);
	fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
	CHECK_INT(console_become(slave, &e), 0);
	CHECK_INT(tcgetsid(STDIN_FILENO), getsid(0));
	dup2(100, STDOUT_FILENO);
}

static void apply_console_in_session(void)
{
	/* A session leader cannot setsid() again. */
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		apply_console();
		_exit(test_failures ? 1 : 0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

SANDBOX_TEST(terminal_as_root, CLONE_NEWNS)
{
	apply_console_in_session();
}

SANDBOX_TEST(terminal_in_a_user_namespace, CLONE_NEWNS | CLONE_NEWUSER)
{
	apply_console_in_session();
}

/* T04 */
static int apply_to(int root, struct err *e)
{
	struct console console = wanted();
	int pair[2], slave = -1, r;

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	r = console_apply(&console, root, pair[0], &slave, e);
	CHECK_INT(slave, -1);
	close(pair[0]);
	close(pair[1]);
	return r;
}

SANDBOX_TEST(a_ptmx_without_devpts_is_refused, CLONE_NEWNS)
{
	struct err e = { 0 };
	int root = sandbox_make_root();

	CHECK_INT(mkdir(SANDBOX_ROOT "/dev", 0755), 0);
	CHECK_INT(mkdir(SANDBOX_ROOT "/dev/pts", 0755), 0);
	CHECK_INT(mknod(SANDBOX_ROOT "/dev/pts/ptmx", S_IFCHR | 0666, makedev(5, 2)), 0);
	CHECK_INT(apply_to(root, &e), -ENOTTY);
	CHECK_STR(e.msg, "/dev/pts/ptmx of the container is not that of a devpts");
}

SANDBOX_TEST(a_ptmx_that_is_a_link_is_refused, CLONE_NEWNS)
{
	struct err e = { 0 };
	int root = sandbox_make_root();

	CHECK_INT(mkdir(SANDBOX_ROOT "/dev", 0755), 0);
	CHECK_INT(mkdir(SANDBOX_ROOT "/dev/pts", 0755), 0);
	CHECK_INT(symlink(SANDBOX_CANARY "/null", SANDBOX_ROOT "/dev/pts/ptmx"), 0);
	CHECK_INT(apply_to(root, &e), -ENOTTY);
	sandbox_check_canary();
}

SANDBOX_TEST(a_console_that_is_a_link_is_refused, CLONE_NEWNS)
{
	struct err e = { 0 };
	int root = make_root_with_pts();

	CHECK_INT(symlink("/x", SANDBOX_ROOT "/dev/console"), 0);
	CHECK_INT(apply_to(root, &e), -ELOOP);
	CHECK_INT(access(SANDBOX_ROOT "/x", F_OK), -1);
	CHECK_STR(e.msg, "/dev/console exists in the container's root and is a symbolic link");
	sandbox_check_canary();
}

TEST(size_counts_only_with_a_terminal)
{
	const struct oci_console_size size = { .height = 70000, .width = 1 };
	struct oci_process p = { .console_size = &size };
	struct console console = { 0 };

	console_prepare(&p, true, NULL, &console);
	CHECK(!console.is_wanted);
	p.terminal = &yes;
}

/* T26 */
static int listen_at(const char *dir, const char *name, int backlog)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK_INT(chdir(dir), 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", name);
	CHECK_INT(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	CHECK_INT(chdir("/"), 0);
	if (backlog >= 0)
		CHECK_INT(listen(fd, backlog), 0);
	return fd;
}

SANDBOX_TEST(connect_names_the_path, CLONE_NEWNS)
{
	struct err e[3] = { 0 };
	int fd = -1;

	(void)sandbox_make_root();
	CHECK_INT(console_connect("/mnt/absent.sock", &fd, &e[0]), -ENOENT);
	CHECK_STR(e[0].msg, "connect to console socket /mnt/absent.sock");
	(void)listen_at("/mnt", "deaf.sock", -1);
	CHECK_INT(console_connect("/mnt/deaf.sock", &fd, &e[1]), -ECONNREFUSED);
	CHECK_INT(console_connect("", &fd, &e[2]), -ENOENT);
	CHECK_INT(fd, -1);
}

/* runc's own tests start the receiver and the runtime together, and so do scripts. The wait here is
 * long enough for any load; a receiver that is there at once ends it at once. */
SANDBOX_TEST(connect_waits_for_a_receiver_that_is_being_started, CLONE_NEWNS)
{
	const struct timespec later = { .tv_nsec = 100 * 1000000L };
	int fd = -1, status;
	pid_t child;

	(void)sandbox_make_root();
	child = fork();
	if (child == 0) {
		nanosleep(&later, NULL);
		status = listen_at("/mnt", "late.sock", -1);
		nanosleep(&later, NULL);
		alarm(60);
		_exit(listen(status, 1) < 0 || accept(status, NULL, NULL) < 0);
	}
	CHECK_INT(peer_connect("/mnt/late.sock", 60 * 1000, &fd), 0);
	CHECK(fd >= 0);
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK_INT(status, 0);
}

SANDBOX_TEST(connect_takes_long_paths, CLONE_NEWNS)
{
	char dir[160], path[200];
	struct err e = { 0 };
	int fd = -1;

	(void)sandbox_make_root();
	snprintf(dir, sizeof(dir), "/mnt/%0120d", 0);
	CHECK_INT(mkdir(dir, 0755), 0);
	(void)listen_at(dir, "tty.sock", 1);
	snprintf(path, sizeof(path), "%s/tty.sock", dir);
	CHECK_INT(console_connect(path, &fd, &e), 0);
	CHECK_STR(e.msg, "");
	CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
}

/* Who does not read: the terminal cannot be handed over. */
static void send_to_a_full_socket(int root)
{
	struct console console = wanted();
	struct err e = { 0 };
	int pair[2], slave = -1;

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	while (send(pair[0], "x", 1, MSG_DONTWAIT) == 1)
		continue;
	CHECK_INT(console_apply(&console, root, pair[0], &slave, &e), -ETIMEDOUT);
	CHECK_STR(e.msg,
		  "console socket /run/tty.sock did not take the terminal within 10 seconds");
	CHECK_STR(err_kind_word(e.kind), "timeout");
}

/* Both at the same time. */
SANDBOX_TEST(a_full_queue_costs_ten_seconds, CLONE_NEWNS)
{
	struct err e = { 0 };
	int fd = -1, r = 0, root = make_root_with_pts(), status;
	pid_t pid = fork();

	if (pid == 0) {
		send_to_a_full_socket(root);
		_exit(test_failures ? 1 : 0);
	}
	(void)listen_at("/mnt", "full.sock", 0);
	for (int i = 0; i < 8 && r == 0; i++)
		r = console_connect("/mnt/full.sock", &fd, &e);
	CHECK_INT(r, -ETIMEDOUT);
	CHECK_STR(e.msg, "console socket /mnt/full.sock did not accept within 10 seconds");
	CHECK_STR(err_kind_word(e.kind), "timeout");
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

SANDBOX_TEST(a_peer_that_is_gone_is_an_error, CLONE_NEWNS)
{
	struct console console = wanted();
	struct err e = { 0 };
	int root = make_root_with_pts(), pair[2], slave = -1;

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	close(pair[1]);
	CHECK_INT(console_apply(&console, root, pair[0], &slave, &e), -EPIPE);
	CHECK_STR(e.msg, "send the terminal to console socket /run/tty.sock");
}
