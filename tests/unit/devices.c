/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/filesystem/devices: nodes, binds, and roots that hold something else at their names.
 */
#include "setup/filesystem/devices.h"

#include <sys/sysmacros.h>

#include "sandbox.h"

static const int64_t one = 1, three = 3, five = 5;
static const uint32_t mode_640 = 020640, uid_1 = 1, gid_2 = 2;

static int prepare(struct arena *a, struct oci_device *items, size_t count, bool has_user_ns,
		   struct devices *ret, struct err *e)
{
	struct oci_linux l = { .devices = { .items = items, .count = count } };
	struct oci_config config = { .linux_config = &l };

	return devices_prepare(a, &config, has_user_ns, ret, e);
}

/* Defaults and @items on the sandbox's root; -errno of the application. */
static int apply(int root, struct oci_device *items, size_t count, bool has_user_ns, struct err *e)
{
	struct devices devices = { 0 };
	struct arena a = { 0 };
	int r = prepare(&a, items, count, has_user_ns, &devices, e);

	if (r == 0)
		r = devices_open_sources(&devices, NULL, e);
	if (r == 0)
		r = devices_apply(&devices, root, e);
	arena_release(&a);
	return r;
}

static void check_device(const char *path, unsigned maj, unsigned min)
{
	struct stat st;

	CHECK_INT(lstat(path, &st), 0);
	CHECK(S_ISCHR(st.st_mode));
	CHECK_INT(major(st.st_rdev), maj);
	CHECK_INT(minor(st.st_rdev), min);
	CHECK_INT(st.st_mode & 07777, 0666);
}

static void check_link(const char *path, const char *want)
{
	char text[64] = "";

	CHECK(readlink(path, text, sizeof(text) - 1) > 0);
	CHECK_STR(text, want);
}

static void check_defaults(void)
{
	check_device(SANDBOX_ROOT "/dev/null", 1, 3);
	check_device(SANDBOX_ROOT "/dev/zero", 1, 5);
	check_device(SANDBOX_ROOT "/dev/full", 1, 7);
	check_device(SANDBOX_ROOT "/dev/random", 1, 8);
	check_device(SANDBOX_ROOT "/dev/urandom", 1, 9);
	check_device(SANDBOX_ROOT "/dev/tty", 5, 0);
	check_link(SANDBOX_ROOT "/dev/fd", "/proc/self/fd");
	check_link(SANDBOX_ROOT "/dev/stdin", "/proc/self/fd/0");
	check_link(SANDBOX_ROOT "/dev/ptmx", "pts/ptmx");
	CHECK_INT(access(SANDBOX_ROOT "/dev/core", F_OK), -1);
}

SANDBOX_TEST(defaults_are_made_once_and_kept, CLONE_NEWNS)
{
	struct err e = { 0 };
	int root = sandbox_make_root();

	umask(077);
	CHECK_INT(apply(root, NULL, 0, false, &e), 0);
	CHECK_STR(e.msg, "");
	check_defaults();
	/* A second container in the same root; an owner that was given stays. */
	CHECK_INT(chown(SANDBOX_ROOT "/dev/null", 7, 7), 0);
	CHECK_INT(apply(root, NULL, 0, false, &e), 0);
	check_defaults();
	CHECK_INT(umask(022), 077);
}

SANDBOX_TEST(user_namespaces_bind_the_host, CLONE_NEWNS | CLONE_NEWUSER)
{
	struct err e = { 0 };
	int root = sandbox_make_root(), fd;

	CHECK_INT(apply(root, NULL, 0, true, &e), 0);
	CHECK_STR(e.msg, "");
	check_defaults();
	fd = open(SANDBOX_ROOT "/dev/null", O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_INT(write(fd, "x", 1), 1);
}

SANDBOX_TEST(without_mknod_the_host_is_bound, CLONE_NEWNS | CLONE_NEWUSER)
{
	struct err e = { 0 };
	int root = sandbox_make_root();

	CHECK_INT(apply(root, NULL, 0, false, &e), 0);
	CHECK_STR(e.msg, "");
	check_defaults();
}

/* HOST opens, and a child in namespaces of its own binds. */
static struct devices opened;
SANDBOX_TEST(sources_of_the_host_cross_the_clone, CLONE_NEWNS)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	int status = -1;
	pid_t pid;

	CHECK_INT(prepare(&a, NULL, 0, true, &opened, &e), 0);
	CHECK_INT(devices_open_sources(&opened, NULL, &e), 0);
	CHECK(opened.items[0].source_fd >= 0);
	pid = fork();
	if (pid == 0) {
		CHECK_INT(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
		sandbox_write("/proc/self/setgroups", "deny");
		sandbox_write("/proc/self/uid_map", "0 0 1");
		sandbox_write("/proc/self/gid_map", "0 0 1");
		CHECK_INT(devices_apply(&opened, sandbox_make_root(), &e), 0);
		CHECK_STR(e.msg, "");
		check_defaults();
		_exit(test_failures ? 1 : 0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	arena_release(&a);
}

SANDBOX_TEST(listed_devices_have_mode_and_owner, CLONE_NEWNS)
{
	struct oci_device items[] = {
		{ .type = "u",
		  .path = "/run/x/zero",
		  .major = &one,
		  .minor = &five,
		  .file_mode = &mode_640,
		  .uid = &uid_1,
		  .gid = &gid_2 },
		{ .type = "p", .path = "/run/fifo", .uid = &uid_1 },
		{ .type = "c",
		  .path = "//dev/./null",
		  .major = &one,
		  .minor = &three,
		  .uid = &uid_1 },
	};
	struct err e = { 0 };
	struct stat st;
	int root = sandbox_make_root();

	CHECK_INT(apply(root, items, 3, false, &e), 0);
	CHECK_STR(e.msg, "");
	CHECK_INT(stat(SANDBOX_ROOT "/run/x/zero", &st), 0);
	CHECK_INT(st.st_mode, S_IFCHR | 0640);
	CHECK_INT(st.st_uid, 1);
	CHECK_INT(st.st_gid, 2);
	CHECK_INT(stat(SANDBOX_ROOT "/run/fifo", &st), 0);
	CHECK_INT(st.st_mode, S_IFIFO | 0666);
	CHECK_INT(st.st_uid, 1);
	/* The listed one took the default's place. */
	CHECK_INT(stat(SANDBOX_ROOT "/dev/null", &st), 0);
	CHECK_INT(st.st_uid, 1);
}

/* T01 */
static void dev_link(const char *target)
{
	struct err e = { 0 };
	int root = sandbox_make_root();

	CHECK_INT(symlink(target, SANDBOX_ROOT "/dev"), 0);
	CHECK_INT(apply(root, NULL, 0, false, &e), -ENOTDIR);
	CHECK_STR(e.msg, "/dev of the container's root is a symbolic link");
	sandbox_check_canary();
}

SANDBOX_TEST(dev_as_an_absolute_link_is_refused, CLONE_NEWNS)
{
	dev_link(SANDBOX_CANARY);
}

SANDBOX_TEST(dev_as_a_relative_link_is_refused, CLONE_NEWNS)
{
	dev_link("../../mnt/canary");
}

SANDBOX_TEST(dev_as_a_dangling_link_is_refused, CLONE_NEWNS)
{
	dev_link("/nowhere");
}

/* T02: @user_ns too, where a forged name would otherwise be a place to bind on. */
static void forged(void (*forge)(const char *path), bool has_user_ns)
{
	struct err e = { 0 };
	int root = sandbox_make_root();

	CHECK_INT(mkdir(SANDBOX_ROOT "/dev", 0755), 0);
	forge(SANDBOX_ROOT "/dev/null");
	CHECK_INT(apply(root, NULL, 0, has_user_ns, &e), -EEXIST);
	CHECK(strstr(e.msg, "/dev/null exists in the container's root and is ") == e.msg);
	sandbox_check_canary();
}

static void forge_link(const char *path)
{
	CHECK_INT(symlink(SANDBOX_CANARY "/null", path), 0);
}

static void forge_host_link(const char *path)
{
	CHECK_INT(symlink("/dev/null", path), 0);
}

static void forge_file(const char *path)
{
	sandbox_write(path, "forged");
}

static void forge_fifo(const char *path)
{
	CHECK_INT(mkfifo(path, 0666), 0);
}

static void forge_device(const char *path)
{
	CHECK_INT(mknod(path, S_IFCHR | 0666, makedev(1, 5)), 0);
}

static void forge_dir(const char *path)
{
	CHECK_INT(mkdir(path, 0755), 0);
}

SANDBOX_TEST(forged_nodes_are_refused, CLONE_NEWNS)
{
	void (*const forges[])(const char *) = { forge_link, forge_host_link, forge_file,
						 forge_fifo, forge_device,    forge_dir };

	for (size_t i = 0; i < ARRAY_SIZE(forges); i++) {
		forged(forges[i], false);
		forged(forges[i], true);
	}
}

SANDBOX_TEST(listed_but_something_else_there, CLONE_NEWNS)
{
	struct oci_device item = { .type = "c", .path = "/x", .major = &one, .minor = &three };
	struct err e = { 0 };
	int root = sandbox_make_root();

	sandbox_write(SANDBOX_ROOT "/x", "");
	CHECK_INT(apply(root, &item, 1, false, &e), -EEXIST);
	CHECK_STR(e.pointer, "/linux/devices/0");
	CHECK_STR(e.msg, "/x exists in the container's root and is a regular file, not the device "
			 "c 1:3");
}

SANDBOX_TEST(a_bound_dev_is_left_alone, CLONE_NEWNS)
{
	const char *options[] = { "rbind" };
	struct oci_mount m = { .destination = "/dev/", .options = { options, 1 } };
	struct oci_config config = { .mounts = { &m, 1 } };
	struct devices devices = { 0 };
	struct arena a = { 0 };
	struct err e = { 0 };
	int root = sandbox_make_root();

	CHECK_INT(mkdir(SANDBOX_ROOT "/dev", 0755), 0);
	CHECK_INT(mount(SANDBOX_CANARY, SANDBOX_ROOT "/dev", NULL, MS_BIND, NULL), 0);
	CHECK_INT(devices_prepare(&a, &config, false, &devices, &e), 0);
	CHECK_INT(devices_apply(&devices, root, &e), 0);
	sandbox_check_canary();
	arena_release(&a);
}
