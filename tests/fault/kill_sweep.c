/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a command and sends a signal at its N-th system call stop, entry and exit each being one
 * (SIGKILL only at exits: a call that is entered with SIGKILL pending does nothing, so at its entry
 * the kernel is as it was at the exit before); or makes its N-th system call fail, which is not
 * executed then.
 *   kill_sweep manager|child|both SIGNAL N REPORT COMMAND ARG...
 *   kill_sweep manager|child|both TABLE:V N REPORT COMMAND ARG...
 * manager: stops of the command's own process are counted, and it gets the signal. child: stops of
 * the processes that it makes, and the one that stops gets it. both: stops of all of them, and each
 * gets it, save for a program that was executed. N 0 never comes: that counts.
 * TABLE has lines "NUMBER ERRNO...": only these system calls are counted, and fail with the V-th
 * error, counted round.
 * REPORT gets one line: stops seen, 1 when the signal was sent, the wait status of the command.
 * With a table the numbers of the calls that were counted follow, a line each, the last with its
 * error.
 *
 * After the signal nothing is traced any more: who is left runs as it would have.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TRACEE_MAX = 64,
	CALL_MAX = 600,
	ERROR_MAX = 8,
	SEEN_MAX = 4096,
	LET_GO = -2
};

enum role {
	MANAGER,
	CHILD,
	BOTH
};

struct sweep {
	enum role role;
	int signal;
	long target, seen;
	bool is_sent;
	pid_t manager, killed; /* the latter: a child, and its death is waited for */
	int status;            /* of the manager, once it has ended */
	bool has_ended;
	pid_t tracees[TRACEE_MAX];
	size_t tracee_count;
	/* With a table: errors[call] ends with 0. */
	bool has_table;
	int errors[CALL_MAX][ERROR_MAX + 1], variant;
	int calls[SEEN_MAX], error;
	pid_t failing; /* its call is on the way, and will have failed */
};

/* Instead of the call that @pid is about to make nothing is done. */
static bool drop_call(pid_t pid)
{
#ifdef __x86_64__
	return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.orig_rax), -1L) == 0;
#else
	int none = -1;
	struct iovec io = { &none, sizeof(none) };

	return ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &io) == 0;
#endif
}

static bool set_result(pid_t pid, long result)
{
#ifdef __x86_64__
	return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rax), result) == 0;
#else
	struct user_regs_struct regs;
	struct iovec io = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) < 0)
		return false;
	regs.regs[0] = (unsigned long)result;
	return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io) == 0;
#endif
}

static bool read_table(struct sweep *s, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256];

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		char *p = line;
		long call = strtol(p, &p, 10);

		for (int i = 0; call >= 0 && call < CALL_MAX && i < ERROR_MAX; i++)
			s->errors[call][i] = (int)strtol(p, &p, 10);
	}
	return fclose(f) == 0;
}

static int choose_error(const struct sweep *s, int call)
{
	const int *errors = s->errors[call];
	int count = 0;

	while (errors[count])
		count++;
	return errors[s->variant % count];
}

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
	return s->role == BOTH || (s->role == CHILD) == (pid != s->manager);
}

static void send_signal(const struct sweep *s, pid_t pid)
{
	kill(pid, s->signal);
	for (size_t i = 0; s->role == BOTH && i < s->tracee_count; i++)
		if (s->tracees[i] != pid)
			kill(s->tracees[i], s->signal);
}

/* An entry of @pid into a call, or its end: true when the call has failed, as it should. */
static bool take_call(struct sweep *s, pid_t pid)
{
	struct __ptrace_syscall_info info = { 0 };
	int call;

	if (s->failing == pid)
		return s->is_sent = set_result(pid, -(long)s->error);
	if (s->failing || ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.nr >= CALL_MAX ||
	    !s->errors[info.entry.nr][0])
		return false;
	call = (int)info.entry.nr;
	if (s->seen < SEEN_MAX)
		s->calls[s->seen] = call;
	if (++s->seen == s->target && drop_call(pid)) {
		s->failing = pid;
		s->error = choose_error(s, call);
	}
	return false;
}

static bool is_entry(pid_t pid)
{
	struct __ptrace_syscall_info info = { 0 };

	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

/* A stop of @pid: the signal to hand on, or -1 when the sweep's own has been sent and it is let go.
 */
static int take_stop(struct sweep *s, pid_t pid, int status)
{
	bool is_new = note_tracee(s, pid);
	int sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80) && s->has_table)
		return counts(s, pid) && take_call(s, pid) ? -1 : 0;
	if (sig == (SIGTRAP | 0x80)) {
		if (!counts(s, pid) || (s->signal == SIGKILL && is_entry(pid)) ||
		    ++s->seen != s->target)
			return 0;
		s->is_sent = true;
		s->killed = s->role == CHILD && s->signal == SIGKILL ? pid : 0;
		send_signal(s, pid);
		return -1;
	}
	/* A program that is executed in the container is none of the command's own. */
	if (s->role != MANAGER && pid != s->manager &&
	    status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
		forget_tracee(s, pid);
		return LET_GO;
	}
	if (status >> 16 || (is_new && sig == SIGSTOP))
		return 0;
	return sig;
}

static void trace(struct sweep *s)
{
	/* Who is born at the moment of a kill of both is not known then: nobody may stay. */
	while (!s->has_ended || s->killed || (s->is_sent && s->role == BOTH)) {
		int status, sig;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return;
		if (!WIFSTOPPED(status)) {
			forget_tracee(s, pid);
			s->killed = pid == s->killed ? 0 : s->killed;
			s->has_ended = s->has_ended || pid == s->manager;
			s->status = pid == s->manager ? status : s->status;
			continue;
		}
		sig = take_stop(s, pid, status);
		if (s->is_sent && s->role == BOTH) {
			kill(pid, s->signal);
			ptrace(PTRACE_CONT, pid, NULL, NULL);
			continue;
		}
		/* Once the signal is out, each is let go at its next stop. */
		if (s->is_sent || sig == LET_GO)
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
	for (long i = 0; s->has_table && i < s->seen && i < SEEN_MAX; i++)
		fprintf(f, "%d %d\n", s->calls[i], i + 1 == s->target ? s->error : 0);
	return fclose(f) == 0 ? 0 : 1;
}

/* SIGNAL or TABLE:V */
static bool read_action(struct sweep *s, char *text)
{
	char *variant = strchr(text, ':');

	s->signal = atoi(text);
	if (!variant)
		return true;
	*variant = '\0';
	s->has_table = true;
	s->variant = atoi(variant + 1);
	return read_table(s, text);
}

int main(int argc, char **argv)
{
	static struct sweep s;
	int status;

	if (argc < 6 || !read_action(&s, argv[2])) {
		fprintf(stderr,
			"usage: %s manager|child|both SIGNAL|TABLE:V N REPORT COMMAND ARG...\n",
			argv[0]);
		return 2;
	}
	s.role = !strcmp(argv[1], "both") ? BOTH : !strcmp(argv[1], "child") ? CHILD : MANAGER;
	s.target = atol(argv[3]);
	s.manager = fork();
	if (s.manager == 0)
		start_command(&argv[5]);
	if (s.manager < 0 || waitpid(s.manager, &status, 0) < 0)
		return 1;
	note_tracee(&s, s.manager);
	ptrace(PTRACE_SETOPTIONS, s.manager, NULL,
	       (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
			      (s.role != MANAGER ? PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
							   PTRACE_O_TRACEVFORK
						 : 0)));
	ptrace(PTRACE_SYSCALL, s.manager, NULL, NULL);
	trace(&s);
	return report(&s, argv[4]);
}
