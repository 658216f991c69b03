/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program that has something that only an option of checkpoint keeps, and counts on standard
 * output as long as it has it. Static: it runs in any container.
 *   holder lock FILE | removed FILE | datagrams SOCKET | backlog PORT | memory
 * What criu cannot keep at all:
 *   holder device FILE | big FILE | stream SOCKET | uring | mapped | alg | sysv | pid | user | uts
 * | traced
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	MEMORY_SIZE = 8 * 1024 * 1024,
	PAUSE_USEC = 50000
};

struct held {
	int fd;
	char *memory;
};

static int lock(const char *name)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	return fcntl(fd, F_SETLK, &all) < 0 ? -1 : fd;
}

/* The name that it was opened by is gone, another one is there. */
static int removed(const char *name)
{
	char other[256];
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	snprintf(other, sizeof(other), "%s.other", name);
	if (write(fd, "kept", 4) != 4 || link(name, other) < 0 || unlink(name) < 0)
		return -1;
	return fd;
}

/* No name is left of it, and it is larger than criu keeps such files. */
static int big(const char *name)
{
	static char data[64 * 1024] = "x";
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	for (int i = 0; i < 32; i++)
		if (write(fd, data, sizeof(data)) != sizeof(data))
			return -1;
	return unlink(name) < 0 ? -1 : fd;
}

static int uring(void)
{
	struct io_uring_params params = { 0 };

	return (int)syscall(SYS_io_uring_setup, 4, &params);
}

/* A ring whose descriptor is closed. */
static int mapped(void)
{
	int fd = uring();

	if (fd < 0 || mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, IORING_OFF_SQ_RING) == MAP_FAILED)
		return -1;
	return close(fd);
}

static int sysv(void)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	const void *at = shmat(id, NULL, 0);

	shmctl(id, IPC_RMID, NULL);
	return at == (void *)-1 ? -1 : 0;
}

/* A child in namespaces of its own, which waits for us. */
static int nested(int flags)
{
	pid_t pid;

	if ((flags & CLONE_NEWPID) && unshare(flags) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (!(flags & CLONE_NEWPID) && unshare(flags) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	usleep(PAUSE_USEC);
	return pid < 0 ? -1 : 0;
}

static int traced(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid < 0 || ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 ? -1 : 0;
}

static int connected(const char *name, int type)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", name);
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? -1 : fd;
}

static int backlog(const char *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 8) < 0)
		return -1;
	return fd;
}

static int hold_what_cannot_be_kept(const char *what, const char *name)
{
	if (strcmp(what, "device") == 0)
		return open(name, O_RDWR);
	if (strcmp(what, "big") == 0)
		return big(name);
	if (strcmp(what, "stream") == 0)
		return connected(name, SOCK_STREAM);
	if (strcmp(what, "uring") == 0)
		return uring();
	if (strcmp(what, "mapped") == 0)
		return mapped();
	if (strcmp(what, "alg") == 0)
		return socket(AF_ALG, SOCK_SEQPACKET, 0);
	if (strcmp(what, "sysv") == 0)
		return sysv();
	if (strcmp(what, "pid") == 0)
		return nested(CLONE_NEWPID);
	if (strcmp(what, "user") == 0)
		return nested(CLONE_NEWUSER);
	if (strcmp(what, "uts") == 0)
		return nested(CLONE_NEWUTS);
	return strcmp(what, "traced") == 0 ? traced() : 0;
}

static int hold(const char *what, const char *name, struct held *ret)
{
	ret->fd = hold_what_cannot_be_kept(what, name);
	if (strcmp(what, "lock") == 0)
		ret->fd = lock(name);
	else if (strcmp(what, "removed") == 0)
		ret->fd = removed(name);
	else if (strcmp(what, "datagrams") == 0)
		ret->fd = connected(name, SOCK_DGRAM);
	else if (strcmp(what, "backlog") == 0)
		ret->fd = backlog(name);
	ret->memory = malloc(MEMORY_SIZE);
	if (!ret->memory)
		return -1;
	for (size_t i = 0; i < MEMORY_SIZE; i++)
		ret->memory[i] = (char)(i / 4096 + 1);
	return ret->fd;
}

/* Of the memory another page each time. */
static int has_all(const char *what, const struct held *h, size_t count)
{
	char text[32] = "";
	size_t at = count * 4096 % MEMORY_SIZE;

	if (h->memory[at] != (char)(at / 4096 + 1))
		return 0;
	if (strcmp(what, "removed") == 0)
		return pread(h->fd, text, sizeof(text), 0) == 4 && strcmp(text, "kept") == 0;
	if (strcmp(what, "datagrams") == 0) {
		snprintf(text, sizeof(text), "%zu\n", count);
		return send(h->fd, text, strlen(text), 0) > 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct held held;

	if (argc < 2 || hold(argv[1], argc > 2 ? argv[2] : "", &held) < 0) {
		perror(argv[0]);
		return 1;
	}
	for (size_t i = 1; has_all(argv[1], &held, i); i++) {
		printf("%zu\n", i);
		fflush(stdout);
		usleep(PAUSE_USEC);
	}
	perror("lost");
	return 1;
}
