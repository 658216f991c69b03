/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/rootpath: hostile trees. Each test has a root beside a canary that links try to reach.
 */
#include "kernel/rootpath.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "test.h"

/* TOP/root is the root, TOP/canary must stay as it is. */
struct tree {
	char top[64];
	int fd, root;
	struct stat canary;
};

static struct tree tree_make(void)
{
	struct tree t = { .top = "/tmp/davit-rootpath-XXXXXX" };

	CHECK(mkdtemp(t.top));
	t.fd = open(t.top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(mkdirat(t.fd, "root", 0755), 0);
	CHECK_INT(mkdirat(t.fd, "canary", 0700), 0);
	t.root = openat(t.fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(fstatat(t.fd, "canary", &t.canary, 0), 0);
	return t;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void tree_remove(struct tree *t)
{
	struct stat now;

	CHECK_INT(fstatat(t->fd, "canary", &now, 0), 0);
	CHECK_INT(now.st_mtim.tv_nsec, t->canary.st_mtim.tv_nsec);
	CHECK_INT(now.st_ctim.tv_nsec, t->canary.st_ctim.tv_nsec);
	close(t->root);
	close(t->fd);
	CHECK_INT(nftw(t->top, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void link_in(const struct tree *t, const char *target, const char *name)
{
	CHECK_INT(symlinkat(target, t->root, name), 0);
}

/* The mode of what stands at @name below the root, links not followed; 0: nothing. */
static mode_t mode_of(const struct tree *t, const char *name)
{
	struct stat st;

	return fstatat(t->root, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mode : 0;
}

static bool is_same(int fd, const struct tree *t, const char *name)
{
	struct stat a, b;

	return fd >= 0 && fstat(fd, &a) == 0 && fstatat(t->root, name, &b, 0) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static int closed(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : fd;
}

TEST(open_stays_inside)
{
	struct tree t = tree_make();
	int fd;

	CHECK_INT(mkdirat(t.root, "etc", 0755), 0);
	link_in(&t, "/etc", "abs");
	link_in(&t, "../../../../../../etc", "up");
	link_in(&t, "/canary", "away");
	link_in(&t, "../canary", "sideways");
	for (size_t i = 0; i < 4; i++) {
		const char *const paths[] = { "abs", "/up", "../../etc", "/abs/../../../etc/" };

		fd = rootpath_open(t.root, paths[i], O_PATH);
		CHECK(is_same(fd, &t, "etc"));
		closed(fd);
	}
	CHECK_INT(closed(rootpath_open(t.root, "away", O_PATH)), -ENOENT);
	CHECK_INT(closed(rootpath_open(t.root, "sideways", O_PATH)), -ENOENT);
	CHECK_INT(closed(rootpath_open(t.root, "", O_PATH)), -ENOENT);
	fd = rootpath_open(t.root, "/", O_PATH);
	CHECK(is_same(fd, &t, "."));
	CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	closed(fd);
	tree_remove(&t);
}

TEST(open_nofollow_gives_the_link)
{
	struct tree t = tree_make();
	struct stat st;
	int fd;

	link_in(&t, "/etc", "abs");
	fd = rootpath_open_nofollow(t.root, "abs", O_PATH);
	CHECK(fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode));
	closed(fd);
	CHECK_INT(closed(rootpath_open_nofollow(t.root, "abs", O_RDONLY)), -ELOOP);
	tree_remove(&t);
}

TEST(mkdirs_has_exact_modes)
{
	struct tree t = tree_make();
	mode_t mask = umask(077);

	CHECK_INT(closed(rootpath_mkdirs(t.root, "/a//b/./c/", 01777)), 0);
	CHECK_INT(mode_of(&t, "a"), S_IFDIR | 0755);
	CHECK_INT(mode_of(&t, "a/b"), S_IFDIR | 0755);
	CHECK_INT(mode_of(&t, "a/b/c"), S_IFDIR | 01777);
	umask(mask);
	/* What is there keeps its mode. */
	CHECK_INT(closed(rootpath_mkdirs(t.root, "a/b", 0700)), 0);
	CHECK_INT(mode_of(&t, "a/b"), S_IFDIR | 0755);
	CHECK_INT(closed(rootpath_mkdirs(t.root, "/", 0700)), 0);
	tree_remove(&t);
}

TEST(setgid_is_inherited)
{
	struct tree t = tree_make();
	struct stat st;

	CHECK_INT(mkdirat(t.root, "shared", 0755), 0);
	if (fchownat(t.root, "shared", 0, 4242, 0) < 0) {
		tree_remove(&t);
		SKIP("root is needed to give a directory to another group");
	}
	CHECK_INT(fchmodat(t.root, "shared", 02775, 0), 0);
	CHECK_INT(closed(rootpath_make_target(t.root, "/shared/a/b", true)), 0);
	CHECK_INT(mode_of(&t, "shared/a"), S_IFDIR | 02755);
	CHECK_INT(mode_of(&t, "shared/a/b"), S_IFDIR | 02755);
	CHECK_INT(fstatat(t.root, "shared/a/b", &st, 0), 0);
	CHECK_INT(st.st_gid, 4242);
	CHECK_INT(closed(rootpath_mkdirs(t.root, "/shared/c", 0700)), 0);
	CHECK_INT(mode_of(&t, "shared/c"), S_IFDIR | 02700);
	tree_remove(&t);
}

TEST(dangling_links_are_made_inside)
{
	struct tree t = tree_make();
	int fd;

	link_in(&t, "/canary/x", "abs");
	link_in(&t, "../canary/y", "rel");
	link_in(&t, "abs", "chain");
	link_in(&t, "../../../../canary/file", "file");
	link_in(&t, "canary/slashes///", "slashes");
	fd = rootpath_make_target(t.root, "/chain/deep", true);
	CHECK(is_same(fd, &t, "canary/x/deep"));
	closed(fd);
	fd = rootpath_make_target(t.root, "rel", true);
	CHECK(is_same(fd, &t, "canary/y"));
	closed(fd);
	fd = rootpath_make_target(t.root, "file", false);
	CHECK(is_same(fd, &t, "canary/file"));
	closed(fd);
	CHECK_INT(mode_of(&t, "canary/file"), S_IFREG | 0644);
	fd = rootpath_make_target(t.root, "slashes/", false);
	CHECK(is_same(fd, &t, "canary/slashes"));
	closed(fd);
	/* The links themselves are left alone. */
	CHECK(S_ISLNK(mode_of(&t, "file")));
	tree_remove(&t);
}

TEST(dots_in_missing_paths)
{
	struct tree t = tree_make();
	int fd;

	CHECK_INT(mkdirat(t.root, "d", 0755), 0);
	link_in(&t, "/d", "l");
	fd = rootpath_make_target(t.root, "/../../l/../new/../../new/x", true);
	CHECK(is_same(fd, &t, "new/x"));
	closed(fd);
	CHECK_INT(mode_of(&t, "d/x"), 0);
	tree_remove(&t);
}

TEST(loops_and_long_chains)
{
	struct tree t = tree_make();
	char name[16], target[16];

	link_in(&t, "self", "self");
	CHECK_INT(closed(rootpath_make_target(t.root, "self", true)), -ELOOP);
	CHECK_INT(closed(rootpath_make_target(t.root, "new/../self/x", false)), -ELOOP);
	for (int i = 0; i < 45; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(target, sizeof(target), "l%d", i + 1);
		link_in(&t, target, name);
	}
	/* l45 is missing: 45 links from l0, 40 from l5. */
	CHECK_INT(closed(rootpath_make_target(t.root, "l0", true)), -ELOOP);
	CHECK_INT(closed(rootpath_make_target(t.root, "l4/x", true)), -ELOOP);
	CHECK_INT(closed(rootpath_make_target(t.root, "l5", true)), 0);
	CHECK_INT(mode_of(&t, "l45"), S_IFDIR | 0755);
	tree_remove(&t);
}

TEST(clashes)
{
	struct tree t = tree_make();

	CHECK_INT(closed(rootpath_make_target(t.root, "dir", true)), 0);
	CHECK_INT(closed(rootpath_make_target(t.root, "file", false)), 0);
	link_in(&t, "/file", "to-file");
	CHECK_INT(closed(rootpath_make_target(t.root, "dir", false)), -EISDIR);
	CHECK_INT(closed(rootpath_make_target(t.root, "dir/", false)), -EISDIR);
	CHECK_INT(closed(rootpath_make_target(t.root, "file", true)), -ENOTDIR);
	CHECK_INT(closed(rootpath_make_target(t.root, "file/", false)), 0);
	CHECK_INT(closed(rootpath_make_target(t.root, "to-file", true)), -ENOTDIR);
	CHECK_INT(closed(rootpath_make_target(t.root, "to-file/x", true)), -ENOTDIR);
	CHECK_INT(closed(rootpath_make_target(t.root, "new/../file/x", true)), -ENOTDIR);
	CHECK_INT(closed(rootpath_mkdirs(t.root, "file", 0755)), -ENOTDIR);
	CHECK_INT(closed(rootpath_make_target(t.root, "/", false)), -EISDIR);
	tree_remove(&t);
}

TEST(parent_and_name)
{
	struct tree t = tree_make();
	char name[256];
	int fd;

	link_in(&t, "/elsewhere", "link");
	fd = rootpath_parent(t.root, "/a/b/c", name);
	CHECK(is_same(fd, &t, "a/b"));
	CHECK_STR(name, "c");
	closed(fd);
	fd = rootpath_parent(t.root, "top", name);
	CHECK(is_same(fd, &t, "."));
	CHECK_STR(name, "top");
	closed(fd);
	fd = rootpath_parent(t.root, "/link/node/./", name);
	CHECK(is_same(fd, &t, "elsewhere"));
	CHECK_STR(name, "node");
	closed(fd);
	fd = rootpath_parent(t.root, "a/b/..", name);
	CHECK(is_same(fd, &t, "."));
	CHECK_STR(name, "a");
	closed(fd);
	/* The last name is never followed. */
	fd = rootpath_parent(t.root, "link", name);
	CHECK_STR(name, "link");
	closed(fd);
	for (size_t i = 0; i < 6; i++) {
		const char *const roots[] = { "", "/", ".", "//./", "..", "/a/../.." };

		CHECK_INT(closed(rootpath_parent(t.root, roots[i], name)), -EINVAL);
	}
	tree_remove(&t);
}

TEST(long_names)
{
	struct tree t = tree_make();
	char name[256], deep[PATH_MAX + 64];

	memset(deep, 'x', 256);
	deep[256] = '\0';
	CHECK_INT(closed(rootpath_make_target(t.root, deep, true)), -ENAMETOOLONG);
	CHECK_INT(closed(rootpath_parent(t.root, deep, name)), -ENAMETOOLONG);
	for (size_t i = 0; i + 3 <= sizeof(deep); i += 2)
		memcpy(deep + i, "d/", 3);
	CHECK_INT(closed(rootpath_make_target(t.root, deep, true)), -ENAMETOOLONG);
	deep[3000] = '\0';
	CHECK_INT(closed(rootpath_make_target(t.root, deep, true)), 0);
	tree_remove(&t);
}

static int magic_links(void)
{
	struct tree t = tree_make();
	int before = test_failures;
	char name[256];
	const char *const paths[] = { "/proc/self/root/canary", "/proc/self/cwd/x",
				      "/proc/self/exe", "/proc/self/fd/0", "/l/canary" };

	CHECK_INT(mkdirat(t.root, "proc", 0555), 0);
	CHECK_INT(fchdir(t.root), 0);
	CHECK_INT(mount("proc", "proc", "proc", 0, NULL), 0);
	link_in(&t, "/proc/self/root", "l");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		CHECK_INT(closed(rootpath_open(t.root, paths[i], O_PATH)), -ELOOP);
		CHECK_INT(closed(rootpath_make_target(t.root, paths[i], true)), -ELOOP);
	}
	CHECK_INT(closed(rootpath_parent(t.root, "/proc/self/root/canary/x", name)), -ELOOP);
	/* Nothing can be made there, however often it is tried. */
	CHECK_INT(closed(rootpath_make_target(t.root, "/proc/nosuchfile", false)), -ENOENT);
	CHECK_INT(closed(rootpath_make_target(t.root, "/proc/no/such", true)), -ENOENT);
	CHECK_INT(umount2("proc", MNT_DETACH), 0);
	CHECK_INT(chdir("/"), 0);
	tree_remove(&t);
	return test_failures != before;
}

TEST(magic_links_are_refused)
{
	int status = 0;
	pid_t pid;

	if (geteuid() != 0)
		SKIP("root is needed to mount procfs");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int r = 77;

		if (unshare(CLONE_NEWNS) == 0 &&
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
			r = magic_links();
		fflush(stdout);
		_exit(r);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}
