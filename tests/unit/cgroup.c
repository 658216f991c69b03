/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/cgroupfs and setup/resources/cgroup on real cgroups: below the hierarchy's root, with
 * names of their own, removed at the end of each test.
 */
#include "setup/resources/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "kernel/cgroupfs.h"
#include "kernel/file.h"
#include "sandbox.h"

/* The hierarchy's root when cgroups can be made there; -1: skip. */
static int open_writable_root(void)
{
	int fd = cgroupfs_open_root(NULL);

	if (fd >= 0 && faccessat(fd, ".", W_OK, 0) == 0)
		return fd;
	close_fdp(&fd);
	return -1;
}

static const char *name(const char *suffix)
{
	static char buf[4][96];
	static unsigned n;

	snprintf(buf[++n % 4], sizeof(buf[0]), "/davit-test-%d%s", (int)getpid(), suffix);
	return buf[n % 4];
}

static bool exists(int rootfd, const char *path)
{
	return faccessat(rootfd, path + 1, F_OK, 0) == 0;
}

static pid_t sleeper_in(int dirfd)
{
	int p[2];
	char byte;
	pid_t pid;

	if (pipe(p) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		if (cgroupfs_write(dirfd, "cgroup.procs", "0") < 0)
			_exit(1);
		close(p[1]);
		for (;;)
			pause();
	}
	close(p[1]);
	CHECK_INT(read(p[0], &byte, 1), 0);
	close(p[0]);
	return pid;
}

static int count_pid(void *arg, pid_t pid)
{
	++*(int *)arg;
	return 0;
}

TEST(words_are_found_whole)
{
	CHECK(cgroupfs_has_word("cpuset cpu io\n", "cpu", 3));
	CHECK(cgroupfs_has_word("cpuset cpu io\n", "io", 2));
	CHECK(!cgroupfs_has_word("cpuset io", "cpu", 3));
	CHECK(!cgroupfs_has_word("", "cpu", 3));
}

TEST(make_removes_its_parents_again)
{
	struct cgroupfs_made a, b;
	int rootfd = open_writable_root();
	uint64_t inode = 0;

	if (rootfd < 0)
		SKIP("no writable cgroup2 hierarchy");
	CHECK_INT(cgroupfs_make(rootfd, name("/x/a"), &a), 0);
	CHECK(!a.was_there);
	CHECK_INT(cgroupfs_get_inode(a.dirfd, &inode), 0);
	CHECK(inode == a.inode && inode > 0);
	CHECK_INT(cgroupfs_make(rootfd, name("/x/b"), &b), 0);
	CHECK_INT(cgroupfs_remove(rootfd, name("/x/a"), 0), 0);
	CHECK(exists(rootfd, name("/x/b")));
	CHECK_INT(cgroupfs_remove(rootfd, name("/x/b"), 0), 0);
	CHECK(!exists(rootfd, name("")));
	CHECK_INT(cgroupfs_remove(rootfd, name("/x/b"), 0), 0); /* missing is success */
	close(a.dirfd);
	close(b.dirfd);
	close(rootfd);
}

TEST(parents_of_others_stay)
{
	struct cgroupfs_made a;
	int rootfd = open_writable_root();

	if (rootfd < 0)
		SKIP("no writable cgroup2 hierarchy");
	CHECK_INT(mkdirat(rootfd, name("") + 1, 0755), 0);
	CHECK_INT(cgroupfs_make(rootfd, name("/x/a"), &a), 0);
	CHECK_INT(cgroupfs_remove(rootfd, name("/x/a"), 0), 0);
	CHECK(exists(rootfd, name("")) && !exists(rootfd, name("/x")));
	CHECK_INT(cgroupfs_make(rootfd, name(""), &a), 0);
	CHECK(a.was_there);
	CHECK_INT(unlinkat(rootfd, name("") + 1, AT_REMOVEDIR), 0);
	close(a.dirfd);
	close(rootfd);
}

TEST(paths_stay_below_the_root)
{
	struct cgroupfs_made made;
	int rootfd = open_writable_root(), fd;

	if (rootfd < 0)
		SKIP("no writable cgroup2 hierarchy");
	CHECK_INT(cgroupfs_make(rootfd, "/a/../../b", &made), -EINVAL);
	CHECK_INT(cgroupfs_open(rootfd, "../.."), -EINVAL);
	CHECK_INT(cgroupfs_open(rootfd, "/no-such-cgroup"), -ENOENT);
	CHECK_INT(cgroupfs_open_root_at("/proc"), -EINVAL);
	fd = cgroupfs_open(rootfd, "/");
	CHECK(fd >= 0);
	close(fd);
	close(rootfd);
}

TEST(kill_wait_and_remove_a_tree)
{
	struct cgroupfs_made made, deep;
	int rootfd = open_writable_root(), pids = 0;
	pid_t one, two;

	if (rootfd < 0)
		SKIP("no writable cgroup2 hierarchy");
	CHECK_INT(cgroupfs_make(rootfd, name(""), &made), 0);
	/* As a container would: without our mark. */
	CHECK_INT(mkdirat(made.dirfd, "sub", 0755), 0);
	CHECK_INT(mkdirat(made.dirfd, "sub/empty", 0755), 0);
	CHECK_INT(mkdirat(made.dirfd, "wide", 0755), 0);
	CHECK_INT(mkdirat(made.dirfd, "wide/one", 0755), 0);
	CHECK_INT(mkdirat(made.dirfd, "wide/two", 0755), 0);
	CHECK_INT(cgroupfs_make(rootfd, name("/sub/full"), &deep), 0);
	one = sleeper_in(made.dirfd);
	two = sleeper_in(deep.dirfd);
	CHECK_INT(cgroupfs_each_pid(made.dirfd, count_pid, &pids), 0);
	CHECK_INT(pids, 2);
	CHECK_INT(cgroupfs_get_event(made.dirfd, "populated"), 1);
	CHECK_INT(cgroupfs_remove(rootfd, name(""), 20), -EBUSY);
	CHECK_INT(cgroupfs_remove_below(made.dirfd), -EBUSY);
	CHECK_INT(cgroupfs_wait_event(made.dirfd, "populated", false, 10), -ETIMEDOUT);

	CHECK_INT(cgroupfs_freeze(made.dirfd, true, 30000), 0);
	CHECK_INT(cgroupfs_wait_event(deep.dirfd, "frozen", true, 30000), 0);
	CHECK_INT(cgroupfs_kill(made.dirfd), 0); /* frozen ones too */
	CHECK_INT(waitpid(one, NULL, 0), one);
	CHECK_INT(waitpid(two, NULL, 0), two);
	CHECK_INT(cgroupfs_wait_event(made.dirfd, "populated", false, 30000), 0);
	CHECK_INT(cgroupfs_remove(rootfd, name(""), 30000), 0);
	CHECK(!exists(rootfd, name("")));
	CHECK_INT(cgroupfs_get_event(made.dirfd, "populated"), -ENOENT);
	close(made.dirfd);
	close(deep.dirfd);
	close(rootfd);
}

TEST(remove_waits_for_processes_that_are_about_to_end)
{
	struct cgroupfs_made made;
	int rootfd = open_writable_root();
	pid_t pid, killer;

	if (rootfd < 0)
		SKIP("no writable cgroup2 hierarchy");
	CHECK_INT(cgroupfs_make(rootfd, name(""), &made), 0);
	pid = sleeper_in(made.dirfd);
	killer = fork();
	if (killer == 0) {
		usleep(150 * 1000);
		_exit(cgroupfs_kill(made.dirfd) < 0);
	}
	CHECK_INT(cgroupfs_remove(rootfd, name(""), 30000), 0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	CHECK_INT(waitpid(killer, NULL, 0), killer);
	close(made.dirfd);
	close(rootfd);
}

TEST(deep_trees_need_no_descriptor_a_level)
{
	struct cgroupfs_made made;
	int rootfd = open_writable_root(), at, depth = 0;

	if (rootfd < 0)
		SKIP("no writable cgroup2 hierarchy");
	CHECK_INT(cgroupfs_make(rootfd, name(""), &made), 0);
	at = dup(made.dirfd);
	for (; depth < 300 && mkdirat(at, "d", 0755) == 0; depth++) {
		int next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		close(at);
		at = next;
	}
	close(at);
	CHECK_INT(depth, 300);
	CHECK_INT(cgroupfs_remove(rootfd, name(""), 30000), 0);
	CHECK(!exists(rootfd, name("")));
	close(made.dirfd);
	close(rootfd);
}

TEST(kept_children_are_spared)
{
	struct cgroupfs_made made;
	int rootfd = open_writable_root();

	if (rootfd < 0)
		SKIP("no writable cgroup2 hierarchy");
	CHECK_INT(cgroupfs_make(rootfd, name(""), &made), 0);
	CHECK_INT(mkdirat(made.dirfd, "theirs", 0755), 0);
	CHECK_INT(cgroupfs_keep_children(made.dirfd), 0);
	CHECK_INT(mkdirat(made.dirfd, "ours", 0755), 0);
	CHECK_INT(cgroupfs_remove_below(made.dirfd), 0);
	CHECK(exists(rootfd, name("/theirs")) && !exists(rootfd, name("/ours")));
	CHECK_INT(unlinkat(made.dirfd, "theirs", AT_REMOVEDIR), 0);
	CHECK_INT(cgroupfs_remove(rootfd, name(""), 0), 0);
	close(made.dirfd);
	close(rootfd);
}

TEST(enable_names_the_controller_at_fault)
{
	struct cgroupfs_made made;
	char buf[256], at_fault[32];
	int rootfd = open_writable_root();

	if (rootfd < 0)
		SKIP("no writable cgroup2 hierarchy");
	CHECK_INT(cgroupfs_make(rootfd, name("/x"), &made), 0);
	close(made.dirfd);
	made.dirfd = cgroupfs_open(rootfd, name(""));
	CHECK_INT(cgroupfs_enable(made.dirfd, "", at_fault), 0);
	CHECK(cgroupfs_enable(made.dirfd, "no-such", at_fault) < 0);
	CHECK_STR(at_fault, "no-such");
	CHECK(file_read(made.dirfd, "cgroup.type", buf, sizeof(buf)) > 0);
	CHECK_STR(buf, "domain");
	CHECK_INT(file_read(made.dirfd, "cgroup.type", buf, 3), -EFBIG);
	CHECK_INT(cgroupfs_write(made.dirfd, "no.such", "1"), -ENOENT);
	CHECK_INT(cgroupfs_remove(rootfd, name("/x"), 0), 0);
	close(made.dirfd);
	close(rootfd);
}

static int last_warnings;

static void count_warning(void *arg, const char *text)
{
	last_warnings++;
}

/* A plan for @path, with the rules of an engine: deny all, then the default devices. */
static int plan_for(struct arena *a, const char *path, struct cgroup_plan *ret, struct err *e)
{
	static const int64_t zero;
	static struct oci_device_rule deny = { .allow = false, .access = "rwm" };
	static const struct oci_pids pids = { .limit = &zero };
	struct oci_resources res = { .devices = { &deny, 1 }, .pids = &pids };
	struct oci_linux linux_config = { .resources = &res, .cgroups_path = path };
	struct oci_config config = { .linux_config = &linux_config };
	struct cgroup_context ctx = { .id = "unit-test", .warn = count_warning };

	return cgroup_prepare(a, &config, &ctx, ret, e);
}

TEST(paths_of_the_config)
{
	struct arena a = { 0 };
	struct cgroup_plan p;
	struct err e = { 0 };

	if (plan_for(&a, NULL, &p, &e) < 0)
		SKIP("no cgroup2 hierarchy");
	CHECK_STR(p.path, "/unit-test");
	CHECK_INT(plan_for(&a, "", &p, &e), 0);
	CHECK_STR(p.path, "/unit-test");
	CHECK_INT(plan_for(&a, "//a/./b///c/.", &p, &e), 0);
	CHECK_STR(p.path, "/a/b/c");
	CHECK_INT(plan_for(&a, "./a/", &p, &e), 0);
	CHECK_STR(p.path, "/a");
	CHECK_INT(plan_for(&a, "s.slice:a:b", &p, &e), 0);
	CHECK_STR(p.path, "/s.slice:a:b");
	CHECK_INT(plan_for(&a, "/docker/x", &p, &e), 0);
	CHECK_STR(p.path, "/docker/x");
	CHECK_INT(plan_for(&a, "crio-6119", &p, &e), 0);
	CHECK_STR(p.path, "/crio-6119");
	arena_release(&a);
}

TEST(a_manager_that_is_none_is_refused)
{
	struct oci_config config = { .oci_version = "1.2.0" };
	struct cgroup_context ctx = { .id = "unit-test", .manager = "other" };
	struct arena a = { 0 };
	struct cgroup_plan p;
	struct err e = { 0 };

	CHECK_INT(cgroup_prepare(&a, &config, &ctx, &p, &e), -EOPNOTSUPP);
	CHECK_STR(e.msg, "the cgroup manager \"other\" is not supported");
	arena_release(&a);
}

/* rmdir(2) says EBUSY of what is a mount point. */
SANDBOX_TEST(what_cannot_be_removed_costs_the_deadline, CLONE_NEWNS)
{
	struct arena a = { 0 };
	struct cgroup_plan p;
	struct err e = { 0 };
	struct cgroup_created c;
	struct cgroup_ref ref;
	int rootfd = open_writable_root();
	char place[256];

	if (rootfd < 0)
		return;
	CHECK_INT(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_INT(plan_for(&a, name("/busy"), &p, &e), 0);
	CHECK_INT(cgroup_create(&p, "id now", &c, &e), 0);
	CHECK_INT(mkdirat(c.dirfd, "in", 0755), 0);
	snprintf(place, sizeof(place), "%s%s/in", p.root, p.path);
	CHECK_INT(mount("none", place, "tmpfs", 0, NULL), 0);
	ref = (struct cgroup_ref){ p.root, p.path, "id now", c.inode, false };
	CHECK_INT(cgroup_destroy(&ref, 50, &e), -ETIMEDOUT);
	CHECK(strstr(e.msg, "still has processes after SIGKILL"));
	CHECK_STR(err_kind_word(e.kind), "timeout");
	e = (struct err){ 0 };
	CHECK_INT(umount2(place, MNT_DETACH), 0);
	CHECK_INT(cgroup_destroy(&ref, 30000, &e), 0);
	CHECK(!exists(rootfd, name("/busy")));
	close(c.dirfd);
	close(rootfd);
	arena_release(&a);
}

TEST(create_apply_destroy)
{
	struct arena a = { 0 };
	struct cgroup_plan p;
	struct err e = { 0 };
	struct cgroup_created c, other;
	int rootfd = open_writable_root();
	size_t programs = 0;
	struct cgroup_ref ref;
	pid_t pid;

	if (rootfd < 0)
		SKIP("no writable cgroup2 hierarchy");
	CHECK_INT(plan_for(&a, name("/c"), &p, &e), 0);
	CHECK_INT(cgroup_create(&p, "id now", &c, &e), 0);
	CHECK(!c.was_there && c.inode > 0);
	CHECK_INT(cgroup_apply(&p, c.dirfd, &e), 0);
	CHECK_INT(cgroup_attach_devices(&p, c.dirfd, &e), 0);
	CHECK_INT(bpf_device_query(c.dirfd, &programs), 0);
	CHECK_INT(programs, 1);
	pid = sleeper_in(c.dirfd);

	ref = (struct cgroup_ref){ p.root, p.path, "id now", c.inode, false };
	CHECK_INT(cgroup_create(&p, "id now", &other, &e), -EBUSY);
	CHECK(strstr(e.msg, "container's cgroup is not empty"));
	e = (struct err){ 0 };
	ref.owner = "other now";
	CHECK_INT(cgroup_open_ref(&ref), -ENOENT);
	CHECK_INT(cgroup_destroy(&ref, 1000, &e), 0);
	CHECK_INT(cgroupfs_get_event(c.dirfd, "populated"), 1);
	CHECK_INT(cgroupfs_freeze(c.dirfd, true, 2000), 0);
	CHECK_INT(cgroup_destroy(&(struct cgroup_ref){ NULL, p.path, "id now", c.inode, false },
				 5000, &e),
		  0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	CHECK(!exists(rootfd, name("")));
	CHECK_INT(cgroup_destroy(&(struct cgroup_ref){ p.root, p.path, "id now", c.inode, false },
				 1000, &e),
		  0);
	CHECK_STR(e.msg, "");
	close(c.dirfd);
	close(rootfd);
	arena_release(&a);
}

TEST(a_cgroup_that_was_there_stays)
{
	struct arena a = { 0 };
	struct cgroup_plan p;
	struct err e = { 0 };
	struct cgroup_created c;
	int rootfd = open_writable_root();
	size_t programs = 99;
	pid_t pid;

	if (rootfd < 0)
		SKIP("no writable cgroup2 hierarchy");
	CHECK_INT(mkdirat(rootfd, name("") + 1, 0755), 0);
	CHECK_INT(mkdirat(rootfd, name("/old") + 1, 0755), 0);
	CHECK_INT(plan_for(&a, name(""), &p, &e), 0);
	CHECK_INT(cgroup_create(&p, "id now", &c, &e), 0);
	CHECK(c.was_there);
	CHECK_INT(cgroup_apply(&p, c.dirfd, &e), 0);
	CHECK_INT(mkdirat(c.dirfd, "new", 0755), 0);
	pid = sleeper_in(c.dirfd);
	CHECK_INT(cgroupfs_freeze(c.dirfd, true, 2000), 0);
	CHECK_INT(cgroup_destroy(&(struct cgroup_ref){ p.root, p.path, "id now", c.inode, true },
				 5000, &e),
		  0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	CHECK(exists(rootfd, name("/old")) && !exists(rootfd, name("/new")));
	CHECK_INT(bpf_device_query(c.dirfd, &programs), 0);
	CHECK_INT(programs, 0);
	CHECK_INT(cgroupfs_wait_event(c.dirfd, "frozen", false, 1000), 0);

	CHECK_INT(cgroupfs_write(c.dirfd, "cgroup.freeze", "1"), 0);
	CHECK_INT(cgroup_create(&p, "id now", &c, &e), -EBUSY);
	CHECK(strstr(e.msg, "container's cgroup unexpectedly frozen"));
	unlinkat(rootfd, name("/old") + 1, AT_REMOVEDIR);
	CHECK_INT(unlinkat(rootfd, name("") + 1, AT_REMOVEDIR), 0);
	close(c.dirfd);
	close(rootfd);
	arena_release(&a);
}

enum {
	NOBODY = 65534
};

/* As an ordinary user whose own cgroup is @own (-1: the hierarchy's root); a bit for each fault. */
static int as_nobody(int own)
{
	struct oci_config config = { 0 };
	struct cgroup_context ctx = { .id = "unit-test",
				      .rootless = true,
				      .inform = count_warning };
	struct cgroup_plan p;
	struct arena a = { 0 };
	struct err e = { 0 };
	struct cgroup_created c;
	int bad = 0;

	last_warnings = 0;
	if ((own >= 0 && cgroupfs_write(own, "cgroup.procs", "0") < 0) || setgid(NOBODY) < 0 ||
	    setuid(NOBODY) < 0)
		return 64;
	bad |= cgroup_prepare(&a, &config, &ctx, &p, &e) == 0 ? 0 : 1;
	if (own < 0)
		return bad | (!p.path && last_warnings == 1 ? 0 : 2);
	bad |= p.path && last_warnings == 0 ? 0 : 4;
	bad |= cgroup_create(&p, "id now", &c, &e) == 0 ? 0 : 8;
	bad |= cgroup_apply(&p, c.dirfd, &e) == 0 ? 0 : 16;
	/* Which an ordinary user cannot; that is no error. */
	bad |= cgroup_attach_devices(&p, c.dirfd, &e) == 0 ? 0 : 128;
	bad |= cgroup_destroy(
		       &(struct cgroup_ref){ p.root, p.path, "id now", c.inode, c.was_there }, 1000,
		       &e) == 0
		       ? 0
		       : 32;
	if (bad)
		printf("# %s\n", e.msg);
	return bad;
}

static int run_as_nobody(int own)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(as_nobody(own));
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(an_ordinary_user_uses_the_own_cgroup_or_none)
{
	struct cgroupfs_made made;
	int rootfd = open_writable_root();

	if (rootfd < 0 || geteuid() != 0)
		SKIP("needs root and a writable cgroup2 hierarchy");
	CHECK_INT(cgroupfs_make(rootfd, name(""), &made), 0);
	CHECK_INT(run_as_nobody(-1), 0);
	CHECK_INT(fchownat(rootfd, name("") + 1, NOBODY, NOBODY, 0), 0);
	CHECK_INT(fchownat(made.dirfd, "cgroup.procs", NOBODY, NOBODY, 0), 0);
	CHECK_INT(run_as_nobody(made.dirfd), 0);
	CHECK_INT(cgroupfs_remove(rootfd, name(""), 30000), 0);
	close(made.dirfd);
	close(rootfd);
}

/* Deletes of the last container in a parent race with creates of the next one. */
TEST(parents_are_shared_by_many_at_once)
{
	pid_t parent = getpid(), pids[4];
	int rootfd = open_writable_root(), status;

	if (rootfd < 0)
		SKIP("no writable cgroup2 hierarchy");
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		char path[96];

		snprintf(path, sizeof(path), "/davit-test-%d/x/y/%zu", (int)parent, i);
		pids[i] = fork();
		for (int n = 0; pids[i] == 0 && n <= 200; n++) {
			struct cgroupfs_made made;

			if (n == 200)
				_exit(0);
			if (cgroupfs_make(rootfd, path, &made) < 0)
				_exit(1);
			if (made.was_there || cgroupfs_remove(rootfd, path, 30000) < 0)
				_exit(2);
			close(made.dirfd);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		CHECK_INT(waitpid(pids[i], &status, 0), pids[i]);
		CHECK_INT(status, 0);
	}
	CHECK(!exists(rootfd, name("")));
	cgroupfs_remove(rootfd, name(""), 30000);
	close(rootfd);
}
