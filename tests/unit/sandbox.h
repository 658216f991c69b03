/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For tests that mount: a child with namespaces of its own, a tmpfs on /mnt there, and in it a root
 * beside a canary. All of it goes away with the child.
 */
#ifndef DAVIT_TESTS_UNIT_SANDBOX_H
#define DAVIT_TESTS_UNIT_SANDBOX_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define SANDBOX_ROOT   "/mnt/root"
#define SANDBOX_CANARY "/mnt/canary"

static inline void sandbox_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, strlen(text)), (long long)strlen(text));
	close(fd);
}

/* Returns an fd of the root. */
static inline int sandbox_make_root(void)
{
	int fd;

	CHECK_INT(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_INT(mount("none", "/mnt", "tmpfs", 0, NULL), 0);
	CHECK_INT(mkdir(SANDBOX_ROOT, 0755), 0);
	CHECK_INT(mkdir(SANDBOX_CANARY, 0755), 0);
	sandbox_write(SANDBOX_CANARY "/null", "canary\n");
	fd = open(SANDBOX_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

/* The canary is as sandbox_make_root() left it: one file, its text, owner and mode. */
static inline void sandbox_check_canary(void)
{
	struct stat st;

	CHECK_INT(stat(SANDBOX_CANARY, &st), 0);
	CHECK_INT(st.st_size, 60); /* tmpfs: 40 and 20 a name */
	CHECK_INT(st.st_mode & 07777, 0755);
	CHECK_INT(stat(SANDBOX_CANARY "/null", &st), 0);
	CHECK_INT(st.st_size, 7);
	CHECK_INT(st.st_mode, S_IFREG | 0644);
	CHECK_INT(st.st_uid, 0);
}

/* Runs @body in a child that has unshared @flags; with CLONE_NEWPID as its process 1. False when
 * this host does not permit it. */
static inline bool sandbox_run(int flags, void (*body)(void))
{
	enum {
		DENIED = 77
	};
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		uid_t uid = getuid();
		gid_t gid = getgid();
		char map[32];

		test_failures = 0;
		if (unshare(flags) < 0)
			_exit(DENIED);
		if (flags & CLONE_NEWUSER) {
			snprintf(map, sizeof(map), "0 %u 1", uid);
			sandbox_write("/proc/self/setgroups", "deny");
			sandbox_write("/proc/self/uid_map", map);
			snprintf(map, sizeof(map), "0 %u 1", gid);
			sandbox_write("/proc/self/gid_map", map);
		}
		if (flags & CLONE_NEWPID) {
			pid = fork();
			if (pid > 0) {
				waitpid(pid, &status, 0);
				_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
			}
		}
		body();
		_exit(test_failures ? 1 : 0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == DENIED)
		return false;
	CHECK_INT(status, 0);
	return true;
}

#define SANDBOX_TEST(ident, flags)                                                                 \
	static void body_##ident(void);                                                            \
	TEST(ident)                                                                                \
	{                                                                                          \
		if (!sandbox_run(flags, body_##ident))                                             \
			SKIP("namespaces are not permitted");                                      \
	}                                                                                          \
	static void body_##ident(void)

#endif
