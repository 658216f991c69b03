/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mount.h. The kernel locks mounts where a user namespace gets a copy of a mount namespace that
 * it does not own (mount_namespaces(7)), and a detached mount is in none. So a helper makes such a
 * pair: the mounts stand in a mount namespace of the helper's, it gets a copy of that in a user
 * namespace of its own, and copies the mounts out of there. It has the caller's descriptors, shared
 * and not copied, and so puts what it makes in their places itself. No heap.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fmt.h"
#include "kernel/mount.h"
#include "kernel/process.h"
#include "kernel/sys.h"

enum {
	NAME_SIZE = 24
};

/* An empty folder as the root and nothing else: the kernel makes no user namespace below another
 * root than that of the mount namespace. On an initramfs the root cannot be moved. */
static int change_root(void)
{
	if (sys_pivot_root(".", ".") == 0)
		return umount2(".", MNT_DETACH) < 0 ? neg_errno() : 0;
	return chroot(".") < 0 ? neg_errno() : 0;
}

static int enter_place(void)
{
	const struct mount_fs fs = { .type = "tmpfs", .data = "mode=0755" };
	char ignored[MOUNT_MESSAGE_SIZE];
	_cleanup_fd_ int place = mount_open_fs(&fs, -1, ignored);
	int r = place < 0 ? place : mount_enter_alone(place);

	return r < 0 ? r : change_root();
}

static int make_place(const char *name, bool is_dir)
{
	_cleanup_fd_ int made = -1;

	if (is_dir)
		return mkdirat(AT_FDCWD, name, 0755) < 0 ? neg_errno() : 0;
	made = openat(AT_FDCWD, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	return made < 0 ? neg_errno() : 0;
}

static int put(int fd, const char *name)
{
	_cleanup_fd_ int place = -1;
	struct stat st;
	int r = fstat(fd, &st) < 0 ? neg_errno() : make_place(name, S_ISDIR(st.st_mode));

	if (r < 0)
		return r;
	place = openat(AT_FDCWD, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return place < 0 ? neg_errno() : mount_attach(fd, place);
}

/* What it is a slave of it stays a slave of. */
static int take(int fd, const char *name)
{
	_cleanup_fd_ int copy =
		mount_clone(AT_FDCWD, name, AT_RECURSIVE | AT_SYMLINK_NOFOLLOW, MS_SLAVE, 0);

	if (copy < 0)
		return copy;
	return dup3(copy, fd, O_CLOEXEC) < 0 ? neg_errno() : 0;
}

static int lock(const int *fds, size_t count)
{
	char name[NAME_SIZE];
	int r = enter_place();

	for (size_t i = 0; i < count && r == 0; i++) {
		fmt(name, sizeof(name), "%zu", i);
		r = put(fds[i], name);
	}
	if (r == 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		r = neg_errno();
	for (size_t i = 0; i < count && r == 0; i++) {
		fmt(name, sizeof(name), "%zu", i);
		r = take(fds[i], name);
	}
	return r;
}

static _Noreturn void help(const int *fds, size_t count)
{
	process_die_with_parent(true);
	process_set_dumpable(false);
	sys_exit(-lock(fds, count));
}

int mount_lock(const int *fds, size_t count)
{
	struct clone_args args = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	pid_t pid = count ? sys_clone3(&args) : 0;
	int status;

	if (count == 0 || pid < 0)
		return pid;
	if (pid == 0)
		help(fds, count);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return neg_errno();
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECANCELED;
}

int mount_is_marked_readonly(const char *path, int flags)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_CLOEXEC | flags);
	struct sys_statmount st = { 0 };
	uint64_t id;
	int r = fd < 0 ? neg_errno() : mount_unique_id(fd, &id);

	if (r == 0)
		r = sys_statmount_basic(id, &st);
	return r < 0 ? r : (st.attrs & MOUNT_ATTR_RDONLY) != 0;
}
