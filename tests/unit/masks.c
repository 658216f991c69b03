/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/filesystem/masks: what is masked is masked by the host's null device, in a hostile root
 * too.
 */
#include "setup/filesystem/masks.h"

#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "sandbox.h"

#define STRINGS(...)                                                                               \
	{                                                                                          \
		.items = (const char *[]){ __VA_ARGS__ },                                          \
		.count = ARRAY_SIZE(((const char *[]){ __VA_ARGS__ })),                            \
	}

static void make_tree(void)
{
	CHECK_INT(mkdir(SANDBOX_ROOT "/dev", 0755), 0);
	CHECK_INT(mkdir(SANDBOX_ROOT "/dir", 0755), 0);
	CHECK_INT(mkdir(SANDBOX_ROOT "/dir2", 0755), 0);
	CHECK_INT(mkdir(SANDBOX_ROOT "/dir/sub", 0755), 0);
	sandbox_write(SANDBOX_ROOT "/dev/null", "forged");
	sandbox_write(SANDBOX_ROOT "/file", "secret");
	sandbox_write(SANDBOX_ROOT "/file2", "secret");
	sandbox_write(SANDBOX_ROOT "/dir/sub/x", "secret");
	CHECK_INT(symlink(SANDBOX_CANARY "/null", SANDBOX_ROOT "/out"), 0);
	CHECK_INT(symlink("/file2", SANDBOX_ROOT "/in"), 0);
}

static void check_masked_file(const char *path)
{
	struct statvfs fs;
	struct stat st;

	CHECK_INT(stat(path, &st), 0);
	CHECK(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
	CHECK_INT(statvfs(path, &fs), 0);
	CHECK(fs.f_flag & ST_RDONLY);
}

static void check_masked_dir(const char *path)
{
	struct statvfs fs;
	struct stat st;

	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_size, 40);
	CHECK_INT(statvfs(path, &fs), 0);
	CHECK(fs.f_flag & ST_RDONLY);
}

/* The root file system that they are for. */
static int open_masks(const struct oci_config *config, struct masks *masks)
{
	struct err e = { 0 };
	int root = sandbox_make_root();

	make_tree();
	masks_prepare(config, masks);
	CHECK_INT(masks_open(masks, &e), 0);
	return root;
}

static void apply_masks(void)
{
	struct oci_linux l = {
		.masked_paths =
			STRINGS("/file", "/dir", "/missing", "/in", "/out", "/missing/x", "/dir2"),
	};
	struct oci_config config = { .linux_config = &l };
	struct masks masks;
	struct err e = { 0 };
	int root = open_masks(&config, &masks);

	/* The container's tree comes over the host's /dev, as after a pivot. */
	CHECK_INT(mount(SANDBOX_ROOT "/dev", "/dev", NULL, MS_BIND, NULL), 0);
	CHECK_INT(masks_apply(&masks, root, &e), 0);
	CHECK_STR(e.msg, "");
	check_masked_file(SANDBOX_ROOT "/file");
	check_masked_file(SANDBOX_ROOT "/file2");
	check_masked_dir(SANDBOX_ROOT "/dir");
	check_masked_dir(SANDBOX_ROOT "/dir2");
	sandbox_check_canary();
}

SANDBOX_TEST(masks_as_root, CLONE_NEWNS)
{
	apply_masks();
}

SANDBOX_TEST(masks_in_a_user_namespace, CLONE_NEWNS | CLONE_NEWUSER)
{
	apply_masks();
}

SANDBOX_TEST(directories_share_one_tmpfs, CLONE_NEWNS)
{
	struct stat a, b;

	apply_masks();
	CHECK_INT(stat(SANDBOX_ROOT "/dir", &a), 0);
	CHECK_INT(stat(SANDBOX_ROOT "/dir2", &b), 0);
	CHECK(a.st_dev == b.st_dev);
}

static void check_refused(struct oci_linux *l, const char *pointer)
{
	struct oci_config config = { .linux_config = l };
	struct masks masks;
	struct err e = { 0 };
	int root = open_masks(&config, &masks);

	CHECK_INT(masks_apply(&masks, root, &e), -ENOTDIR);
	CHECK_STR(e.pointer, pointer);
}

/* A slash behind a file would leave uncovered what was meant. */
SANDBOX_TEST(a_path_below_a_file_is_not_masked, CLONE_NEWNS)
{
	struct oci_linux l = { .masked_paths = STRINGS("/missing", "/file/") };

	check_refused(&l, "/linux/maskedPaths/1");
}

SANDBOX_TEST(a_path_below_a_file_is_not_made_readonly, CLONE_NEWNS)
{
	struct oci_linux l = { .readonly_paths = STRINGS("/missing", "/file/x") };

	check_refused(&l, "/linux/readonlyPaths/1");
}

/* T03: a null device that is not one, where the host's is looked for. */
SANDBOX_TEST(a_false_null_is_refused, CLONE_NEWNS)
{
	struct oci_linux l = { .masked_paths = STRINGS("/file") };
	struct oci_config config = { .linux_config = &l };
	struct masks masks;
	struct err e = { 0 };

	(void)sandbox_make_root();
	masks_prepare(&config, &masks);
	CHECK_INT(mount("/dev/zero", "/dev/null", NULL, MS_BIND, NULL), 0);
	CHECK_INT(masks_open(&masks, &e), -ENODEV);
	CHECK_INT(masks.null_fd, -1);
}

SANDBOX_TEST(magic_links_are_refused, CLONE_NEWNS)
{
	char path[64];
	struct oci_linux l = { .masked_paths = STRINGS(path) };
	struct oci_config config = { .linux_config = &l };
	struct masks masks;
	struct err e = { 0 };
	int root = sandbox_make_root();

	/* A process of ours: the kernel may refuse to read another's link, which is no test. */
	snprintf(path, sizeof(path), "/proc/%d/root/mnt/canary/null", (int)getpid());
	CHECK_INT(mkdir(SANDBOX_ROOT "/proc", 0755), 0);
	CHECK_INT(mount("proc", SANDBOX_ROOT "/proc", "proc", 0, NULL), 0);
	masks_prepare(&config, &masks);
	CHECK_INT(masks_open(&masks, &e), 0);
	CHECK_INT(masks_apply(&masks, root, &e), -ELOOP);
	CHECK_STR(e.pointer, "/linux/maskedPaths/0");
	sandbox_check_canary();
}

static void apply_readonly(void)
{
	struct oci_linux l = { .readonly_paths = STRINGS("/dir", "/file", "/in", "/missing") };
	struct oci_config config = { .linux_config = &l };
	struct masks masks;
	struct err e = { 0 };
	int root = sandbox_make_root();

	make_tree();
	CHECK_INT(mount("none", SANDBOX_ROOT "/dir/sub", "tmpfs", MS_NOSUID | MS_NOEXEC, NULL), 0);
	masks_prepare(&config, &masks);
	CHECK_INT(masks_open(&masks, &e), 0);
	CHECK_INT(masks_apply(&masks, root, &e), 0);
	CHECK_STR(e.msg, "");
	CHECK(open(SANDBOX_ROOT "/dir/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0);
	CHECK_INT(errno, EROFS);
	CHECK(open(SANDBOX_ROOT "/dir/sub/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0);
	CHECK_INT(errno, EROFS);
	CHECK(open(SANDBOX_ROOT "/file", O_WRONLY | O_CLOEXEC) < 0);
	CHECK(open(SANDBOX_ROOT "/file2", O_WRONLY | O_CLOEXEC) < 0);
	sandbox_write(SANDBOX_ROOT "/free", "x");
	sandbox_check_canary();
}

SANDBOX_TEST(readonly_is_recursive, CLONE_NEWNS)
{
	apply_readonly();
}

SANDBOX_TEST(readonly_in_a_user_namespace, CLONE_NEWNS | CLONE_NEWUSER)
{
	apply_readonly();
}

TEST(without_a_cover_nothing_is_covered)
{
	struct oci_linux l = { .masked_paths = STRINGS("/file") };
	const struct oci_config config = { .linux_config = &l };
	struct masks masks;
	struct err e = { 0 };
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	masks_prepare(&config, &masks);
	CHECK_INT(masks_apply(&masks, root, &e), -EBADF);
	close(root);
	CHECK_STR(e.msg, "mask paths: the host's /dev/null was not opened");
}

/* What covers is no mount: EINVAL, and no word of the root. */
SANDBOX_TEST(only_the_root_is_called_the_root, CLONE_NEWNS)
{
	struct oci_linux file = { .masked_paths = STRINGS("/file") };
	struct oci_linux top = { .masked_paths = STRINGS("/dir/..") };
	struct oci_config config = { .linux_config = &file };
	struct masks masks;
	struct err e = { 0 };
	int root = sandbox_make_root();

	make_tree();
	masks_prepare(&config, &masks);
	masks.null_fd = open("/dev/null", O_PATH | O_CLOEXEC);
	CHECK_INT(masks_apply(&masks, root, &e), -EINVAL);
	CHECK_STR(e.hint, "");
	e = (struct err){ 0 };
	config.linux_config = &top;
	masks_prepare(&config, &masks);
	CHECK_INT(masks_open(&masks, &e), 0);
	CHECK_INT(masks_apply(&masks, root, &e), -EINVAL);
	CHECK_STR(e.hint, "the root itself cannot be masked");
	CHECK_STR(e.pointer, "/linux/maskedPaths/0");
}
