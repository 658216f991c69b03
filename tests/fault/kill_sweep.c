/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a command and sends a signal at its N-th system call stop, entry and exit each being one.
 *   kill_sweep manager|child SIGNAL N REPORT COMMAND ARG...
 * manager: stops of the command's own process are counted, and it gets the signal. child: stops of
 * the processes that it makes, and the one that stops gets it. N 0 never comes: that counts.
 * REPORT gets one line: stops seen, 1 when the signal was sent, the wait status of the command.
 *
 * After the signal nothing is traced any more: who is left runs as it would have.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TRACEE_MAX = 64
};

struct sweep {
	bool is_child_role;
	int signal;
	long target, seen;
	bool is_sent;
	pid_t manager;
	int status; /* of the manager, once it has ended */
	bool has_ended;
	pid_t tracees[TRACEE_MAX];
	size_t tracee_count;
};

/* Since close-on-exec is no rule for test programs: nothing of ours is open but 0 to 2. */
static void start_command(char *const argv[])
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	execvp(argv[0], argv);
	_exit(127);
}

/* True when @pid is new to us. */
static bool note_tracee(struct sweep *s, pid_t pid)
{
	for (size_t i = 0; i < s->tracee_count; i++)
		if (s->tracees[i] == pid)
			return false;
	if (s->tracee_count < TRACEE_MAX)
		s->tracees[s->tracee_count++] = pid;
	return true;
}

static void forget_tracee(struct sweep *s, pid_t pid)
{
	for (size_t i = 0; i < s->tracee_count; i++)
		if (s->tracees[i] == pid)
			s->tracees[i] = s->tracees[--s->tracee_count];
}

static bool counts(const struct sweep *s, pid_t pid)
{
	return s->is_child_role ? pid != s->manager : pid == s->manager;
}

/* A stop of @pid: the signal to hand on, or -1 when the sweep's own has been sent and it is let go.
 */
static int take_stop(struct sweep *s, pid_t pid, int status)
{
	bool is_new = note_tracee(s, pid);
	int sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80)) {
		if (!counts(s, pid) || ++s->seen != s->target)
			return 0;
		s->is_sent = true;
		kill(pid, s->signal);
		return -1;
	}
	if (status >> 16 || (is_new && sig == SIGSTOP))
		return 0;
	return sig;
}

static void trace(struct sweep *s)
{
	while (!s->has_ended) {
		int status, sig;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return;
		if (!WIFSTOPPED(status)) {
			forget_tracee(s, pid);
			s->has_ended = pid == s->manager;
			s->status = s->has_ended ? status : s->status;
			continue;
		}
		sig = take_stop(s, pid, status);
		/* Once the signal is out, each is let go at its next stop. */
		if (s->is_sent)
			ptrace(PTRACE_DETACH, pid, NULL, sig > 0 ? (void *)(long)sig : NULL);
		else
			ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)sig);
	}
}

static int report(const struct sweep *s, const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return 1;
	fprintf(f, "%ld %d %d\n", s->seen, s->is_sent, s->status);
	return fclose(f) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct sweep s = { 0 };
	int status;

	if (argc < 6) {
		fprintf(stderr, "usage: %s manager|child SIGNAL N REPORT COMMAND ARG...\n",
			argv[0]);
		return 2;
	}
	s.is_child_role = strcmp(argv[1], "child") == 0;
	s.signal = atoi(argv[2]);
	s.target = atol(argv[3]);
	s.manager = fork();
	if (s.manager == 0)
		start_command(&argv[5]);
	if (s.manager < 0 || waitpid(s.manager, &status, 0) < 0)
		return 1;
	note_tracee(&s, s.manager);
	ptrace(PTRACE_SETOPTIONS, s.manager, NULL,
	       (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
			      (s.is_child_role ? PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
							 PTRACE_O_TRACEVFORK
					       : 0)));
	ptrace(PTRACE_SYSCALL, s.manager, NULL, NULL);
	trace(&s);
	return report(&s, argv[4]);
}
