/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See spawn.h. clone(2) with CLONE_VM and CLONE_VFORK, on a stack of its own: what posix_spawn(3)
 * does, which knows neither pidfds nor execveat(2) nor, everywhere, how to close all descriptors.
 * The child shares the caller's memory: it makes system calls and nothing else, with nothing of the
 * C library's that another thread may have locked, and has its own table of descriptors.
 */
#include "kernel/spawn.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kernel/sys.h"

enum {
	STACK_SIZE = 64 * 1024
};

struct child {
	const struct spawn *spawn;
	int *moved; /* room for fd_count and one more */
	int code;   /* of what failed; 0: nothing so far */
};

/* Out of the way of the numbers that are to be taken, all of them at first. */
static int move_away(struct child *c, int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, (int)c->spawn->fd_count);
}

static int take_places(struct child *c)
{
	size_t count = c->spawn->fd_count;

	for (size_t i = 0; i < count; i++) {
		c->moved[i] = move_away(c, c->spawn->fds[i]);
		if (c->moved[i] < 0 && c->spawn->fds[i] >= 0)
			return errno;
	}
	c->moved[count] = move_away(c, c->spawn->program);
	if (c->moved[count] < 0)
		return errno;
	for (size_t i = 0; i < count; i++) {
		if (c->moved[i] < 0)
			(void)close((int)i); /* what is not open is as it should be */
		else if (dup2(c->moved[i], (int)i) < 0)
			return errno;
	}
	return -sys_close_range((unsigned)count, ~0U,
				1U << 2 /* CLOSE_RANGE_CLOEXEC, Linux 5.11 */);
}

/* Runs on a stack that the sanitizers do not know. */
__attribute__((no_sanitize("address", "undefined"))) static int become(void *arg)
{
	struct child *c = arg;

	c->code = take_places(c);
	if (c->code == 0)
		c->code =
			-sys_execveat(c->moved[c->spawn->fd_count], c->spawn->argv, c->spawn->envp);
	sys_exit(127);
}

static int clone_child(struct child *c, char *stack, pid_t *ret_pid, int *ret_pidfd)
{
	sigset_t all, old;
	int pidfd = -1, status;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = clone(become, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, c,
		    &pidfd);
	if (pid < 0)
		c->code = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (c->code == 0) {
		*ret_pid = pid;
		*ret_pidfd = pidfd;
		return 0;
	}
	/* Somebody else's waitpid(2) for any child may have been faster. */
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	close_fdp(&pidfd);
	return -c->code;
}

int spawn_program(const struct spawn *s, pid_t *ret_pid, int *ret_pidfd)
{
	_cleanup_free_ char *room = calloc(s->fd_count + 1, sizeof(int));
	struct child c = { .spawn = s, .moved = (int *)(void *)room };
	char *stack;
	int r;

	if (!room)
		return -ENOMEM;
	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return neg_errno();
	r = clone_child(&c, stack, ret_pid, ret_pidfd);
	(void)munmap(stack, STACK_SIZE); /* its own mapping */
	return r;
}
