/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * steps: where a command and the processes that it starts execute, for `order`.
 *
 *     steps COMMAND [ARG...]
 *
 * Prints each address of the command's image once, as it is first come to, relative to the entry
 * point. What a process becomes by a further execve is not followed, but the command's own first
 * one.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	REACH = 4 << 20 /* of an image, before and behind the entry point */
};

static unsigned char seen[2 * REACH];

static void look(pid_t pid, unsigned long *entry, int is_begun)
{
	struct user_regs_struct regs;
	long at;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0)
		return;
	if (!is_begun)
		*entry = regs.rip;
	at = (long)(regs.rip - *entry);
	if (at < -REACH || at >= REACH || seen[at + REACH])
		return;
	seen[at + REACH] = 1;
	printf("%ld\n", at);
}

/* The signal to deliver, or -1: the process is let go. */
static int stopped(pid_t pid, pid_t command, int status, unsigned long *entry)
{
	int event = status >> 16, sig = WSTOPSIG(status);

	if (event == PTRACE_EVENT_EXEC && pid != command)
		return -1;
	if (event == PTRACE_EVENT_EXEC || (!event && sig == SIGTRAP))
		look(pid, entry, event != PTRACE_EVENT_EXEC);
	return event || sig == SIGTRAP || sig == SIGSTOP ? 0 : sig;
}

static void follow(pid_t command)
{
	unsigned long entry = 0;
	int status, sig;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status))
			continue;
		sig = stopped(pid, command, status, &entry);
		if (sig < 0)
			(void)ptrace(PTRACE_DETACH, pid, 0, 0);
		else
			(void)ptrace(PTRACE_SINGLESTEP, pid, 0, sig);
	}
}

int main(int argc, char **argv)
{
	const long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	pid_t pid;

	if (argc < 2)
		return 2;
	pid = fork();
	if (pid == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, 0, 0);
		(void)raise(SIGSTOP);
		execv(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) < 0 ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, options) < 0) {
		fprintf(stderr, "steps: %s\n", strerror(errno));
		return 1;
	}
	(void)ptrace(PTRACE_CONT, pid, 0, 0);
	follow(pid);
	return 0;
}
