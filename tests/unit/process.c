/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/process: who a pid is, and whether it still is.
 */
#include "kernel/process.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/sys.h"
#include "test.h"

static pid_t sleeper(const char *name)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NAME, name);
		for (;;)
			pause();
	}
	while (pid > 0) {
		struct process_info info;

		if (process_stat(pid, &info) == 0 && strcmp(info.comm, name) == 0)
			return pid;
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST(stat_reads_past_any_name)
{
	struct process_info info;
	pid_t pid = sleeper("a) R (b 1 2");

	CHECK_INT(process_stat(pid, &info), 0);
	CHECK_STR(info.comm, "a) R (b 1 2");
	CHECK(info.start_time > 0 && !info.is_dying);
	end(pid);
	CHECK(process_stat(pid, &info) < 0);
}

TEST(a_zombie_is_dying_and_keeps_its_name)
{
	struct process_info info = { 0 };
	siginfo_t si;
	pid_t pid = sleeper("davit:test");

	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT);
	CHECK_INT(process_stat(pid, &info), 0);
	CHECK(info.is_dying);
	CHECK_STR(info.comm, "davit:test");
	waitpid(pid, NULL, 0);
}

TEST(who_is_killed_is_ending_at_every_look)
{
	for (int i = 0; i < 200; i++) {
		struct pollfd end = { .events = POLLIN };
		unsigned missed = 0;
		pid_t pid = fork();

		if (pid == 0)
			for (;;)
				if (i % 2)
					pause();
		end.fd = sys_pidfd_open(pid);
		CHECK(end.fd >= 0);
		kill(pid, SIGKILL);
		while (poll(&end, 1, 0) == 0)
			missed += !process_is_ending(pid);
		CHECK_INT(missed, 0);
		close(end.fd);
		waitpid(pid, NULL, 0);
	}
}

TEST(open_wants_the_same_start_time)
{
	struct process_info info = { 0 };
	pid_t pid = sleeper("davit:test");
	int fd = -1, status, sig;

	process_stat(pid, &info);
	CHECK_INT(process_open(pid, info.start_time + 1, &fd), -ESRCH);
	CHECK_INT(process_open(0, 1, &fd), -EINVAL);
	CHECK_INT(process_open(-1, 1, &fd), -EINVAL);
	CHECK_INT(process_open(pid, info.start_time, &fd), 0);
	CHECK(!process_has_ended(fd));
	sys_pidfd_send_signal(fd, SIGTERM);
	CHECK_INT(process_wait(fd, &status, &sig), 0);
	CHECK(process_has_ended(fd));
	CHECK_INT(status, 128 + SIGTERM);
	CHECK_INT(sig, SIGTERM);
	close(fd);
	CHECK_INT(process_open(pid, info.start_time, &fd), -ESRCH);
}

static int wait_in_thread(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

/* The kernel gives a number that is free again to threads, too, and those have no pidfd. */
TEST(a_number_that_is_a_threads_now_is_nobody)
{
	enum {
		STACK = 64 * 1024
	};
	struct process_info info;
	pid_t pid,
		*tid = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = -1;

	pid = fork();
	if (pid == 0) {
		static char stack[STACK];

		*(volatile pid_t *)tid = clone(wait_in_thread, stack + STACK,
					       CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, NULL);
		for (;;)
			pause();
	}
	while (*(volatile pid_t *)tid == 0)
		sched_yield();
	CHECK_INT(process_stat(*tid, &info), 0);
	CHECK_INT(process_open(*tid, info.start_time + 1, &fd), -ESRCH);
	CHECK_INT(process_open(*tid, info.start_time, &fd), -ESRCH);
	end(pid);
	munmap(tid, STACK);
}

TEST(the_boot_id_is_one_line)
{
	char id[BOOT_ID_SIZE];

	CHECK_INT(process_boot_id(id), 0);
	CHECK_INT(strlen(id), 36);
}

/* What the handler does is seen in a child; tests/cli/kill.bats has process 1 of a namespace. */
static void check_signals(void)
{
	int fds[2], status = 0;
	pid_t pid;
	char c;

	CHECK_INT(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		sigset_t term;

		sigemptyset(&term);
		sigaddset(&term, SIGTERM);
		sigprocmask(SIG_BLOCK, &term, NULL);
		process_end_by_signals(true);
		process_end_by_signals(false);
		raise(SIGTERM); /* waits again */
		if (write(fds[1], "x", 1) != 1)
			_exit(1);
		process_end_by_signals(true);
		_exit(2);
	}
	CHECK_INT(read(fds[0], &c, 1), 1);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(WEXITSTATUS(status), 128 + SIGTERM);
}

TEST(signals_end_it_while_they_are_wanted_to)
{
	check_signals();
}
