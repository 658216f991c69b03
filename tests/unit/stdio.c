/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/process/stdio: closed streams, and who owns the open ones.
 */
#include "setup/process/stdio.h"

#include <sys/sysmacros.h>

#include "sandbox.h"

SANDBOX_TEST(closed_streams_become_null, CLONE_NEWNS)
{
	struct err e = { 0 };
	struct stat st;

	close(0);
	close(2);
	CHECK_INT(stdio_prepare_host(&e), 0);
	CHECK_INT(fstat(0, &st), 0);
	CHECK(st.st_rdev == makedev(1, 3));
	CHECK_INT(fcntl(2, F_GETFD), 0);
	CHECK_INT(fcntl(3, F_GETFD), -1);
}

SANDBOX_TEST(files_and_pipes_change_hands_devices_do_not, CLONE_NEWNS)
{
	struct err e = { 0 };
	struct stat null_before, null_after, st;
	int pipes[2], saved = fcntl(1, F_DUPFD_CLOEXEC, 100);

	(void)sandbox_make_root();
	CHECK_INT(stat("/dev/null", &null_before), 0);
	CHECK_INT(pipe2(pipes, O_CLOEXEC), 0);
	dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 0);
	dup2(open("/mnt/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 1);
	dup2(pipes[1], 2);
	CHECK_INT(stdio_chown(1234, &e), 0);
	CHECK_INT(fstat(1, &st), 0);
	dup2(saved, 1);
	CHECK_INT(st.st_uid, 1234);
	CHECK_INT(st.st_gid, 0);
	CHECK_INT(fstat(2, &st), 0);
	CHECK_INT(st.st_uid, 1234);
	CHECK_INT(stat("/dev/null", &null_after), 0);
	CHECK_INT(null_after.st_uid, null_before.st_uid);
	CHECK_INT(null_after.st_ctim.tv_nsec, null_before.st_ctim.tv_nsec);
}

SANDBOX_TEST(what_cannot_be_owned_is_left, CLONE_NEWNS | CLONE_NEWUSER)
{
	struct err e = { 0 };

	/* 1234 is not mapped here. */
	(void)sandbox_make_root();
	dup2(open("/mnt/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 2);
	CHECK_INT(stdio_chown(1234, &e), 0);
}
