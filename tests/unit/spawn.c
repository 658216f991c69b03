/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/spawn: what the new program has of the caller's, and what it has not.
 */
#include "kernel/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include "kernel/process.h"
#include "test.h"

/* What `sh -c @script` prints to descriptor 1, with @third as its descriptor 3. */
static int run_shell(const char *script, int third, char *text, size_t size)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)(uintptr_t)script, NULL };
	char *envp[] = { (char *)"ONLY=this", NULL };
	int pipes[2], pidfd = -1, status = -1, sig, shell = open("/bin/sh", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	pid_t pid = -1;
	ssize_t n;

	CHECK_INT(pipe2(pipes, O_CLOEXEC), 0);
	const int fds[] = { -1, pipes[1], 2, third };
	const struct spawn s = {
		.program = shell, .argv = argv, .envp = envp, .fds = fds, .fd_count = 4
	};
	CHECK_INT(spawn_program(&s, &pid, &pidfd), 0);
	close(pipes[1]);
	close(shell);
	while (len + 1 < size && (n = read(pipes[0], text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(pipes[0]);
	CHECK(pid > 0 && pidfd >= 0);
	CHECK_INT(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
	CHECK_INT(process_wait(pidfd, &status, &sig), 0);
	close(pidfd);
	return status;
}

TEST(it_has_the_descriptors_that_are_named_and_no_others)
{
	int secret = open("/etc/passwd", O_RDONLY), given = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char text[256];

	/* ls itself has the directory open, as 4 at most. */
	CHECK_INT(run_shell("for fd in 0 1 2 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || "
			    "printf $fd; done; readlink /proc/$$/fd/3; exit 5",
			    given, text, sizeof(text)),
		  5);
	CHECK_STR(text, "123/dev/zero\n");
	close(secret);
	close(given);
}

TEST(its_environment_is_what_was_given)
{
	char text[256];

	CHECK_INT(run_shell("echo $ONLY$HOME", -1, text, sizeof(text)), 0);
	CHECK_STR(text, "this\n");
}

static int move_up(int fd)
{
	int up = fcntl(fd, F_DUPFD_CLOEXEC, 20);

	close(fd);
	return up;
}

TEST(descriptors_may_change_places)
{
	int one[2], other[2], pidfd = -1, status = -1, sig;
	int shell = move_up(open("/bin/sh", O_RDONLY | O_CLOEXEC));
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"printf x >&3; printf y >&4", NULL };
	char *envp[] = { NULL }, a[2] = "", b[2] = "";
	const int fds[] = { -1, 2, 2, 4, 3 };
	const struct spawn s = {
		.program = shell, .argv = argv, .envp = envp, .fds = fds, .fd_count = 5
	};
	pid_t pid;

	CHECK_INT(pipe2(one, O_CLOEXEC), 0);
	CHECK_INT(pipe2(other, O_CLOEXEC), 0);
	for (int i = 0; i < 2; i++) {
		one[i] = move_up(one[i]);
		other[i] = move_up(other[i]);
	}
	CHECK(dup2(one[1], 4) == 4 && dup2(other[1], 3) == 3);
	CHECK_INT(spawn_program(&s, &pid, &pidfd), 0);
	CHECK_INT(process_wait(pidfd, &status, &sig), 0);
	CHECK_INT(status, 0);
	CHECK_INT(read(one[0], a, 1), 1);
	CHECK_INT(read(other[0], b, 1), 1);
	CHECK_STR(a, "x");
	CHECK_STR(b, "y");
}

TEST(what_cannot_be_executed_is_said_and_leaves_no_child)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), pidfd = -1;
	char *argv[] = { (char *)"null", NULL };
	const struct spawn s = { .program = null, .argv = argv, .envp = argv + 1 };
	pid_t pid = -1;

	CHECK_INT(spawn_program(&s, &pid, &pidfd), -EACCES);
	CHECK_INT(pidfd, -1);
	CHECK(waitpid(-1, NULL, __WALL) < 0 && errno == ECHILD);
	close(null);
}
