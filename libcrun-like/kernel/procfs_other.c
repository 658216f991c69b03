/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A procfs of a pid namespace that its maker is not in (procfs.h). A procfs shows the pid namespace
 * of whoever makes it, and that one is entered by birth alone. So a helper that nobody there sees
 * gives up everything (descriptors, mounts, root) and only then has a child in
 * it, which makes the procfs and hands it out. Whoever may ptrace there could look into that child.
 * No heap: INIT uses it.
 */
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "kernel/execve.h"
#include "kernel/namespace.h"
#include "kernel/peer.h"
#include "kernel/process.h"
#include "kernel/procfs.h"
#include "kernel/sys.h"

struct answer {
	int code;
	char message[MOUNT_MESSAGE_SIZE];
};

/* The child in the other pid namespace. A failure goes as words, success as a descriptor. */
static _Noreturn void make(const struct mount_fs *fs, int sock)
{
	struct answer a = { 0 };
	int fd;

	process_die_with_parent(true);
	fd = mount_open_fs(fs, -1, a.message);
	if (fd >= 0)
		_exit(peer_send_fd(sock, "p", fd) < 0);
	a.code = fd;
	_exit(write(sock, &a, sizeof(a)) != (ssize_t)sizeof(a));
}

/* A mount namespace that has the mount @root and nothing else. */
static int leave_mounts(int root)
{
	int r = mount_enter_alone(root);

	if (r == 0)
		r = sys_pivot_root(".", ".");
	return r == 0 && umount2(".", MNT_DETACH) < 0 ? neg_errno() : r;
}

/*
 * The helper: an empty root, no descriptors but @sock. In a user namespace the kernel wants to see
 * a procfs in the mount namespace of whoever makes one; there nobody but who is above it may look
 * at us, and the root alone is given up. So it is where the root cannot be moved (an initramfs).
 */
static int leave(int sock)
{
	const struct mount_fs nothing = { .type = "tmpfs", .data = "mode=700,size=4k" };
	char ignored[MOUNT_MESSAGE_SIZE];
	int root = mount_open_fs(&nothing, -1, ignored);

	if (root < 0)
		return root;
	if (namespace_user_is_first())
		(void)leave_mounts(root); /* the root, in any case: */
	if (fchdir(root) < 0 || chroot(".") < 0)
		return neg_errno();
	for (int fd = 0; fd < 3; fd++)
		if (fd != sock)
			close(fd);
	execve_close_fds(3, &sock, 1);
	return 0;
}

static int help(int pid_ns, const struct mount_fs *fs, int sock)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int r = setns(pid_ns, CLONE_NEWPID) < 0 ? neg_errno() : leave(sock);
	pid_t pid;

	if (r < 0)
		return r;
	process_set_dumpable(false);
	pid = sys_clone3(&args);
	if (pid == 0)
		make(fs, sock);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return pid < 0 ? pid : 0;
}

/* A descriptor comes with one byte, a failure is a whole struct answer. */
static int take(int sock, struct answer *ret)
{
	ssize_t n = recv(sock, ret, sizeof(*ret), MSG_DONTWAIT | MSG_PEEK);
	int fd, r;

	if (n == (ssize_t)sizeof(*ret))
		return ret->code < 0 ? ret->code : -ECHILD;
	ret->message[0] = '\0';
	r = n == 1 ? peer_receive_fd(sock, &fd) : -ECHILD;
	return r < 0 ? r : fd;
}

/* Who lives in that pid namespace may have stopped the child. */
static int await_helper(int pidfd, pid_t pid)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	int r;

	while ((r = poll(&end, 1, PEER_DEADLINE_SEC * 1000)) < 0 && errno == EINTR)
		;
	if (r == 0)
		(void)sys_pidfd_send_signal(pidfd, SIGKILL); /* its child ends with it */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r == 0 ? -ETIMEDOUT : 0;
}

int procfs_open_of(int pid_ns, const struct mount_fs *fs, char message[static MOUNT_MESSAGE_SIZE])
{
	_cleanup_fd_ int pidfd = -1;
	struct clone_args args = { .flags = CLONE_PIDFD,
				   .exit_signal = SIGCHLD,
				   .pidfd = (uintptr_t)&pidfd };
	struct answer a = { 0 };
	int ends[2], fd;
	pid_t pid;

	message[0] = '\0';
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return neg_errno();
	pid = sys_clone3(&args);
	if (pid == 0) {
		process_die_with_parent(true);
		a.code = help(pid_ns, fs, ends[1]);
		if (a.code < 0)
			(void)!write(ends[1], &a, sizeof(a));
		_exit(0);
	}
	close(ends[1]);
	fd = pid < 0 ? pid : await_helper(pidfd, pid);
	if (fd == 0)
		fd = take(ends[0], &a);
	close(ends[0]);
	memcpy(message, a.message, sizeof(a.message));
	return fd;
}
