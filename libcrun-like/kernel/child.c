/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See child.h. clone3(2) by itself, for the pidfd and because fork(3) would run handlers; between
 * it and execve the child makes system calls only.
 */
#include "child.h"

#include <sys/wait.h>
#include <time.h>

#include "execve.h"
#include "process.h"
#include "sys.h"

enum {
	WAIT_P_PIDFD = 3, /* P_PIDFD, Linux 5.4 */
	BURY_TRIES = 2000,
	BURY_PAUSE_NSEC = 5000000
};

/* Out of the way of 0 to 2, which a caller with closed stdio may have got. */
static int move_up(int fd)
{
	return fd > 2 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int become(const struct child_spec *spec, int error_fd, pid_t parent)
{
	const int keep[] = { error_fd, spec->keep_fd ? spec->keep_fd : -1 };
	int in = move_up(spec->in), out = move_up(spec->out), err = move_up(spec->err), r;

	/* A hook must not go on when the runtime that waits for it was killed. */
	process_die_with_parent(true);
	if (getppid() != parent) /* it was, before the signal was asked for */
		return -ESRCH;
	if (in < 0 || out < 0 || err < 0 || setpgid(0, 0) < 0)
		return neg_errno();
	if (spec->cwd_fd >= 0 && fchdir(spec->cwd_fd) < 0)
		return neg_errno();
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		return neg_errno();
	/* A hook may be of the image. */
	execve_close_fds(3, keep, ARRAY_SIZE(keep));
	r = execve_reset_signals(UINT64_MAX);
	if (r < 0)
		return r;
	r = spec->become ? spec->become(spec->become_arg) : 0;
	return r < 0 ? r - CHILD_BECOME : execve_program(spec->path, spec->argv, spec->envp);
}

int child_spawn(const struct child_spec *spec, struct child *ret)
{
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD };
	int pidfd = -1, error[2];
	pid_t pid, self = getpid();

	if (pipe2(error, O_CLOEXEC | O_NONBLOCK) < 0)
		return neg_errno();
	args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	pid = sys_clone3(&args);
	if (pid == 0) {
		int fd = move_up(error[1]), code = -become(spec, fd, self);

		/* Nobody can be told of a failure to tell. */
		(void)!write(fd, &code, sizeof(code));
		_exit(127);
	}
	close(error[1]);
	if (pid < 0) {
		close(error[0]);
		return pid;
	}
	*ret = (struct child){ .pid = pid, .pidfd = pidfd, .error_fd = error[0] };
	return 0;
}

void child_kill(const struct child *c)
{
	(void)kill(-c->pid, SIGKILL); /* no such group: the child has not made it yet */
	(void)sys_pidfd_send_signal(c->pidfd, SIGKILL);
}

void child_abandon(struct child *c)
{
	close_fdp(&c->pidfd);
	close_fdp(&c->error_fd);
}

int child_reap(struct child *c, int *ret_code, int *ret_signal, int *ret_exec_errno)
{
	siginfo_t info = { 0 };
	int code = 0, r;

	do
		r = waitid((idtype_t)WAIT_P_PIDFD, (id_t)c->pidfd, &info,
			   WEXITED | WNOHANG | __WALL);
	while (r < 0 && errno == EINTR);
	if (r < 0) {
		r = neg_errno();
		child_abandon(c);
		return r;
	}
	if (info.si_pid == 0)
		return -EAGAIN;
	*ret_code = info.si_code == CLD_EXITED ? info.si_status : 0;
	*ret_signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
	*ret_exec_errno =
		read(c->error_fd, &code, sizeof(code)) == (ssize_t)sizeof(code) ? code : 0;
	child_abandon(c);
	return 0;
}

int child_bury(struct child *c, int *ret_code, int *ret_signal, int *ret_exec_errno)
{
	int r = -EAGAIN;

	for (unsigned i = 0; i < BURY_TRIES; i++) {
		r = child_reap(c, ret_code, ret_signal, ret_exec_errno);
		if (r != -EAGAIN)
			return r;
		nanosleep(&(struct timespec){ .tv_nsec = BURY_PAUSE_NSEC }, NULL);
	}
	child_abandon(c);
	return -ETIMEDOUT;
}
