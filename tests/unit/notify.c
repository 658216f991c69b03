/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/notify: READY=1 as a line of its own is what counts, and the manager hears three messages.
 */
#include "kernel/notify.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "test.h"

static void make_path(char path[static 64])
{
	char dir[] = "/tmp/notify.XXXXXX";

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, 64, "%s/sock", dir);
}

static void remove_path(char path[static 64])
{
	CHECK_INT(unlink(path), 0);
	*strrchr(path, '/') = '\0';
	CHECK_INT(rmdir(path), 0);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	CHECK_INT(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static bool is_ready(int fd, int to, const char *text)
{
	CHECK_INT(send(to, text, strlen(text), 0), strlen(text));
	return notify_is_ready(fd);
}

TEST(only_a_line_of_its_own_counts)
{
	int fd = -1, to;
	struct stat st;
	char path[64];

	make_path(path);
	umask(077);
	CHECK_INT(notify_bind(path, &fd), 0);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0777);
	to = connect_to(path);
	CHECK(!notify_is_ready(fd));
	CHECK(is_ready(fd, to, "READY=1"));
	CHECK(is_ready(fd, to, "READY=1\n"));
	CHECK(is_ready(fd, to, "STATUS=x\nREADY=1\nMAINPID=3"));
	CHECK(!is_ready(fd, to, "READY=10"));
	CHECK(!is_ready(fd, to, "XREADY=1"));
	CHECK(!is_ready(fd, to, "STATUS=READY=1"));
	CHECK(!is_ready(fd, to, "\n\n"));
	close(to);
	close(fd);
	remove_path(path);
}

/* How many messages the socket of another may keep waiting. */
static long queue_length(void)
{
	FILE *f = fopen("/proc/sys/net/unix/max_dgram_qlen", "re");
	long length = 0;

	CHECK(f && fscanf(f, "%ld", &length) == 1);
	fclose(f);
	return length + 1;
}

/* What was sent during one call is at most what it has taken and what was and is in the queue. */
TEST(who_never_stops_sending_does_not_hold_us)
{
	enum {
		SENDERS = 16,
		TAKEN_MAX = 64
	};
	_Atomic long *sent = mmap(NULL, sizeof(*sent), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long allowed = TAKEN_MAX + 2 * queue_length() + SENDERS, most = 0;
	pid_t senders[SENDERS];
	int fd = -1;
	char path[64];

	make_path(path);
	CHECK_INT(notify_bind(path, &fd), 0);
	for (size_t i = 0; i < SENDERS; i++) {
		senders[i] = fork();
		if (senders[i] == 0)
			for (int to = connect_to(path); send(to, "STATUS=x", 8, 0) == 8;)
				++*sent;
	}
	for (int i = 0; i < 2000 && most <= allowed; i++) {
		long before = *sent, now;

		CHECK(!notify_is_ready(fd));
		now = *sent - before;
		most = now > most ? now : most;
	}
	CHECK(most <= allowed);
	for (size_t i = 0; i < SENDERS; i++) {
		kill(senders[i], SIGKILL);
		waitpid(senders[i], NULL, 0);
	}
	close(fd);
	remove_path(path);
	munmap((void *)sent, sizeof(*sent));
}

TEST(the_manager_is_told_and_the_barrier_hangs_up)
{
	char text[64], control[CMSG_SPACE(sizeof(int))];
	static const char *const wanted[] = { "READY=1", "MAINPID=77", "BARRIER=1" };
	int fd = -1, barrier = -1;
	char path[64];

	make_path(path);
	CHECK_INT(notify_bind(path, &fd), 0);
	CHECK_INT(notify_send(path, 77, &barrier), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) - 1 };
		struct msghdr msg = { .msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = control,
				      .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);

		text[n > 0 ? n : 0] = '\0';
		CHECK_STR(text, wanted[i]);
		CHECK_INT(msg.msg_controllen, i == 2 ? sizeof(control) : 0);
		if (CMSG_FIRSTHDR(&msg))
			close(*(int *)(void *)CMSG_DATA(CMSG_FIRSTHDR(&msg)));
	}
	notify_await_barrier(barrier);
	close(barrier);
	close(fd);
	remove_path(path);
	CHECK_INT(notify_send("/nosuch", 77, &barrier), -ENOENT);
	CHECK_INT(notify_send("@davit-nosuch", 77, &barrier), -ECONNREFUSED);
	CHECK_INT(notify_send("relative", 77, &barrier), -EAFNOSUPPORT);
}
