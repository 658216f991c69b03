/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * INIT's way into a pid namespace that is joined. Others live there, and who may ptrace among them
 * reads root, folders and descriptors of every process, dumpable or not. So the set-up up to the
 * pivot is done by a process that they do not see; then it clones the one that stays, as a sibling
 * (CLONE_PARENT), and ends. The successor goes on in the same row table, with the same channel.
 * What needs the pid namespace before that, the procfs, is made by kernel/procfs.
 */
#include <sched.h>

#include "kernel/process.h"
#include "kernel/sys.h"
#include "lifecycle/lifecycle.h"

/* From @told a byte comes when the predecessor has told HOST of us: nothing of ours may arrive
 * before, and whom HOST does not know must not go on. */
static int begin_successor(struct run *run, int told, struct err *e)
{
	char word;
	ssize_t n;

	process_die_with_parent(true);
	while ((n = read(told, &word, 1)) < 0 && errno == EINTR)
		;
	if (n != 1)
		_exit(1);
	if (setsid() < 0)
		return err_set(e, errno, "make a session");
	run->rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return run->rootfd < 0 ? err_set(e, errno, "open the root of the container") : 0;
}

static _Noreturn void end_predecessor(struct run *run, pid_t successor, int told)
{
	const struct message m = { .kind = MESSAGE_PID, .pid = successor };

	if (channel_send(run->channel, &m) == 0)
		(void)!write(told, "", 1); /* else the end of file tells */
	_exit(0);
}

/* Nothing of the host, and of a terminal's container none of the caller's streams. */
static int leave(struct run *run, struct err *e)
{
	close_fdp(&run->rootfd);
	run_leave_host(run, OF_INSIDE);
	for (int fd = STDIN_FILENO; run->pty >= 0 && fd <= STDERR_FILENO; fd++)
		if (dup2(run->pty, fd) < 0)
			return err_set(e, errno, "take the terminal's streams");
	return 0;
}

int step_enter_pid_namespace(struct run *run, struct err *e)
{
	const struct namespace_join *pid_ns = namespaces_find_joined(&run->plan->ns, CLONE_NEWPID);
	struct clone_args args = { .flags = CLONE_PARENT };
	int told[2], r = namespace_join(pid_ns->fd, CLONE_NEWPID);
	pid_t pid;

	if (r < 0) {
		err_set(e, -r, "join the pid namespace %s", pid_ns->path);
		return err_at(e, POINTER("/linux/namespaces/%zu/path", pid_ns->index));
	}
	if (leave(run, e) < 0)
		return -e->code;
	if (pipe2(told, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	pid = sys_clone3(&args);
	if (pid > 0)
		end_predecessor(run, pid, told[1]);
	close(told[1]);
	r = pid < 0 ? err_set(e, -pid, "clone the container's first process")
		    : begin_successor(run, told[0], e);
	close(told[0]);
	return r;
}
