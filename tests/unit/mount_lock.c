/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/mount_lock: what a user namespace may not take off a mount that it gets.
 */
#include <string.h>

#include "kernel/mount.h"
#include "kernel/sys.h"
#include "sandbox.h"

/* A read-only mount with another on one of its folders, and a file; both detached. */
static void open_two(int fds[2])
{
	(void)sandbox_make_root();
	CHECK_INT(mkdir("/mnt/sub", 0755), 0);
	sandbox_write("/mnt/sub/secret", "secret\n");
	CHECK_INT(mount("cover", "/mnt/sub", "tmpfs", 0, NULL), 0);
	fds[0] = mount_clone(AT_FDCWD, "/mnt", AT_RECURSIVE, MS_PRIVATE, 0);
	fds[1] = mount_clone(AT_FDCWD, SANDBOX_CANARY "/null", 0, MS_PRIVATE, MOUNT_ATTR_RDONLY);
	CHECK(fds[0] >= 0);
	CHECK(fds[1] >= 0);
	CHECK_INT(mount_set_attrs(fds[0], MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, false), 0);
}

/* Root of a user namespace, with mounts of its own, and what it can do to ours. */
static void use(const int fds[2], bool are_locked)
{
	const uint64_t flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
	int place, file;

	CHECK_INT(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
	place = open("/mnt", O_PATH | O_DIRECTORY | O_CLOEXEC);
	file = open("/etc/passwd", O_PATH | O_CLOEXEC);
	CHECK_INT(mount_attach(fds[0], place), 0);
	CHECK_INT(mount_attach(fds[1], file), 0);
	CHECK_INT(mount_set_attrs(fds[0], 0, MOUNT_ATTR_RDONLY, false), are_locked ? -EPERM : 0);
	CHECK_INT(mount_set_attrs(fds[0], 0, MOUNT_ATTR_NOSUID, false), are_locked ? -EPERM : 0);
	CHECK_INT(mount_set_attrs(fds[1], 0, MOUNT_ATTR_RDONLY, false), are_locked ? -EPERM : 0);
	CHECK_INT(mount_attrs(fds[0]) & flags, are_locked ? flags : 0);
	CHECK_INT(umount2("/mnt/sub", MNT_DETACH), are_locked ? -1 : 0);
	CHECK_INT(access("/mnt/sub/secret", F_OK), are_locked ? -1 : 0);
}

SANDBOX_TEST(neither_flags_nor_covers_are_taken_off, CLONE_NEWNS)
{
	int fds[2];

	open_two(fds);
	CHECK_INT(mount_lock(fds, 2), 0);
	use(fds, true);
}

SANDBOX_TEST(without_it_they_are, CLONE_NEWNS)
{
	int fds[2];

	open_two(fds);
	use(fds, false);
}

SANDBOX_TEST(nothing_to_lock_and_what_is_no_detached_mount, CLONE_NEWNS)
{
	int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	CHECK_INT(mount_lock(NULL, 0), 0);
	CHECK_INT(mount_lock(&file, 1), -EINVAL);
	CHECK_INT(fcntl(file, F_GETFD), FD_CLOEXEC);
}
