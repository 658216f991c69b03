/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is called in a thread of an embedding program, or in a clone of it, has the stack of that
 * thread. Where sanitizers make frames of their own, or nothing is optimized, a larger one.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/netlink.h"
#include "kernel/tree.h"
#include "sandbox.h"

enum {
	LEVELS = 120,
#ifdef __SANITIZE_ADDRESS__
	STACK = 512 << 10
#elif !defined(__OPTIMIZE__)
	STACK = 64 << 10
#else
	STACK = 32 << 10
#endif
};

static int on_small_stack(void *(*work)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *result = NULL;
	int r;

	pthread_attr_init(&attr);
	r = pthread_attr_setstacksize(&attr, STACK);
	if (r == 0)
		r = pthread_create(&thread, &attr, work, arg);
	if (r == 0)
		r = pthread_join(thread, &result);
	pthread_attr_destroy(&attr);
	return r ? -r : (int)(intptr_t)result;
}

static int make_deep(int dir)
{
	int at = fcntl(dir, F_DUPFD_CLOEXEC, 0);

	for (int i = 0; i < LEVELS; i++) {
		int next;

		CHECK_INT(mkdirat(at, "d", 0755), 0);
		CHECK_INT(symlinkat("d", at, "link"), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK(next >= 0);
		close(at);
		at = next;
	}
	return at;
}

static void *copy(void *arg)
{
	const int *fds = arg;
	char name[TREE_NAME_SIZE];

	return (void *)(intptr_t)tree_copy(fds[0], fds[1], name);
}

SANDBOX_TEST(a_deep_tree_is_copied_with_little_stack, CLONE_NEWNS)
{
	int root = sandbox_make_root(), fds[2], end;
	char path[2 * LEVELS] = "";
	struct stat a, b;

	CHECK_INT(mkdirat(root, "from", 0755), 0);
	CHECK_INT(mkdirat(root, "to", 0755), 0);
	fds[0] = openat(root, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds[1] = openat(root, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	end = make_deep(fds[0]);
	CHECK_INT(fchmod(end, 0701), 0);
	CHECK_INT(on_small_stack(copy, fds), 0);
	for (int i = 0; i < LEVELS; i++)
		strcat(path, i ? "/d" : "d");
	CHECK_INT(fstat(end, &a), 0);
	CHECK_INT(fstatat(fds[1], path, &b, 0), 0);
	CHECK_INT(b.st_mode, a.st_mode);
	close(end);
	close(fds[0]);
	close(fds[1]);
	close(root);
}

static void *find(void *arg)
{
	struct netlink_link link = { 0 };
	int sock = -1, r = netlink_open(&sock);

	(void)arg;
	if (r == 0)
		r = netlink_find_link(sock, "lo", &link);
	return (void *)(intptr_t)r;
}

SANDBOX_TEST(a_device_is_found_with_little_stack, CLONE_NEWNET)
{
	CHECK_INT(on_small_stack(find, NULL), 0);
}
