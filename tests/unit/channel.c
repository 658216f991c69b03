/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * container/channel: messages, and a start socket whose peers may do anything.
 */
#include "container/channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fmt.h"
#include "test.h"

TEST(an_error_crosses_whole)
{
	struct message m = { .kind = MESSAGE_ERR }, got;
	int fds[2];

	CHECK_INT(channel_pair(fds), 0);
	err_field(&m.err, EINVAL, "/process/cwd", "not absolute");
	CHECK_INT(channel_send(fds[0], &m), 0);
	CHECK_INT(channel_receive(fds[1], &got), 1);
	CHECK_INT(got.version, CHANNEL_VERSION);
	CHECK_STR(got.err.pointer, "/process/cwd");
	CHECK_STR(got.err.msg, "not absolute");
	close(fds[0]);
	CHECK_INT(channel_receive(fds[1], &got), 0);
	CHECK_INT(channel_send(fds[1], &m), -EPIPE);
	close(fds[1]);
}

/* Who ends without having read everything has said something before: execve closes the channel. */
TEST(what_was_said_before_a_reset_is_heard)
{
	struct message got;
	int fds[2], passed = -1;

	for (int with_fd = 0; with_fd < 2; with_fd++) {
		CHECK_INT(channel_pair(fds), 0);
		CHECK_INT(channel_send(fds[0], &(struct message){ .kind = MESSAGE_RUN }), 0);
		CHECK_INT(channel_send(fds[1], &(struct message){ .kind = MESSAGE_EXECING }), 0);
		close(fds[1]);
		CHECK_INT(with_fd ? channel_receive_fd(fds[0], &got, &passed)
				  : channel_receive(fds[0], &got),
			  1);
		CHECK_INT(got.kind, MESSAGE_EXECING);
		CHECK_INT(channel_receive(fds[0], &got), 0);
		close(fds[0]);
	}
}

/* A child waits for RESUME and answers with EXECING; peers before it vanish, say nothing, or speak
 * another version. */
TEST(only_a_resume_of_our_version_resumes)
{
	char path[64];
	int listener = -1, fd = -1;
	struct message m = { .kind = MESSAGE_RESUME, .version = CHANNEL_VERSION + 1 }, got;
	pid_t child;

	fmt(path, sizeof(path), "/tmp/davit-channel-%d", (int)getpid());
	CHECK_INT(channel_listen(path, &listener), 0);
	child = fork();
	if (child == 0) {
		int peer = -1,
		    r = channel_await_resume(listener, &(struct channel_gift){ 0 }, &peer);

		channel_send(peer, &(struct message){ .kind = MESSAGE_EXECING });
		_exit(r == 0 ? 0 : 1);
	}
	close(listener);
	CHECK_INT(channel_connect(path, &fd), 0); /* a look whether somebody listens */
	close(fd);
	CHECK_INT(channel_connect(path, &fd), 0); /* nonsense */
	CHECK_INT(send(fd, "x", 1, 0), 1);
	close(fd);
	CHECK_INT(channel_connect(path, &fd), 0); /* another version */
	CHECK(send(fd, &m, offsetof(struct message, err), 0) > 0);
	CHECK_INT(channel_receive(fd, &got), 1);
	CHECK_INT(got.kind, MESSAGE_ERR);
	close(fd);
	CHECK_INT(channel_connect(path, &fd), 0); /* silent: it is not waited for for long */
	CHECK_INT(channel_connect(path, &listener), 0);
	m.version = CHANNEL_VERSION;
	CHECK_INT(channel_send(listener, &m), 0);
	CHECK_INT(channel_receive(listener, &got), 1);
	CHECK_INT(got.kind, MESSAGE_EXECING);
	CHECK_INT(channel_receive(listener, &got), 0);
	close(listener);
	close(fd);
	waitpid(child, NULL, 0);
	CHECK_INT(channel_connect(path, &fd), -ECONNREFUSED);
	unlink(path);
	CHECK_INT(channel_connect(path, &fd), -ENOENT);
}
