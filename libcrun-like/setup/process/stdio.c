/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See stdio.h.
 */
#include "setup/process/stdio.h"

#include <fcntl.h>
#include <sys/stat.h>

int stdio_prepare_host(struct err *e)
{
	for (;;) {
		/* Not close-on-exec: what is put at 0, 1 or 2 is meant for the container. */
		int fd = open("/dev/null", O_RDWR); // NOLINT(android-cloexec-open)

		if (fd < 0)
			return err_set(e, errno, "open /dev/null for a closed standard stream");
		if (fd > STDERR_FILENO) {
			close(fd);
			return 0;
		}
	}
}

/* The owner cannot be changed there, which has never kept a container from running: a user that is
 * not mapped, somebody else's file, a read-only or foreign file system. */
static bool is_harmless(int code)
{
	return code == EINVAL || code == EPERM || code == EROFS || code == ENOSYS ||
	       code == EOPNOTSUPP || code == EACCES;
}

int stdio_chown(uid_t uid, struct err *e)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0) {
			if (errno == EBADF)
				continue;
			return err_set(e, errno, "stat standard stream %d", fd);
		}
		/* A device is the host's, and its owner would outlive the container. */
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) || st.st_uid == uid)
			continue;
		if (fchown(fd, uid, (gid_t)-1) < 0 && !is_harmless(errno))
			return err_set(e, errno, "give standard stream %d to uid %u", fd, uid);
	}
	return 0;
}
