/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * container/store: ids, locks, files and the removal of state directories.
 */
#include "container/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

	CHECK_INT(store_claim(rootfd, "c", &one, &e), 0);
	CHECK_INT(store_claim(rootfd, "c", &two, &e), -EEXIST);
	CHECK_INT(e.kind, ERR_EXISTS);
	e = (struct err){ 0 };
	CHECK_INT(store_open(rootfd, "c", &two, &e), 0);
	CHECK(store_is_locked(two));
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

/* Deeper than a path can be, wide, with links that lead out and names that nobody expects. */
static void fill(int rootfd)
{
	int at = openat(rootfd, "c/notify", O_RDONLY | O_DIRECTORY | O_CLOEXEC), next;
	char name[16];

	CHECK_INT(symlinkat("../../victim", at, "link"), 0);
	CHECK_INT(mkfifoat(at, "fifo", 0600), 0);
	for (unsigned i = 0; i < 100; i++) {
		fmt(name, sizeof(name), ".%u", i);
		CHECK_INT(mkdirat(at, name, 0700), 0);
	}
	for (unsigned i = 0; i < 700; i++) {
		CHECK_INT(mkdirat(at, "deeper", 0700), 0);
		next = openat(at, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK_INT(symlinkat("../../../victim", next, "link"), 0);
		close(at);
		at = next;
	}
	close(at);
}

TEST(a_tree_that_somebody_made_goes_and_no_link_is_followed)
{
	struct err e = { 0 };
	int rootfd = open_root(), fd = -1;

	CHECK_INT(mkdirat(rootfd, "victim", 0700), 0);
	CHECK_INT(mkdirat(rootfd, "victim/kept", 0700), 0);
	CHECK_INT(store_claim(rootfd, "c", &fd, &e), 0);
	CHECK_INT(mkdirat(fd, "notify", 0755), 0);
	fill(rootfd);
	CHECK_INT(store_remove(rootfd, "c", fd, &e), 0);
	CHECK(faccessat(rootfd, ".gone.c", F_OK, 0) < 0);
	CHECK_INT(faccessat(rootfd, "victim/kept", F_OK, 0), 0);
	CHECK_INT(unlinkat(rootfd, "victim/kept", AT_REMOVEDIR), 0);
	CHECK_INT(unlinkat(rootfd, "victim", AT_REMOVEDIR), 0);
	close(fd);
	close(rootfd);
	CHECK_INT(rmdir(root), 0);
}

static void become_nobody(void)
{
	if (geteuid() == 0)
		CHECK_INT(setresuid(65534, 65534, 65534), 0);
}

/* An ordinary user may lock itself out. */
TEST(directories_without_rights_are_no_hindrance)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		struct err e = { 0 };
		int rootfd, fd = -1;

		test_failures = 0;
		become_nobody();
		rootfd = open_root();
		CHECK_INT(store_claim(rootfd, "c", &fd, &e), 0);
		CHECK_INT(mkdirat(fd, "notify", 0755), 0);
		CHECK_INT(mkdirat(fd, "notify/a", 0755), 0);
		CHECK_INT(mkdirat(fd, "notify/a/b", 0755), 0);
		CHECK_INT(mkdirat(fd, "notify/a/b/c", 0), 0);
		CHECK_INT(fchmodat(fd, "notify/a/b", 0, 0), 0);
		CHECK_INT(fchmodat(fd, "notify/a", 0500, 0), 0);
		CHECK_INT(fchmodat(fd, "notify", 0, 0), 0);
		CHECK_INT(store_remove(rootfd, "c", fd, &e), 0);
		CHECK_STR(e.msg, "");
		CHECK_INT(rmdir(root), 0);
		_exit(test_failures ? 1 : 0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

TEST(the_longest_id_is_removed_as_others_are)
{
	struct err e = { 0 };
	char id[STORE_ID_MAX + 1];
	int rootfd = open_root(), fd = -1;

	memset(id, 'i', STORE_ID_MAX);
	id[STORE_ID_MAX] = '\0';
	for (unsigned i = 0; i < 2; i++) {
		CHECK_INT(store_claim(rootfd, id, &fd, &e), 0);
		CHECK_INT(store_remove(rootfd, id, fd, &e), 0);
		close(fd);
	}
	close(rootfd);
	CHECK_INT(rmdir(root), 0);
}

static void link_to(const char *target, const char *path, uid_t owner)
{
	unlink(path);
	CHECK_INT(symlink(target, path), 0);
	CHECK_INT(lchown(path, owner, 0), 0);
}

/* Whatever fs.protected_symlinks says: these directories are not sticky. */
TEST(a_root_behind_a_link_of_somebody_else_is_refused)
{
	char way[64], link[64];
	struct err e = { 0 };
	int fd = open_root();

	close(fd);
	if (geteuid() != 0)
		SKIP("needs root");
	fmt(link, sizeof(link), "%s/link", root);
	fmt(way, sizeof(way), "%s/link/davit", root);
	link_to(".", link, 12345);
	CHECK_INT(store_open_root(link, false, &fd, &e), -EPERM);
	CHECK(strstr(e.msg, "link of user 12345, neither root nor you") != NULL);
	e = (struct err){ 0 };
	CHECK_INT(store_open_root(way, true, &fd, &e), -EPERM);
	e = (struct err){ 0 };
	link_to(root, link, 0);
	CHECK_INT(store_open_root(way, false, &fd, &e), -ENOENT);
	CHECK_INT(e.kind, ERR_NOT_FOUND);
	e = (struct err){ 0 };
	CHECK_INT(store_open_root(way, true, &fd, &e), 0);
	close(fd);
	fmt(way, sizeof(way), "%s/davit", root);
	CHECK_INT(rmdir(way), 0);
	link_to("link", link, 0);
	CHECK_INT(store_open_root(way, false, &fd, &e), -ENOENT);
	e = (struct err){ 0 };
	fmt(way, sizeof(way), "%s/link/davit", root);
	CHECK_INT(store_open_root(way, true, &fd, &e), -ELOOP);
	unlink(link);
	CHECK_INT(rmdir(root), 0);
}

TEST(parents_are_made_as_others_may_pass_and_the_root_is_not)
{
	char way[64];
	struct stat st;
	struct err e = { 0 };
	int fd = open_root();

	close(fd);
	umask(022);
	fmt(way, sizeof(way), "%s/a//./b/", root);
	CHECK_INT(store_open_root(way, true, &fd, &e), 0);
	CHECK_INT(fstat(fd, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0700);
	close(fd);
	CHECK_INT(rmdir(way), 0);
	fmt(way, sizeof(way), "%s/a", root);
	CHECK_INT(stat(way, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0755);
	CHECK_INT(rmdir(way), 0);
	CHECK_INT(rmdir(root), 0);
}

static int claim_with(int rootfd, const char *const *files, const char *text)
{
	struct err e = { 0 };
	int fd = -1;

	CHECK_INT(store_claim(rootfd, "c", &fd, &e), 0);
	for (; *files; files++)
		CHECK_INT(store_write_file(fd, *files, text, strlen(text), &e), 0);
	return fd;
}

TEST(whose_state_it_is)
{
	static const struct {
		const char *files[4], *text, *owner;
	} rows[] = {
		{ { NULL }, "", NULL },
		{ { "config.json" }, "{}", NULL },
		{ { "state.json" }, "garbage", NULL },
		{ { "state.json", "journal.json" }, "\"init_process_pid\"", NULL },
		{ { "other", "journal.json" }, "", NULL },
		{ { "state.json" }, "{\"id\":\"c\",\"init_process_pid\":7", "runc" },
		{ { "status", "config.json" }, "{", "crun" },
		{ { "state.json", "youki_config.json" }, "{}", "youki" },
		{ { "state.json", "exec.fifo" }, "{}", "another program" },
		{ { "photo.jpg" }, "", "another program" },
	};
	struct err e = { 0 };
	int rootfd = open_root();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = claim_with(rootfd, rows[i].files, rows[i].text);
		const char *owner = store_foreign_owner(fd);

		CHECK_STR(owner ? owner : "davit", rows[i].owner ? rows[i].owner : "davit");
		CHECK_INT(store_remove(rootfd, "c", fd, &e), 0);
		close(fd);
	}
	close(rootfd);
	CHECK_INT(rmdir(root), 0);
}

TEST(a_bundle_of_any_bytes_comes_back)
{
	static const char *const bundles[] = { ("/a\xff\xc2"
						"b\n"),
					       "/plain", "/\xef\xbf\xbd" };
	struct arena a = { 0 };
	struct err e = { 0 };
	int rootfd = open_root();

	for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++) {
		const struct davit_state s = {
			.version = 1, .phase = "created", .id = "c", .bundle = bundles[i]
		};
		struct davit_state *got = NULL;
		int fd = -1;

		CHECK_INT(store_claim(rootfd, "c", &fd, &e), 0);
		CHECK_INT(store_write_state(fd, "journal.json", &s, &e), 0);
		CHECK_INT(store_write_state(fd, "state.json", &s, &e), 0);
		CHECK_INT(store_read_state(&a, fd, "state.json", &got, &e), 0);
		CHECK_STR(got ? got->bundle : NULL, bundles[i]);
		CHECK_INT(store_remove(rootfd, "c", fd, &e), 0);
		close(fd);
	}
	arena_release(&a);
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
