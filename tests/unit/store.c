/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lifecycle/store: ids, locks, files and the removal of state directories.
 */
#include "lifecycle/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fmt.h"
#include "test.h"

static char root[] = "/tmp/davit-store-XXXXXX";

static int open_root(void)
{
	struct err e = { 0 };
	int fd = -1;

	strcpy(root + sizeof(root) - 7, "XXXXXX");
	CHECK(mkdtemp(root) != NULL);
	CHECK_INT(store_open_root(root, false, &fd, &e), 0);
	return fd;
}

static int check(const char *id)
{
	struct err e = { 0 };

	return store_check_id(id, &e);
}

TEST(ids)
{
	char longest[STORE_ID_MAX + 2];

	CHECK_INT(check("a"), 0);
	CHECK_INT(check("_A+z-0.9"), 0);
	CHECK_INT(check("-x"), 0);
	CHECK_INT(check(""), -EINVAL);
	CHECK_INT(check("."), -EINVAL);
	CHECK_INT(check(".."), -EINVAL);
	CHECK_INT(check(".x"), -EINVAL);
	CHECK_INT(check("a/b"), -EINVAL);
	CHECK_INT(check("a b"), -EINVAL);
	CHECK_INT(check("a\nb"), -EINVAL);
	CHECK_INT(check("\xc3\xa4"), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	longest[STORE_ID_MAX + 1] = '\0';
	CHECK_INT(check(longest), -EINVAL);
	longest[STORE_ID_MAX] = '\0';
	CHECK_INT(check(longest), 0);
}

TEST(a_root_that_others_own_or_write_is_refused)
{
	struct err e = { 0 };
	int fd = -1;

	close(open_root());
	chmod(root, 0777);
	CHECK_INT(store_open_root(root, false, &fd, &e), -EPERM);
	chmod(root, 01777);
	e = (struct err){ 0 };
	CHECK_INT(store_open_root(root, false, &fd, &e), 0);
	close(fd);
	if (geteuid() == 0) {
		CHECK_INT(chown(root, 12345, 0), 0);
		CHECK_INT(store_open_root(root, false, &fd, &e), -EPERM);
	}
	rmdir(root);
	e = (struct err){ 0 };
	CHECK_INT(store_open_root(root, false, &fd, &e), -ENOENT);
	CHECK_INT(e.kind, ERR_NOT_FOUND);
}

TEST(one_claim_wins_and_holds_the_lock)
{
	struct err e = { 0 };
	int rootfd = open_root(), one = -1, two = -1;
	pid_t holder = 0;

	CHECK_INT(store_claim(rootfd, "c", &one, &e), 0);
	CHECK_INT(store_claim(rootfd, "c", &two, &e), -EEXIST);
	CHECK_INT(e.kind, ERR_EXISTS);
	e = (struct err){ 0 };
	CHECK_INT(store_open(rootfd, "c", &two, &e), 0);
	CHECK(store_is_locked(two));
	CHECK_INT(store_find_locker(two, &holder), 0);
	CHECK_INT(holder, getpid());
	CHECK_INT(store_lock(two, 10, &e), -EBUSY);
	CHECK_INT(e.kind, ERR_TIMEOUT);
	e = (struct err){ 0 };
	store_unlock(one);
	CHECK(!store_is_locked(two));
	CHECK_INT(store_lock(two, 10, &e), 0);
	CHECK_INT(store_remove(rootfd, "c", two, &e), 0);
	CHECK_INT(store_lock(one, 2000, &e), -EBUSY); /* two still has the lock */
	close(two);
	e = (struct err){ 0 };
	CHECK_INT(store_lock(one, 10, &e), -ENOENT); /* of a directory that is gone */
	CHECK_INT(e.kind, ERR_NOT_FOUND);
	close(one);
	close(rootfd);
	rmdir(root);
}

TEST(a_state_comes_back_as_it_was_written)
{
	const int64_t pid = 4711;
	const uint64_t start = UINT64_MAX;
	const bool yes = true;
	const struct davit_state s = { .version = 1,
				       .phase = "created",
				       .id = "c",
				       .pid = &pid,
				       .start_time = &start,
				       .cgroup_owner = "c now",
				       .has_start_socket = &yes };
	struct davit_state *got = NULL;
	struct arena a = { 0 };
	struct err e = { 0 };
	int rootfd = open_root(), fd = -1;

	CHECK_INT(store_claim(rootfd, "c", &fd, &e), 0);
	CHECK_INT(store_write_state(fd, "state.json", &s, &e), 0);
	CHECK_INT(store_read_state(&a, fd, "state.json", &got, &e), 0);
	CHECK_INT(*got->pid, pid);
	CHECK(*got->start_time == UINT64_MAX && *got->has_start_socket && !got->terminal);
	CHECK_STR(got->cgroup_owner, "c now");

	CHECK_INT(store_write_file(fd, "state.json", "{", 1, &e), 0);
	CHECK(store_read_state(&a, fd, "state.json", &got, &e) < 0);
	CHECK_INT(e.kind, ERR_STATE);
	e = (struct err){ 0 };
	unlinkat(fd, "state.json", 0);
	CHECK_INT(symlinkat("/etc/passwd", fd, "state.json"), 0);
	CHECK_INT(store_read_state(&a, fd, "state.json", &got, &e), -ELOOP);
	e = (struct err){ 0 };
	CHECK_INT(mkdirat(fd, "odd", 0700), 0);
	CHECK_INT(store_remove(rootfd, "c", fd, &e), 0);
	CHECK(faccessat(rootfd, "c", F_OK, 0) < 0);
	arena_release(&a);
	close(fd);
	close(rootfd);
	CHECK_INT(rmdir(root), 0);
}

TEST(what_a_killed_remove_has_left_is_swept)
{
	struct err e = { 0 };
	int rootfd = open_root(), fd = -1;

	CHECK_INT(mkdirat(rootfd, ".gone.c", 0700), 0);
	CHECK_INT(mkdirat(rootfd, ".gone.c/odd", 0700), 0);
	CHECK_INT(store_claim(rootfd, "c", &fd, &e), 0);
	CHECK_INT(store_remove(rootfd, "c", fd, &e), 0);
	CHECK(faccessat(rootfd, ".gone.c", F_OK, 0) < 0);
	CHECK(faccessat(rootfd, "c", F_OK, 0) < 0);
	close(fd);
	close(rootfd);
	CHECK_INT(rmdir(root), 0);
}
