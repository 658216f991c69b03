/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seal.h. Once the tree's descriptor is closed by exec, its mount is dissolved: it stays alive
 * for the running program, belongs to no mount namespace, and so no mount_setattr(2), remount or
 * open_tree(2) can touch it again. That is also how a sealed process knows itself: it has no path.
 */
#include "kernel/seal.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>

#include "base/fmt.h"
#include "kernel/mount.h"
#include "kernel/sys.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

enum {
	SEAL_TRIES = 100,
	SEAL_PAUSE_NSEC = 10 * 1000 * 1000,
	SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE
};

/*
 * The path of a file that is itself the root of a mount is that of the mount, and "/" only where
 * the mount is attached nowhere. The kernel's refusal to clone it would not prove that: it refuses
 * for an unbindable mount, and for one of another mount namespace, in the same way.
 */
static bool is_attached_nowhere(void)
{
	char path[32];
	ssize_t len = readlinkat(AT_FDCWD, "/proc/self/exe", path, sizeof(path) - 1);

	path[len < 0 ? 0 : len] = '\0';
	/* The second when the installed file has been replaced meanwhile. */
	return strcmp(path, "/") == 0 || strcmp(path, "/ (deleted)") == 0;
}

bool seal_is_done(void)
{
	_cleanup_fd_ int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int clone = -1;
	struct statfs fs;
	int seals;

	if (exe < 0)
		return false;
	seals = fcntl(exe, F_GET_SEALS);
	if (seals >= 0 && (seals & SEALS) == SEALS)
		return true;
	if (!is_attached_nowhere() || fstatfs(exe, &fs) < 0 || !(fs.f_flags & ST_RDONLY))
		return false;
	/* Nor does anybody hold it detached, who could make it writable or attach it. */
	clone = mount_clone(exe, "", 0, MS_PRIVATE, 0);
	return clone == -EINVAL;
}

static int copy_all(int from, int to)
{
	struct stat st;
	off_t at = 0;

	if (fstat(from, &st) < 0)
		return neg_errno();
	while (at < st.st_size) {
		ssize_t n = sendfile(to, from, &at, (size_t)(st.st_size - at));

		if (n < 0 && errno != EINTR)
			return neg_errno();
		if (n == 0)
			return -EIO;
	}
	return 0;
}

/* A page that the kernel itself still has in its hands (a batch of the page cache, on another
 * processor of a busy machine) is as good as one that is mapped for writing: EBUSY, for a while. */
static int add_seals(int memfd)
{
	const struct timespec pause = { .tv_nsec = SEAL_PAUSE_NSEC };

	for (unsigned i = 0; fcntl(memfd, F_ADD_SEALS, SEALS) < 0; i++) {
		if (errno != EBUSY || i == SEAL_TRIES)
			return neg_errno();
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

static int copy_sealed(int exe, int *ret_fd)
{
	_cleanup_fd_ int memfd =
		memfd_create(SEAL_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	int r, reopened;
	char path[40];

	if (memfd < 0 && errno == EINVAL)
		memfd = memfd_create(SEAL_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memfd < 0)
		return neg_errno();
	r = copy_all(exe, memfd);
	if (r < 0)
		return r;
	r = add_seals(memfd);
	if (r < 0)
		return r;
	/* A file that is open for writing cannot be executed (ETXTBSY), so the writing descriptor
	 * must go. */
	fmt(path, sizeof(path), "/proc/self/fd/%d", memfd);
	reopened = open(path, O_RDONLY | O_CLOEXEC);
	if (reopened < 0)
		return neg_errno();
	*ret_fd = reopened;
	return 0;
}

static int clone_sealed(int exe)
{
	return mount_clone(exe, "", 0, MS_PRIVATE, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
}

int seal_open(const char *path, int *ret_fd)
{
	_cleanup_fd_ int exe = open(path, O_RDONLY | O_CLOEXEC);
	int sealed;

	if (exe < 0)
		return neg_errno();
	sealed = clone_sealed(exe);
	*ret_fd = sealed < 0 ? take_fd(&exe) : sealed;
	return 0;
}

int seal_execute(char *const *argv, char *const *envp)
{
	_cleanup_fd_ int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int sealed = -1;

	if (exe < 0)
		return neg_errno();
	sealed = clone_sealed(exe);
	if (sealed < 0) {
		int r = copy_sealed(exe, &sealed);

		if (r < 0)
			return r;
	}
	return sys_execveat(sealed, argv, envp);
}
