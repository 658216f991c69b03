/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See probe.h. A system call is asked for with arguments that no kernel takes: every answer but
 * ENOSYS says that it is there. The numbers from 424 on are the same on all architectures that we
 * build for.
 */
#include "kernel/probe.h"

#include <fcntl.h>
#include <linux/seccomp.h>

#include "base/fmt.h"
#include "kernel/cgroupfs.h"
#include "kernel/file.h"
#include "kernel/sys.h"

struct probe {
	const char *name;
	long number;
};

/* clang-format off */
static const struct probe calls[] = {
	{ "open_tree", 428 }, { "move_mount", 429 }, { "fsopen", 430 }, { "pidfd_open", 434 },
	{ "clone3", 435 }, { "close_range", 436 }, { "openat2", 437 }, { "pidfd_getfd", 438 },
	{ "mount_setattr", 442 }, { "landlock_create_ruleset", 444 }, { "statmount", 457 },
	{ "listmount", 458 },
};

static const struct probe seccomp_flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 1 << 0 },
	{ "SECCOMP_FILTER_FLAG_LOG", 1 << 1 },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", 1 << 2 },
	{ "SECCOMP_FILTER_FLAG_NEW_LISTENER", 1 << 3 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1 << 3 | 1 << 5 }, /* only with a listener */
};
/* clang-format on */

const char *probe_syscall(size_t i, bool *ret_has)
{
	if (i >= ARRAY_SIZE(calls))
		return NULL;
	*ret_has = sys_probe(calls[i].number) != -ENOSYS;
	return calls[i].name;
}

const char *probe_seccomp_flag(size_t i, bool *ret_has)
{
	if (i >= ARRAY_SIZE(seccomp_flags))
		return NULL;
	/* No program: EFAULT, once the flags have passed. */
	*ret_has = sys_seccomp(SECCOMP_SET_MODE_FILTER, (unsigned)seccomp_flags[i].number, NULL) ==
		   -EFAULT;
	return seccomp_flags[i].name;
}

bool probe_has_namespace(const char *file)
{
	char path[64];

	fmt(path, sizeof(path), "/proc/self/ns/%s", file);
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int probe_read(const char *path, char *buf, size_t size)
{
	return file_read(AT_FDCWD, path, buf, size);
}

const char *probe_find_criu(void)
{
	static const char *const paths[] = { "/usr/local/sbin/criu", "/usr/local/bin/criu",
					     "/usr/sbin/criu", "/usr/bin/criu" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (faccessat(AT_FDCWD, paths[i], X_OK, 0) == 0)
			return paths[i];
	return NULL;
}
