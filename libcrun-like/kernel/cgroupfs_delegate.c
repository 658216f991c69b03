/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Giving a cgroup away (cgroupfs.h): the directory and the files that the kernel lists as safe in
 * /sys/kernel/cgroup/delegate. Every other file would let its owner raise its own limits.
 */
#include <fcntl.h>
#include <string.h>

#include "base/fmt.h"
#include "kernel/cgroupfs.h"
#include "kernel/file.h"

enum {
	LIST_SIZE = 4096 /* of sysfs: one page */
};

/* config-linux.md#cgroup-ownership; for kernels without the file (before 4.14). */
static const char fixed_list[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";

int cgroupfs_delegate_from(int dirfd, uid_t uid, const char *list, char ret_name[static 64])
{
	size_t len;

	fmt(ret_name, 64, "the directory");
	if (fchown(dirfd, uid, (gid_t)-1) < 0)
		return neg_errno();
	for (const char *at = list; *at; at += len + (at[len] == '\n')) {
		len = strcspn(at, "\n");
		if (len == 0 || len >= 64 || memchr(at, '/', len))
			continue;
		memcpy(ret_name, at, len);
		ret_name[len] = '\0';
		/* Not every file is in every cgroup. */
		if (fchownat(dirfd, ret_name, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT)
			return neg_errno();
	}
	return 0;
}

int cgroupfs_delegate(int dirfd, uid_t uid, char ret_name[static 64])
{
	char list[LIST_SIZE + 1];
	int len = file_read(AT_FDCWD, "/sys/kernel/cgroup/delegate", list, sizeof(list));

	return cgroupfs_delegate_from(dirfd, uid, len > 0 ? list : fixed_list, ret_name);
}
