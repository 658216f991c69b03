/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/lock_holder: who holds the lock, and never somebody whose lock has the same inode number.
 */
#include "kernel/lock_holder.h"

#include <signal.h>
#include <sys/file.h>

#include "sandbox.h"

static int lock_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_INT(flock(fd, LOCK_EX | LOCK_NB), 0);
	return fd;
}

/* A process that has locked @path when this returns. */
static pid_t lock_elsewhere(const char *path)
{
	int fds[2];
	pid_t pid;
	char c;

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		lock_dir(path);
		if (write(fds[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(fds[1]);
	CHECK_INT(read(fds[0], &c, 1), 1);
	close(fds[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Two tmpfs, each with a directory c, which has the same inode number in both. */
static void make_twins(void)
{
	struct stat one, two;

	close(sandbox_make_root());
	CHECK_INT(mkdir("/mnt/one", 0755), 0);
	CHECK_INT(mkdir("/mnt/two", 0755), 0);
	CHECK_INT(mount("none", "/mnt/one", "tmpfs", 0, NULL), 0);
	CHECK_INT(mount("none", "/mnt/two", "tmpfs", 0, NULL), 0);
	CHECK_INT(mkdir("/mnt/one/c", 0755), 0);
	CHECK_INT(mkdir("/mnt/two/c", 0755), 0);
	CHECK_INT(stat("/mnt/one/c", &one), 0);
	CHECK_INT(stat("/mnt/two/c", &two), 0);
	CHECK_INT(one.st_ino, two.st_ino);
	CHECK(one.st_dev != two.st_dev);
}

SANDBOX_TEST(the_holder_is_found_and_not_its_twin_on_another_file_system, CLONE_NEWNS)
{
	int dir, pidfd = -1;
	pid_t bystander, holder, found = 0;

	make_twins();
	bystander = lock_elsewhere("/mnt/two/c");
	dir = open("/mnt/one/c", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(lock_find_holder(dir, &found, &pidfd), -ESRCH);
	holder = lock_elsewhere("/mnt/one/c");
	CHECK_INT(lock_find_holder(dir, &found, &pidfd), 0);
	CHECK_INT(found, holder);
	CHECK(lock_is_held_by(dir, holder, pidfd));
	CHECK(!lock_is_held_by(dir, bystander, pidfd));
	end(holder);
	CHECK(!lock_is_held_by(dir, holder, pidfd));
	close(pidfd);
	CHECK_INT(lock_find_holder(dir, &found, &pidfd), -ESRCH);
	end(bystander);
	close(dir);
}

/* It has the directory open, and a lock of the same number elsewhere. */
SANDBOX_TEST(who_only_waits_for_the_lock_is_not_its_holder, CLONE_NEWNS)
{
	pid_t waiting, holder, found = 0;
	int dir, pidfd = -1;

	make_twins();
	holder = lock_elsewhere("/mnt/one/c");
	waiting = fork();
	if (waiting == 0) {
		lock_dir("/mnt/two/c");
		dir = open("/mnt/one/c", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		flock(dir, LOCK_EX);
		_exit(1);
	}
	usleep(100000);
	dir = open("/mnt/one/c", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(lock_find_holder(dir, &found, &pidfd), 0);
	CHECK_INT(found, holder);
	close(pidfd);
	end(waiting);
	end(holder);
	close(dir);
}

TEST(this_process_is_found_too)
{
	pid_t found = 0;
	int dir = lock_dir("/proc/self/cwd"), pidfd = -1;

	CHECK_INT(lock_find_holder(dir, &found, &pidfd), 0);
	CHECK_INT(found, getpid());
	close(pidfd);
	close(dir);
}

static void in_a_foreign_proc(void)
{
	pid_t found = 0;
	int dir = lock_dir("/mnt"), pidfd = -1;

	/* /proc is still that of the outer pid namespace: its numbers are others' here. */
	CHECK_INT(lock_find_holder(dir, &found, &pidfd), -ESRCH);
	close(dir);
}

SANDBOX_TEST(a_proc_of_another_pid_namespace_proves_nothing, CLONE_NEWNS | CLONE_NEWPID)
{
	in_a_foreign_proc();
}
