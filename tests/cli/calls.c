/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Makes system calls and tells what they gave, one word each: NAME:ARG:ARG... prints
 * "NAME = VALUE", or "NAME = -ERRNO" after a failure. NAME may be a number. Words of their own:
 *
 *   trap        catches SIGSYS from here on, and prints the number of the call it came for
 *   thread/WORD the word in a thread, and then "thread ended"
 *   traced/WORD the word in a child that is traced: prints the data of its seccomp event
 *   pause       "pausing", and waits for a signal for ever
 *   usr1        SIGUSR1 does nothing but interrupt from here on
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name;
	long number;
} names[] = {
	{ "getppid", SYS_getppid }, { "personality", SYS_personality }, { "close", SYS_close },
	{ "getpgid", SYS_getpgid }, { "sendmsg", SYS_sendmsg },         { "dup", SYS_dup },
	{ "statx", SYS_statx },     { "setpriority", SYS_setpriority },
};

static void print(const char *what, long value)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%s = %ld\n", what, value);

	if (write(1, text, (size_t)n) != n)
		_exit(1);
}

static void do_word(char *word);

static void *do_thread(void *word)
{
	do_word(word);
	return NULL;
}

static void on_trap(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	print("SIGSYS", info->si_syscall);
}

static void on_usr1(int sig)
{
	(void)sig;
}

static void trace(char *word)
{
	unsigned long data = 0;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		do_word(word);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
	ptrace(PTRACE_CONT, pid, 0, 0);
	waitpid(pid, &status, 0);
	if (WIFSTOPPED(status) && status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8))
		ptrace(PTRACE_GETEVENTMSG, pid, 0, &data);
	print("traced", (long)data);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static void do_call(char *word)
{
	unsigned long args[6] = { 0 };
	char *rest = strchr(word, ':');
	long number, r;
	size_t i = 0;

	for (; rest && i < 6; i++) {
		*rest++ = '\0';
		args[i] = strtoul(rest, &rest, 0);
		rest = *rest == ':' ? rest : NULL;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]) && strcmp(names[i].name, word) != 0;)
		i++;
	number = i < sizeof(names) / sizeof(names[0]) ? names[i].number : strtol(word, NULL, 0);
	r = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
	print(word, r < 0 ? -errno : r);
}

static void do_word(char *word)
{
	struct sigaction trap = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	struct sigaction usr1 = { .sa_handler = on_usr1 };
	pthread_t thread;

	if (strcmp(word, "trap") == 0) {
		sigaction(SIGSYS, &trap, NULL);
	} else if (strcmp(word, "usr1") == 0) {
		sigaction(SIGUSR1, &usr1, NULL);
	} else if (strcmp(word, "pause") == 0) {
		print("pausing", 0);
		for (;;)
			pause();
	} else if (strncmp(word, "thread/", 7) == 0) {
		pthread_create(&thread, NULL, do_thread, word + 7);
		pthread_join(thread, NULL);
		print("thread ended", 0);
	} else if (strncmp(word, "traced/", 7) == 0) {
		trace(word + 7);
	} else {
		do_call(word);
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		do_word(argv[i]);
	return 0;
}
