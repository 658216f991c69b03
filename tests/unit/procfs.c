/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/procfs: what we write reaches the kernel, or we are told.
 */
#include "kernel/procfs.h"

#include "sandbox.h"

static int opened(bool full)
{
	int fd = -1;

	CHECK_INT(procfs_open_private(full, &fd), 0);
	return fd;
}

static void check_comm(int procfd)
{
	char comm[32] = "";
	pid_t self = 0;
	int fd;

	CHECK_INT(procfs_self_pid(procfd, &self), 0);
	CHECK_INT(procfs_write_pid_file(procfd, self, "comm", "davit-test"), 0);
	fd = procfs_open_pid_file(procfd, self, "comm", O_RDONLY);
	CHECK(fd >= 0);
	CHECK_INT(read(fd, comm, sizeof(comm) - 1), 11);
	CHECK_STR(comm, "davit-test\n");
	close(fd);
}

SANDBOX_TEST(full_has_sys_and_the_other_has_not, CLONE_NEWNS | CLONE_NEWUTS)
{
	int full = opened(true), pids = opened(false);

	CHECK_INT(procfs_write(full, "sys/kernel/domainname", "davit.test"), 0);
	CHECK_INT(procfs_write(pids, "sys/kernel/domainname", "x"), -ENOENT);
	check_comm(full);
	check_comm(pids);
}

SANDBOX_TEST(pids_are_those_of_the_namespace, CLONE_NEWNS | CLONE_NEWPID)
{
	int fd = opened(false);
	pid_t self = 0;

	CHECK_INT(procfs_self_pid(fd, &self), 0);
	CHECK_INT(self, 1);
	check_comm(fd);
}

SANDBOX_TEST(links_are_not_followed, CLONE_NEWNS)
{
	int fd = opened(true);

	CHECK_INT(procfs_write(fd, "self/comm", "x"), -ELOOP);
	CHECK_INT(procfs_open_pid_file(fd, getpid(), "ns/mnt", O_RDONLY), -ELOOP);
	CHECK_INT(procfs_open_pid_file(fd, getpid(), "root/etc", O_RDONLY), -ELOOP);
	CHECK_INT(procfs_open_pid_file(fd, getpid(), "../../etc", O_RDONLY), -EXDEV);
	CHECK_INT(procfs_open_pid_file(fd, 0, "comm", O_RDONLY), -ESRCH);
	CHECK_INT(procfs_open_pid_file(fd, -1, "comm", O_RDONLY), -ESRCH);
}

SANDBOX_TEST(covered_proc_does_not_matter, CLONE_NEWNS)
{
	(void)sandbox_make_root();
	CHECK_INT(mount("none", "/proc", "tmpfs", 0, NULL), 0);
	check_comm(opened(false));
}

/* The new user namespace has no right over the pid namespace, so it gets plain /proc. */
SANDBOX_TEST(fallback_is_verified, CLONE_NEWUSER | CLONE_NEWNS)
{
	int fd = opened(true);

	check_comm(fd);
	CHECK_INT(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_INT(mount("none", "/proc/sys", "tmpfs", 0, NULL), 0);
	CHECK_INT(procfs_write(fd, "sys/kernel/domainname", "x"), -EXDEV);
	CHECK_INT(mount("/proc/fs", "/proc", NULL, MS_BIND | MS_REC, NULL), 0);
	CHECK_INT(procfs_open_private(true, &fd), -EXDEV);
	CHECK_INT(mount("none", "/proc", "tmpfs", 0, NULL), 0);
	CHECK_INT(procfs_open_private(true, &fd), -EXDEV);
}
