/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/filesystem/mounts and setup/filesystem/rootfs: each test works in a mount namespace of its
 * own, on a tmpfs that holds the root beside a canary.
 */
#include "setup/filesystem/mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fmt.h"
#include "kernel/mount.h"
#include "kernel/sys.h"
#include "setup/filesystem/rootfs.h"
#include "test.h"

static struct arena arena;

/* One mount, options separated by spaces. */
static struct oci_mount row(const char *type, const char *source, const char *destination,
			    const char *words)
{
	struct oci_mount m = { .type = type, .source = source, .destination = destination };
	char *copy = arena_strdup(&arena, words);

	m.options.items = arena_array(&arena, 65, sizeof(char *));
	for (char *s = strtok(copy, " "); s; s = strtok(NULL, " "))
		m.options.items[m.options.count++] = s;
	return m;
}

static int prepare(struct oci_mount *rows, size_t count, const struct mounts_context *ctx,
		   struct mounts *ret, struct err *e)
{
	static struct oci_linux l;
	static struct oci_id_mapping map = { .container_id = 0, .host_id = 1000, .size = 3 };
	struct oci_config config = { .mounts = { rows, count }, .linux_config = &l };

	l.gid_mappings.items = &map;
	l.gid_mappings.count = 1;
	return mounts_prepare(&arena, &config, ctx, ret, e);
}

static const struct mounts_context plain = { .bundle = "/tmp/davit-mounts", .has_cgroup_ns = true };

static int prepare_error(struct oci_mount m, struct err *e)
{
	struct mounts got;

	*e = (struct err){ 0 };
	return prepare(&m, 1, &plain, &got, e);
}

TEST(prepare_refuses)
{
	struct oci_id_mapping one = { 0, 0, 1 };
	struct oci_mount m;
	struct err e;

	CHECK_INT(prepare_error(row(NULL, NULL, "/a", ""), &e), -EINVAL);
	CHECK_STR(e.pointer, "/mounts/0/type");
	CHECK_INT(prepare_error(row("bind", "/x", "/a", "ro"), &e), -ENODEV);
	CHECK_STR(e.pointer, "/mounts/0/type");
	CHECK_INT(prepare_error(row("bind", NULL, "/a", "bind"), &e), -EINVAL);
	CHECK_STR(e.pointer, "/mounts/0/source");
	CHECK_INT(prepare_error(row(NULL, "/x", "/a", "bind size=1 ro frob"), &e), -EINVAL);
	CHECK_STR(e.msg, "the bind mount on /a has unknown options: size=1,frob");
	CHECK_STR(e.pointer, "/mounts/0/options");
	CHECK_INT(prepare_error(row(NULL, "/x", "/a", "bind remount idmap"), &e), -EINVAL);
	CHECK_STR(e.msg, "a remount cannot be id-mapped: /a");
	m = row(NULL, "/x", "/a", "bind idmap=uids=0-0-1;gids=0-0-1");
	m.uid_mappings = m.gid_mappings = (struct oci_id_mappings){ &one, 1 };
	CHECK_INT(prepare_error(m, &e), -EINVAL);
	CHECK_STR(e.msg, "the mount on /a has two sets of id mappings");
	/* Neither the mount nor the container has maps. */
	CHECK_INT(prepare_error(row(NULL, "/x", "/a", "bind idmap"), &e), -EINVAL);
	CHECK_STR(e.pointer, "/mounts/0/options");
}

TEST(prepare_guards_proc)
{
	static const char *const inside[] = {
		"/proc",   "proc", "/proc/self/attr", "/x/../proc/sys", "//proc/./sys/kernel",
		"/../proc"
	};
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(inside); i++) {
		CHECK_INT(prepare_error(row("tmpfs", NULL, inside[i], ""), &e), -EINVAL);
		CHECK_STR(e.pointer, "/mounts/0/destination");
		CHECK_INT(prepare_error(row("proc", NULL, inside[i], ""), &e), 0);
	}
	CHECK_INT(prepare_error(row("tmpfs", NULL, "/process", ""), &e), 0);
	CHECK_INT(prepare_error(row("bind", "/x", "/proc/cpuinfo", "bind"), &e), 0);
}

static void take_line(void *arg, const char *text)
{
	fmt((char *)arg, 256, "%s", text);
}

TEST(prepare_and_describe)
{
	struct mounts_context ctx = plain;
	char line[256] = "";
	const struct describe d = { take_line, line };
	struct mounts m;
	struct err e = { 0 };
	struct oci_mount r = row("tmpfs", "tmpfs", "/dev", "nosuid strictatime mode=755");

	CHECK_INT(prepare(&r, 1, &ctx, &m, &e), 0);
	mounts_describe(&m, &d);
	CHECK_STR(line, "tmpfs on /dev nosuid,strictatime mode=755");
	r = row(NULL, "data", "data/", "rbind ro");
	CHECK_INT(prepare(&r, 1, &ctx, &m, &e), 0);
	mounts_describe(&m, &d);
	CHECK_STR(line, "bind /tmp/davit-mounts/data on /data rbind,ro");
	/* gid 5 has no mapping, 2 has one. */
	ctx.has_user_ns = true;
	r = row("devpts", NULL, "/dev/pts", "newinstance gid=5 mode=0620");
	CHECK_INT(prepare(&r, 1, &ctx, &m, &e), 0);
	CHECK_STR(m.items[0].options.data, "newinstance,mode=0620");
	r = row("devpts", NULL, "/dev/pts", "gid=2");
	CHECK_INT(prepare(&r, 1, &ctx, &m, &e), 0);
	CHECK_STR(m.items[0].options.data, "gid=2");
}

/* Without a cgroup namespace: what the host has, read-only unless it is asked for otherwise. */
TEST(prepare_cgroups_of_the_host)
{
	struct mounts_context ctx = { .bundle = "/b",
				      .cgroup_root = "/sys/fs/cgroup",
				      .cgroup_path = "/sys/fs/cgroup/a/x" };
	struct oci_mount r = row("cgroup", "cgroup", "/sys/fs/cgroup", "nosuid");
	struct mounts m;
	struct err e = { 0 };

	CHECK_INT(prepare(&r, 1, &ctx, &m, &e), 0);
	CHECK_INT(m.count, 2); /* its own is writable, where neither ro nor rw is said */
	CHECK_STR(m.items[1].destination, "/sys/fs/cgroup/a/x");
	CHECK(!(m.items[1].options.attr_set & MOUNT_ATTR_RDONLY));
	CHECK_INT(m.items[0].kind, MOUNT_BIND);
	CHECK_STR(m.items[0].source, "/sys/fs/cgroup");
	CHECK(m.items[0].options.is_recursive);
	CHECK(m.items[0].options.attr_set & MOUNT_ATTR_RDONLY);
	CHECK_INT(m.items[0].options.recursive_set, MOUNT_ATTR_RDONLY);
	r = row("cgroup", "cgroup", "/sys/fs/cgroup", "nosuid ro");
	CHECK_INT(prepare(&r, 1, &ctx, &m, &e), 0);
	CHECK_INT(m.count, 1);
	r = row("cgroup", "cgroup", "/c", "rw nsdelegate");
	CHECK_INT(prepare(&r, 1, &ctx, &m, &e), 0);
	CHECK_INT(m.count, 1);
	CHECK(!(m.items[0].options.attr_set & MOUNT_ATTR_RDONLY));
	/* Without rights on the host, or with version 1 beside it: the container's own alone. */
	for (int i = 0; i < 2; i++) {
		ctx.has_user_ns = i == 0;
		ctx.cgroup_root = i == 0 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/a";
		CHECK_INT(prepare(&r, 1, &ctx, &m, &e), 0);
		CHECK_INT(m.count, 2);
		CHECK_STR(m.items[0].source, "/sys/fs/cgroup");
		CHECK_INT(m.items[0].options.recursive_set, MOUNT_ATTR_RDONLY);
		CHECK_STR(m.items[1].destination, "/c/a/x");
		CHECK_STR(m.items[1].source, "/sys/fs/cgroup/a/x");
		CHECK(!(m.items[1].options.attr_set & MOUNT_ATTR_RDONLY));
		CHECK_INT(m.items[1].options.recursive_set, 0);
	}
	/* Elsewhere; and it has no cgroup. */
	ctx.cgroup_root = "/cg";
	ctx.cgroup_path = "/cg/x";
	CHECK_INT(prepare(&r, 1, &ctx, &m, &e), 0);
	CHECK_STR(m.items[0].source, "/cg");
	ctx.cgroup_root = ctx.cgroup_path = NULL;
	CHECK_INT(prepare(&r, 1, &ctx, &m, &e), 0);
	CHECK_INT(m.count, 1);
	CHECK_STR(m.items[0].source, "/sys/fs/cgroup");
	CHECK_INT(m.items[0].options.recursive_set, MOUNT_ATTR_RDONLY);
}

static int prepare_label(struct oci_mount *rows, size_t count, const char *type, struct mounts *ret,
			 struct err *e)
{
	struct oci_linux l = { .mount_label = "u:r:t:s0:c1,c2" };
	struct oci_pair pair = { "run.oci.mount_context_type", type };
	struct oci_config config = { .mounts = { rows, count },
				     .linux_config = &l,
				     .annotations = { &pair, type ? 1 : 0 } };
	struct mounts_context ctx = plain;

	ctx.has_selinux = true;
	*e = (struct err){ 0 };
	return mounts_prepare(&arena, &config, &ctx, ret, e);
}

TEST(prepare_labels)
{
	struct oci_mount rows[] = {
		row("tmpfs", NULL, "/a", "size=1m nosuid"),
		row("devpts", NULL, "/b", ""),
		row("tmpfs", NULL, "/c", "mode=700 rootcontext=x"),
		row("mqueue", NULL, "/d", "nosuid"),
		row("proc", NULL, "/proc", ""),
		row("sysfs", NULL, "/sys", ""),
		row("cgroup", NULL, "/e", ""),
		row(NULL, "/src", "/f", "bind"),
	};
	const size_t count = ARRAY_SIZE(rows);
	struct mounts m;
	struct err e;

	CHECK_INT(prepare_label(rows, count, NULL, &m, &e), 0);
	CHECK_STR(m.items[0].options.data, "size=1m,context=\"u:r:t:s0:c1,c2\"");
	CHECK_STR(m.items[1].options.data, "context=\"u:r:t:s0:c1,c2\"");
	CHECK_STR(m.items[2].options.data, "mode=700,rootcontext=x");
	CHECK_STR(m.items[3].label, "u:r:t:s0:c1,c2");
	for (size_t i = 3; i < count; i++)
		CHECK(!m.items[i].options.data && (i == 3 || !m.items[i].label));
	CHECK_INT(prepare_label(rows, count, "defcontext", &m, &e), 0);
	CHECK_STR(m.items[1].options.data, "defcontext=\"u:r:t:s0:c1,c2\"");
	CHECK_INT(prepare_label(rows, count, "frob", &m, &e), -EINVAL);
	CHECK_STR(e.pointer, "/annotations/run.oci.mount_context_type");
}

enum {
	BASE_SIZE = 64
};

/* What a test's child works with. */
static char base[BASE_SIZE];
static int rootfd;
static struct rootfs root;

static char *below(const char *name)
{
	return arena_printf(&arena, "%s/%s", base, name);
}

static void write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	close(fd);
}

static void enter_namespace(void)
{
	CHECK_INT(unshare(CLONE_NEWNS), 0);
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_INT(mount("tmpfs", base, "tmpfs", 0, NULL), 0);
	/* The root is a mount that is shared, as storage drivers leave theirs. */
	CHECK_INT(mount(NULL, base, NULL, MS_SHARED, NULL), 0);
	/* A peer, so that slaves have a master. */
	CHECK(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC) >= 0);
	CHECK_INT(unshare(CLONE_NEWNS), 0);
	CHECK_INT(mkdir(below("root"), 0755), 0);
	CHECK_INT(mkdir(below("canary"), 0755), 0);
	CHECK_INT(mkdir(below("src"), 0755), 0);
	CHECK_INT(mkdir(below("src/sub"), 0755), 0);
	write_file(below("file"));
}

static void attach(const char *propagation)
{
	struct oci_root r = { .path = "root" };
	struct oci_linux l = { .rootfs_propagation = propagation };
	struct oci_config config = { .root = &r, .linux_config = &l };
	struct err e = { 0 };

	CHECK_INT(rootfs_prepare(&arena, &config, base, ROOTFS_PIVOT, &root, &e), 0);
	CHECK_INT(rootfs_attach(&root, -1, &rootfd, &e), 0);
	CHECK_STR(e.msg, "");
}

static int apply_rows(struct oci_mount *rows, size_t count, struct err *e)
{
	struct mounts_context ctx = plain;
	struct mounts m;
	int r;

	*e = (struct err){ 0 };
	ctx.bundle = base;
	ctx.is_root_shared = rootfs_is_shared(&root);
	r = prepare(rows, count, &ctx, &m, e);
	return r < 0 ? r : mounts_apply(&m, rootfd, e);
}

static int apply(const char *type, const char *source, const char *destination, const char *words)
{
	struct oci_mount r = row(type, source, destination, words);
	struct err e;
	int res = apply_rows(&r, 1, &e);
	char text[600];

	if (res < 0) {
		err_format(&e, text, sizeof(text));
		printf("# %s\n", text);
	}
	return res;
}

/* mountinfo's line of the last mount on @name below the root, without ids; "" for none. */
static const char *info(const char *name)
{
	static char found[1024];
	char line[1024], path[256], *want = arena_printf(&arena, "%s/root%s", base, name);
	FILE *f = fopen("/proc/self/mountinfo", "re");
	int at;

	found[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%*s %*s %*s %*s %255s %n", path, &at) == 1 &&
		    strcmp(path, want) == 0)
			snprintf(found, sizeof(found), "%s", line + at);
	}
	if (f)
		fclose(f);
	return found;
}

#define HAS(name, text)                                                                            \
	do {                                                                                       \
		const char *line_ = info(name);                                                    \
		if (!strstr(line_, text)) {                                                        \
			test_failures++;                                                           \
			printf("# line %d: \"%s\" is not in \"%s\"\n", __LINE__, text, line_);     \
		}                                                                                  \
	} while (0)

static void in_child(void (*run)(void))
{
	int status = 0;
	pid_t pid;

	if (geteuid() != 0)
		SKIP("root is needed to mount");
	fmt(base, sizeof(base), "/tmp/davit-mounts-XXXXXX");
	CHECK(mkdtemp(base));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		enter_namespace();
		if (test_failures == 0)
			run();
		fflush(stdout);
		_exit(test_failures != 0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
	CHECK_INT(rmdir(base), 0);
}

static void default_mounts(void)
{
	struct oci_mount rows[] = {
		row("proc", "proc", "/proc", "nosuid noexec nodev"),
		row("tmpfs", "tmpfs", "/dev", "nosuid strictatime mode=755 size=65536k"),
		row("devpts", "devpts", "/dev/pts",
		    "nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5"),
		row("tmpfs", "shm", "/dev/shm", "nosuid noexec nodev mode=1777 size=65536k"),
		row("mqueue", "mqueue", "/dev/mqueue", "nosuid noexec nodev"),
		row("sysfs", "sysfs", "/sys", "nosuid noexec nodev ro"),
		row("cgroup", "cgroup", "/sys/fs/cgroup", "nosuid noexec nodev relatime ro"),
		row("bind", "file", "/etc/hosts", "rbind rprivate ro"),
	};
	struct err e;

	attach(NULL);
	CHECK_INT(apply_rows(rows, ARRAY_SIZE(rows), &e), 0);
	CHECK_STR(e.msg, "");
	HAS("/proc", "rw,nosuid,nodev,noexec,relatime - proc proc");
	HAS("/dev", "rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755");
	HAS("/dev/pts", "rw,nosuid,noexec,relatime - devpts devpts rw,gid=5,mode=620,ptmxmode=666");
	HAS("/dev/shm", "- tmpfs shm");
	HAS("/dev/mqueue", "- mqueue mqueue");
	HAS("/sys", "ro,nosuid,nodev,noexec,relatime - sysfs sysfs");
	HAS("/sys/fs/cgroup", "ro,nosuid,nodev,noexec,relatime - cgroup2");
	HAS("/etc/hosts", "ro,relatime - tmpfs");
}

TEST(the_default_mounts)
{
	in_child(default_mounts);
}

static void binds(void)
{
	CHECK_INT(mount("tmpfs", below("src/sub"), "tmpfs", 0, NULL), 0);
	attach(NULL);
	CHECK_INT(apply(NULL, "src", "/plain", "bind nosuid noatime"), 0);
	HAS("/plain", "rw,nosuid,noatime - tmpfs");
	CHECK_STR(info("/plain/sub"), "");
	CHECK_INT(apply(NULL, "src", "/top", "rbind ro"), 0);
	HAS("/top", "ro,relatime - tmpfs");
	HAS("/top/sub", "rw,relatime - tmpfs");
	CHECK_INT(apply(NULL, "src", "/slave", "rbind rslave"), 0);
	HAS("/slave", "rw,relatime master:");
	HAS("/slave/sub", "rw,relatime master:");
	CHECK_INT(apply(NULL, "src", "/all", "rbind rro rnoatime rprivate"), 0);
	HAS("/all", "ro,noatime - tmpfs");
	HAS("/all/sub", "ro,noatime - tmpfs");
	CHECK_INT(apply(NULL, "src", "/shared", "rbind rshared nosymfollow"), 0);
	HAS("/shared", "nosymfollow shared:");
	HAS("/shared/sub", "shared:");
	CHECK_INT(apply("bind", "file", "/made/by/us", "bind"), 0);
	HAS("/made/by/us", "- tmpfs");
	CHECK_INT(apply("bind", "nowhere", "/x", "bind"), -ENOENT);
	/* A remount of one mount leaves the others. */
	CHECK_INT(apply(NULL, NULL, "/shared", "remount bind ro"), 0);
	HAS("/shared", "ro,relatime,nosymfollow shared:");
	HAS("/plain", "rw,");
	CHECK_INT(apply(NULL, NULL, "/made", "remount bind ro"), -EINVAL);
}

/* The tag of the mount that @fd is on, or what is there in its place. */
static const char *tag_of(int fd)
{
	static char found[1024];
	char line[1024], path[64];
	unsigned id = 0, at_id;
	FILE *f;
	int at;

	fmt(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "mnt_id: %u", &id);
	fclose(f);
	found[0] = '\0';
	f = fopen("/proc/self/mountinfo", "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%u %*s %*s %*s %*s %*s %n", &at_id, &at) == 1 && at_id == id)
			snprintf(found, sizeof(found), "%.*s", (int)strcspn(line + at, ":\n "),
				 line + at);
	}
	fclose(f);
	return found;
}

/* Whatever the caller says but the two words: a copy is no peer of what it was copied from (C17).
 */
static void clones(void)
{
	static const struct {
		unsigned long asked;
		const char *tag;
	} rows[] = { { 0, "-" },
		     { MS_PRIVATE, "-" },
		     { MS_UNBINDABLE, "-" },
		     { MS_REC, "-" },
		     { MS_RDONLY, "-" },
		     { MS_SLAVE, "master" },
		     { MS_SLAVE | MS_REC, "master" },
		     { MS_SHARED, "shared" },
		     { MS_SHARED | MS_REC, "shared" } };

	CHECK_INT(mount(below("src"), below("src"), NULL, MS_BIND, NULL), 0);
	CHECK_INT(mount(NULL, below("src"), NULL, MS_SHARED, NULL), 0);
	attach("shared");
	CHECK_INT(mkdirat(rootfd, "place", 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int fd = mount_clone(AT_FDCWD, below("src"), 0, rows[i].asked, MOUNT_ATTR_NODEV);
		int place = openat(rootfd, "place", O_PATH | O_CLOEXEC);

		CHECK_INT(mount_attrs(fd), MOUNT_ATTR_NODEV);
		CHECK_INT(mount_attach(fd, place), 0);
		CHECK_STR(tag_of(fd), rows[i].tag);
		close(fd);
		close(place);
	}
	CHECK_INT(mount_clone(AT_FDCWD, below("nowhere"), 0, MS_PRIVATE, 0), -ENOENT);
}

TEST(a_clone_is_no_peer)
{
	in_child(clones);
}

TEST(bind_mounts)
{
	in_child(binds);
}

static uid_t owner(const char *name)
{
	struct stat st = { .st_uid = (uid_t)-1 };

	CHECK_INT(fstatat(rootfd, name, &st, 0), 0);
	return st.st_uid;
}

/* A bind, the same with all below it, and a file system of its own; 0 on disk is 5000 to look at.
 */
static void id_mapped(void)
{
	struct oci_id_mapping map = { .container_id = 0, .host_id = 5000, .size = 10 };
	struct oci_mount rows[] = {
		row(NULL, "src", "/one", "bind"),
		row(NULL, "src", "/all", "rbind ridmap"),
		row("tmpfs", "tmpfs", "/new", "mode=700"),
		row(NULL, "src", "/plain", "bind"),
	};
	struct mounts_context ctx = plain;
	struct err e = { 0 };
	struct mounts m;

	ctx.bundle = base;
	attach(NULL);
	CHECK_INT(mount("tmpfs", below("src/sub"), "tmpfs", 0, NULL), 0);
	CHECK_INT(prepare(&rows[3], 1, &ctx, &m, &e), 0);
	CHECK(!mounts_have_idmaps(&m));
	for (size_t i = 0; i < 3; i++) {
		rows[i].uid_mappings = (struct oci_id_mappings){ &map, 1 };
		rows[i].gid_mappings = (struct oci_id_mappings){ &map, 1 };
	}
	CHECK_INT(prepare(rows, ARRAY_SIZE(rows), &ctx, &m, &e), 0);
	CHECK(mounts_have_idmaps(&m));
	CHECK_INT(mounts_open_idmaps(&m, &e), 0);
	CHECK_INT(mounts_apply(&m, rootfd, &e), 0);
	CHECK_STR(e.msg, "");
	CHECK_INT(owner("one"), 5000);
	CHECK_INT(owner("all"), 5000);
	CHECK_INT(owner("all/sub"), 5000);
	CHECK_INT(owner("new"), 5000);
	CHECK_INT(owner("plain"), 0);
	mounts_close(&m);
	CHECK_INT(m.items[0].idmap_fd, -1);

	/* Two ids that are one outside: the kernel refuses the map, and nothing is mounted. */
	struct oci_id_mapping twice[] = { { 0, 5000, 10 }, { 20, 5005, 10 } };

	rows[0].uid_mappings = (struct oci_id_mappings){ twice, 2 };
	CHECK_INT(prepare(rows, 1, &ctx, &m, &e), 0);
	CHECK_INT(mounts_open_idmaps(&m, &e), -EINVAL);
	CHECK_STR(e.pointer, "/mounts/0/uidMappings");
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1); /* no child is left of it */
}

TEST(id_mapped_mounts)
{
	in_child(id_mapped);
}

static void superblocks(void)
{
	struct oci_mount r;
	struct err e;
	char *lower = arena_printf(&arena, "lowerdir=%s/src/sub", base);

	attach(NULL);
	CHECK_INT(apply("tmpfs", NULL, "/a", "ro sync dirsync lazytime size=1m"), 0);
	HAS("/a", "ro,relatime - tmpfs tmpfs ro,sync,dirsync,lazytime,size=1024k");
	CHECK_INT(apply("tmpfs", NULL, "/b", "iversion silent nodev noatime mode=700"), 0);
	HAS("/b", "rw,nodev,noatime - tmpfs tmpfs rw,mode=700");
	CHECK_INT(apply("tmpfs", "here", "/c", "mode=700 mand loud noiversion"), 0);
	HAS("/c", "- tmpfs here");
	CHECK_INT(apply("tmpfs", NULL, "/c", "remount ro size=2m"), 0);
	HAS("/c", "ro,relatime - tmpfs here ro,mand,size=2048k,mode=700");
	CHECK_INT(apply("tmpfs", NULL, "/c", "remount rw"), 0);
	HAS("/c", "rw,relatime - tmpfs here rw,mand,size=2048k,mode=700");
	/* Longer than fsconfig(2) takes. */
	for (int i = 0; i < 20; i++) {
		char *dir = arena_printf(&arena, "%s/src/a-directory-with-a-long-name-%d", base, i);

		CHECK_INT(mkdir(dir, 0755), 0);
		lower = arena_printf(&arena, "%s:%s", lower, dir);
	}
	CHECK(strlen(lower) > 1000);
	r = row("overlay", "overlay", "/over", "");
	r.options.items[r.options.count++] = lower;
	CHECK_INT(apply_rows(&r, 1, &e), 0);
	CHECK_STR(e.msg, "");
	HAS("/over", "- overlay overlay");
	/* The cover that mount(2) needed is gone. */
	CHECK(!strstr(info(""), "mode=700"));
}

TEST(superblock_flags_and_long_data)
{
	in_child(superblocks);
}

static void kernel_messages(void)
{
	struct oci_mount r[] = { row("tmpfs", NULL, "/ok", ""),
				 row("tmpfs", NULL, "/a", "size=frob") };
	struct err e;
	char text[600];

	attach(NULL);
	CHECK_INT(apply_rows(r, 2, &e), -EINVAL);
	err_format(&e, text, sizeof(text));
	CHECK_STR(e.pointer, "/mounts/1");
	CHECK(strstr(text, "mount tmpfs on /a: tmpfs: Bad value for 'size'"));
	CHECK(strstr(text, ": invalid argument"));
	r[0] = row("frobfs", NULL, "/a", "");
	CHECK_INT(apply_rows(r, 1, &e), -ENODEV);
	CHECK_STR(e.msg, "mount frobfs on /a: unknown file system type");
}

TEST(kernel_messages_are_passed_on)
{
	in_child(kernel_messages);
}

static void hostile(void)
{
	struct stat before, now;
	struct oci_mount r;
	struct err e;

	CHECK_INT(stat(below("canary"), &before), 0);
	CHECK_INT(symlink(below("canary"), below("root/abs")), 0);
	CHECK_INT(symlink("../../../../canary", below("root/rel")), 0);
	CHECK_INT(symlink("/", below("root/self")), 0);
	CHECK_INT(symlink("/tmp", below("root/proc")), 0);
	CHECK_INT(symlink("abs", below("root/sys")), 0);
	CHECK_INT(symlink("/realproc", below("root/procs")), 0);
	attach(NULL);
	r = row("tmpfs", NULL, "/rel/x", "");
	CHECK_INT(apply_rows(&r, 1, &e), 0);
	HAS("/canary/x", "- tmpfs");
	CHECK_INT(apply("tmpfs", NULL, "/../../abs/../y", ""), 0);
	r = row("tmpfs", NULL, "/self", "");
	CHECK_INT(apply_rows(&r, 1, &e), -EINVAL);
	r = row("proc", "proc", "/proc", "");
	CHECK_INT(apply_rows(&r, 1, &e), -ENOTDIR);
	CHECK_STR(e.msg, "mount proc on /proc: must be mounted on ordinary directory");
	r = row("proc", "proc", "/proc/.", "");
	CHECK_INT(apply_rows(&r, 1, &e), -ENOTDIR);
	r = row("sysfs", "sysfs", "/sys", "");
	CHECK_INT(apply_rows(&r, 1, &e), -ENOTDIR);
	r = row(NULL, "src", "/sys", "bind");
	CHECK_INT(apply_rows(&r, 1, &e), -ENOTDIR);
	/* A link into a procfs is found when it is resolved. */
	CHECK_INT(apply("proc", NULL, "/realproc", ""), 0);
	r = row("tmpfs", NULL, "/procs/sys", "");
	CHECK_INT(apply_rows(&r, 1, &e), -EINVAL);
	r = row(NULL, "src", "/procs", "bind");
	CHECK_INT(apply_rows(&r, 1, &e), -EINVAL);
	CHECK_STR(e.msg + strlen(e.msg) - strlen("inside /proc"), "inside /proc");
	CHECK_INT(apply(NULL, "/proc", "/procs", "rbind"), 0);
	CHECK_INT(stat(below("canary"), &now), 0);
	CHECK_INT(now.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	CHECK_INT(now.st_dev, before.st_dev);
}

TEST(hostile_destinations)
{
	in_child(hostile);
}

/* The destination leads through the very folder that is mounted on: afterwards it is a folder of
 * the mount (C3). */
static void hidden(void)
{
	struct oci_mount r = row(NULL, "src", "/loop/here", "bind");
	struct err e;

	CHECK_INT(mkdir(below("root/loop"), 0755), 0);
	CHECK_INT(symlink(".", below("root/loop/here")), 0);
	CHECK_INT(mkdir(below("src/here"), 0755), 0);
	attach(NULL);
	CHECK_INT(apply_rows(&r, 1, &e), -EBUSY);
	CHECK(strstr(e.msg, " on /loop/here: something else stands there now"));
}

TEST(a_mount_that_hides_its_own_destination)
{
	in_child(hidden);
}

static void exchange_for_ever(int dir)
{
	enum {
		EXCHANGE = 1 << 1
	}; /* RENAME_EXCHANGE, which the C libraries keep in different headers */

	for (;;)
		(void)!syscall(SYS_renameat2, dir, "swap", dir, "link", EXCHANGE);
}

/* Somebody who shares the root exchanges a directory and a link to the canary all the time: a
 * mount is where its destination says, or it is an error, and nothing is made outside. */
static void race(void)
{
	int dir = open(below("root"), O_PATH | O_DIRECTORY | O_CLOEXEC), done = 0, failed = 0;
	struct stat before, now;
	pid_t pid;

	CHECK_INT(stat(below("canary"), &before), 0);
	CHECK_INT(mkdirat(dir, "swap", 0755), 0);
	CHECK_INT(symlinkat(below("canary"), dir, "link"), 0);
	attach(NULL);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		exchange_for_ever(dir);
	for (int i = 0; i < 300; i++) {
		struct oci_mount r = row("tmpfs", NULL, arena_printf(&arena, "/swap/x%d/y", i), "");
		struct err e;

		if (apply_rows(&r, 1, &e) == 0)
			done++;
		else
			failed++;
	}
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
	printf("# %d mounted, %d refused\n", done, failed);
	CHECK(done > 0);
	CHECK_INT(stat(below("canary"), &now), 0);
	CHECK_INT(now.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	CHECK_INT(now.st_nlink, before.st_nlink);
}

TEST(race_with_exchanged_directories)
{
	in_child(race);
}

/* Options of "/" and whether the old root is gone. */
static void enter_and_finish(const char *propagation, const char *want, bool no_pivot)
{
	struct err e = { 0 };
	char line[1024], path[256], found[1024] = "";
	FILE *f;
	int at, lines = 0;

	attach(propagation);
	CHECK_INT(apply("proc", NULL, "/proc", ""), 0);
	root.is_readonly = true;
	root.way = no_pivot ? ROOTFS_MOVE : ROOTFS_PIVOT;
	CHECK_INT(rootfs_enter(&root, rootfd, &e), 0);
	CHECK_INT(rootfs_finish(&root, &e), 0);
	CHECK_STR(e.msg, "");
	f = fopen("/proc/self/mountinfo", "re");
	CHECK(f);
	for (; f && fgets(line, sizeof(line), f); lines++) {
		if (sscanf(line, "%*s %*s %*s %*s %255s %n", path, &at) == 1 &&
		    strcmp(path, "/") == 0)
			snprintf(found, sizeof(found), "%s", line + at);
	}
	if (f)
		fclose(f);
	CHECK(strncmp(found, want, strlen(want)) == 0);
	CHECK_INT(strstr(found, "master:") != NULL, strstr(want, "master:") != NULL);
	if (strncmp(found, want, strlen(want)) != 0)
		printf("# %s", found);
	CHECK_INT(lines, 2);
	CHECK_INT(access("/canary", F_OK), -1);
	CHECK_INT(mkdir("/new", 0755), -1);
	CHECK_INT(errno, EROFS);
}

static void enter_default(void)
{
	enter_and_finish(NULL, "ro,relatime - ", false);
}

static void enter_private(void)
{
	enter_and_finish("private", "ro,relatime - ", false);
}

static void enter_shared(void)
{
	enter_and_finish("rshared", "ro,relatime shared:", false);
}

static void enter_unbindable(void)
{
	enter_and_finish("unbindable", "ro,relatime unbindable ", false);
}

static void enter_moved(void)
{
	enter_and_finish("slave", "ro,relatime master:", true);
}

TEST(root_default)
{
	in_child(enter_default);
}

TEST(root_private)
{
	in_child(enter_private);
}

TEST(root_shared)
{
	in_child(enter_shared);
}

TEST(root_unbindable)
{
	in_child(enter_unbindable);
}

TEST(root_without_pivot)
{
	in_child(enter_moved);
}

/* With rootfsPropagation shared nothing of the container may appear in a peer namespace, but for
 * what is mounted in a volume that is shared. */
static void shared_keeps_from_host(void)
{
	int to_child[2], to_parent[2], status = 0;
	char c = 0;
	pid_t pid;

	CHECK_INT(pipe2(to_child, O_CLOEXEC) | pipe2(to_parent, O_CLOEXEC), 0);
	CHECK_INT(mount(below("src"), below("src"), NULL, MS_BIND, NULL), 0);
	CHECK_INT(mount(NULL, below("src"), NULL, MS_SHARED, NULL), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct err e = { 0 };

		CHECK_INT(unshare(CLONE_NEWNS), 0);
		attach("rshared");
		CHECK_INT(apply("tmpfs", NULL, "/t", ""), 0);
		CHECK_INT(apply(NULL, "src", "/vol", "rbind rshared"), 0);
		CHECK_INT(rootfs_enter(&root, rootfd, &e), 0);
		CHECK_INT(rootfs_finish(&root, &e), 0);
		CHECK_INT(mount("tmpfs", "/vol/sub", "tmpfs", 0, NULL), 0);
		CHECK_INT(write(to_parent[1], &c, 1), 1);
		CHECK_INT(read(to_child[0], &c, 1), 1);
		fflush(stdout);
		_exit(test_failures != 0);
	}
	CHECK_INT(read(to_parent[0], &c, 1), 1);
	CHECK_STR(info(""), "");
	CHECK_STR(info("/t"), "");
	/* This one came from inside. */
	CHECK_INT(umount(below("src/sub")), 0);
	CHECK_INT(write(to_child[1], &c, 1), 1);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
	CHECK_INT(access(below("root"), F_OK), 0);
}

TEST(root_shared_keeps_from_the_host)
{
	in_child(shared_keeps_from_host);
}

/* Runs as the mapped root, in namespaces of its own: INIT with a user namespace. */
static void inside_user_ns(struct mounts *m, int tree_fd)
{
	struct err e = { 0 };
	bool found_mqueue = false;
	char text[600];
	FILE *f;

	CHECK_INT(setresgid(0, 0, 0) | setresuid(0, 0, 0), 0);
	/* The path is out of reach for the mapped root. */
	CHECK_INT(access(below("root"), F_OK), -1);
	if (rootfs_attach(&root, tree_fd, &rootfd, &e) == 0 && mounts_apply(m, rootfd, &e) == 0 &&
	    rootfs_enter(&root, rootfd, &e) == 0)
		rootfs_finish(&root, &e);
	err_format(&e, text, sizeof(text));
	CHECK_STR(text, "");
	f = fopen("/proc/self/mountinfo", "re");
	CHECK(f);
	while (f && fgets(text, sizeof(text), f)) {
		/* The host's, in place of one of our own: nothing in it may be written. */
		if (strstr(text, " /sys") && root.way == ROOTFS_PIVOT)
			CHECK(strstr(text, " ro,nosuid,nodev,noexec"));
		found_mqueue |= strstr(text, " - mqueue ") != NULL;
	}
	if (f)
		fclose(f);
	CHECK(found_mqueue);
	CHECK_INT(access("/vol/sub/inner", F_OK), 0);
	CHECK_INT(mkdir("/new", 0755), -1);
	CHECK_INT(access("/sys/kernel", F_OK), 0);
	CHECK_INT(access("/proc/1", F_OK), 0);
}

static void user_ns_child(struct mounts *m, int tree_fd, int mapped)
{
	int status = 0;
	pid_t pid;
	char c;

	CHECK_INT(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
			  CLONE_NEWCGROUP),
		  0);
	CHECK_INT(write(mapped, "", 1), 1);
	CHECK_INT(read(mapped, &c, 1), 1);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		inside_user_ns(m, tree_fd);
		fflush(stdout);
		_exit(test_failures != 0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}

static void write_map(pid_t pid, const char *name)
{
	int fd = open(arena_printf(&arena, "/proc/%d/%s", pid, name), O_WRONLY | O_CLOEXEC);

	CHECK_INT(write(fd, "0 100000 65536", 14), 14);
	close(fd);
}

static void user_namespace(bool no_pivot)
{
	struct oci_mount rows[] = {
		row("proc", "proc", "/proc", "nosuid noexec nodev"),
		row("tmpfs", "tmpfs", "/dev", "nosuid strictatime mode=755 size=65536k"),
		row("devpts", "devpts", "/dev/pts", "nosuid noexec newinstance mode=0620 gid=5"),
		row("mqueue", "mqueue", "/dev/mqueue", "nosuid noexec nodev"),
		row("sysfs", "sysfs", "/sys", "nosuid noexec nodev ro"),
		row("cgroup", "cgroup", "/sys/fs/cgroup", "nosuid noexec nodev relatime ro"),
		row("bind", "src", "/vol", "rbind rshared nosuid"),
		row("bind", "src", "/ro", "bind ro rw ro"),
		row("bind", "file", "/etc/hosts", "rbind rprivate ro"),
	};
	struct mounts_context ctx = plain;
	int tree_fd = -1, pair[2], status = 0;
	struct oci_root r = { .path = "root" };
	struct oci_config config = { .root = &r };
	struct err e = { 0 };
	struct mounts m;
	pid_t pid;
	char c;

	ctx.bundle = base;
	ctx.has_user_ns = true;
	ctx.has_pid_ns = true;
	CHECK_INT(mount("tmpfs", below("src/sub"), "tmpfs", MS_NOATIME, NULL), 0);
	CHECK_INT(mkdir(below("src/sub/inner"), 0755), 0);
	CHECK_INT(chown(below("root"), 100000, 100000), 0);
	CHECK_INT(chmod(base, 0700), 0);
	CHECK_INT(rootfs_prepare(&arena, &config, base, no_pivot ? ROOTFS_MOVE : ROOTFS_PIVOT,
				 &root, &e),
		  0);
	root.is_readonly = true;
	CHECK_INT(prepare(rows, ARRAY_SIZE(rows), &ctx, &m, &e), 0);
	CHECK_INT(rootfs_open(&root, &tree_fd, &e), 0);
	CHECK_INT(mounts_open_sources(&m, &e), 0);
	CHECK_STR(e.msg, "");
	CHECK(tree_fd >= 0);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		user_ns_child(&m, tree_fd, pair[1]);
		fflush(stdout);
		_exit(test_failures != 0);
	}
	CHECK_INT(read(pair[0], &c, 1), 1);
	write_map(pid, "uid_map");
	write_map(pid, "gid_map");
	CHECK_INT(write(pair[0], "", 1), 1);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
	mounts_close(&m);
	CHECK_INT(m.items[6].fd, -1);
	CHECK_STR(info("/vol"), "");
}

static void user_namespace_pivot(void)
{
	user_namespace(false);
}

static void user_namespace_moved(void)
{
	user_namespace(true);
}

TEST(with_a_user_namespace)
{
	in_child(user_namespace_pivot);
}

TEST(with_a_user_namespace_without_pivot)
{
	in_child(user_namespace_moved);
}

static void write_own(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* Without any right on the host: HOST leaves the opening to INIT. */
static void rootless(void)
{
	struct oci_mount rows[] = { row("bind", "src", "/vol", "rbind nosuid relatime") };
	struct oci_root r = { .path = "root" };
	struct oci_config config = { .root = &r };
	struct mounts_context ctx = plain;
	struct err e = { 0 };
	struct mounts m;
	int tree_fd = 0;

	ctx.bundle = base;
	ctx.has_user_ns = true;
	CHECK_INT(mount("tmpfs", below("src/sub"), "tmpfs", MS_NOATIME | MS_RDONLY, NULL), 0);
	CHECK_INT(chown(below("root"), 1000, 1000) | chmod(base, 0755), 0);
	CHECK_INT(setresgid(1000, 1000, 1000) | setresuid(1000, 1000, 1000), 0);
	CHECK_INT(prctl(PR_SET_DUMPABLE, 1), 0);
	CHECK_INT(rootfs_prepare(&arena, &config, base, ROOTFS_PIVOT, &root, &e), 0);
	CHECK_INT(prepare(rows, 1, &ctx, &m, &e), 0);
	CHECK_INT(rootfs_open(&root, &tree_fd, &e), 0);
	CHECK_INT(tree_fd, -1);
	CHECK_INT(mounts_open_sources(&m, &e), 0);
	CHECK_INT(m.items[0].fd, -1);
	CHECK_INT(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
	write_own("/proc/self/setgroups", "deny");
	write_own("/proc/self/uid_map", "0 1000 1");
	write_own("/proc/self/gid_map", "0 1000 1");
	CHECK_INT(rootfs_attach(&root, tree_fd, &rootfd, &e), 0);
	CHECK_INT(mounts_apply(&m, rootfd, &e), 0);
	CHECK_STR(e.msg, "");
	HAS("/vol", "rw,nosuid,relatime");
	HAS("/vol/sub", "ro,noatime");
	/* What the host locked stays, unless the clearing is asked for: then it is an error. */
	CHECK_INT(apply(NULL, "src/sub", "/kept", "rbind noatime nodev"), 0);
	HAS("/kept", "ro,nodev,noatime");
	rows[0] = row(NULL, "src/sub", "/mode", "rbind relatime nodev");
	CHECK_INT(apply_rows(rows, 1, &e), -EPERM);
	CHECK(strstr(e.hint, "the atime mode is locked"));
	rows[0] = row(NULL, "src/sub", "/cleared", "rbind rw");
	CHECK_INT(apply_rows(rows, 1, &e), -EPERM);
	CHECK(strstr(e.hint, "locked"));
	CHECK_STR(info("/cleared"), "");
}

TEST(without_rights_on_the_host)
{
	in_child(rootless);
}

TEST(root_refuses)
{
	struct oci_root r = { .path = "/nowhere/at/all" };
	struct oci_config config = { .root = &r };
	struct rootfs got;
	struct err e = { 0 };

	CHECK_INT(rootfs_prepare(&arena, &config, "/tmp", ROOTFS_PIVOT, &got, &e), -ENOENT);
	CHECK_STR(e.msg, "root file system /nowhere/at/all: no such file or directory");
	CHECK_STR(e.pointer, "/root/path");
	e = (struct err){ 0 };
	r.path = "/proc/self/maps";
	CHECK_INT(rootfs_prepare(&arena, &config, "/tmp", ROOTFS_PIVOT, &got, &e), -ENOTDIR);
}

/* Of this process's own work: what else the machine does must not matter. */
static double milliseconds(size_t count)
{
	struct oci_mount *rows = arena_array(&arena, count, sizeof(*rows));
	struct timespec a, b;
	struct err e;

	for (size_t i = 0; i < count; i++)
		rows[i] = row("tmpfs", NULL, arena_printf(&arena, "/n%zu/m%zu", count, i), "ro");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	CHECK_INT(apply_rows(rows, count, &e), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	return (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
}

static void many(void)
{
	double one, four;

	attach(NULL);
	one = milliseconds(500);
	four = milliseconds(2000);
	printf("# 500 mounts %.1f ms, 2000 mounts %.1f ms\n", one, four);
	CHECK(four < one * 12);
}

TEST(many_mounts_are_linear)
{
	in_child(many);
}

/* INIT asks by a number. */
TEST(only_a_mount_with_maps_is_idmapped_for_init)
{
	struct mount_op one = { .destination = "/x", .idmap_fd = -1 };
	const struct mounts m = { .items = &one, .count = 1 };

	for (size_t i = 0; i < 2; i++) {
		struct err e = { 0 };

		CHECK_INT(mounts_answer_idmap(&m, i, STDIN_FILENO, &e), -EPROTO);
		CHECK_STR(e.msg, "id-map a mount that is to have no id map");
	}
}
