/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/sysctl: keys, and values that are really in force.
 */
#include "setup/sysctl.h"

#include "kernel/procfs.h"
#include "sandbox.h"

static int prepare(struct arena *a, struct oci_pair *pairs, size_t count, struct sysctls *ret,
		   struct err *e)
{
	struct oci_linux l = { .sysctl = { .items = pairs, .count = count } };
	struct oci_config config = { .linux_config = &l };

	return sysctl_prepare(a, &config, ret, e);
}

TEST(the_first_separator_decides)
{
	struct oci_pair pairs[] = {
		{ "net.ipv4.ip_forward", "1" },
		{ "net/ipv4/conf/eth0.1/mtu", "1" },
		{ "net.ipv4.conf.eth0/1.mtu", "1" },
	};
	struct arena a = { 0 };
	struct sysctls s = { 0 };
	struct err e = { 0 };

	CHECK_INT(prepare(&a, pairs, 3, &s, &e), 0);
	CHECK_INT(s.count, 3);
	CHECK_STR(s.items[0].path, "sys/net/ipv4/ip_forward");
	CHECK_STR(s.items[1].path, "sys/net/ipv4/conf/eth0.1/mtu");
	CHECK_STR(s.items[1].pointer, "/linux/sysctl/net~1ipv4~1conf~1eth0.1~1mtu");
	CHECK_STR(s.items[2].path, "sys/net/ipv4/conf/eth0.1/mtu");
	arena_release(&a);
}

TEST(nothing_is_nothing)
{
	struct oci_config config = { 0 };
	struct arena a = { 0 };
	struct sysctls s = { .count = 7 };
	struct err e = { 0 };

	CHECK_INT(sysctl_prepare(&a, &config, &s, &e), 0);
	CHECK_INT(s.count, 0);
	arena_release(&a);
}

/* Also with a hostile mount on /proc/sys (T06). */
SANDBOX_TEST(values_are_in_force, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET)
{
	struct oci_pair pairs[] = { { "kernel.hostname", "davit-unit" },
				    { "net.ipv4.ip_forward", "1" },
				    { "kernel/domainname", "" } };
	struct arena a = { 0 };
	struct sysctls s = { 0 };
	struct err e = { 0 };
	char name[65], one = 0;
	int fd = -1, file;

	(void)sandbox_make_root();
	CHECK_INT(mount("none", "/proc/sys", "tmpfs", 0, NULL), 0);
	CHECK_INT(procfs_open_private(true, &fd), 0);
	CHECK_INT(prepare(&a, pairs, 3, &s, &e), 0);
	CHECK_INT(sysctl_apply(&s, fd, &e), 0);
	CHECK_STR(e.msg, "");
	CHECK_INT(gethostname(name, sizeof(name)), 0);
	CHECK_STR(name, "davit-unit");
	CHECK_INT(getdomainname(name, sizeof(name)), 0);
	CHECK_STR(name, "");
	file = openat(fd, "sys/net/ipv4/ip_forward", O_RDONLY | O_CLOEXEC);
	CHECK_INT(read(file, &one, 1), 1);
	CHECK_INT(one, '1');
	arena_release(&a);
}

SANDBOX_TEST(errors_name_the_key, CLONE_NEWNS | CLONE_NEWNET)
{
	struct oci_pair missing = { "net.no_such_key", "1" }, bad = { "net.ipv4.ip_forward", "x" },
			empty = { "net.ipv4.ip_forward", "" };
	struct arena a = { 0 };
	struct sysctls s = { 0 };
	struct err e[3] = { 0 };
	int fd = -1;

	CHECK_INT(procfs_open_private(true, &fd), 0);
	CHECK_INT(prepare(&a, &missing, 1, &s, &e[0]), 0);
	CHECK_INT(sysctl_apply(&s, fd, &e[0]), -ENOENT);
	CHECK_STR(e[0].pointer, "/linux/sysctl/net.no_such_key");
	CHECK_STR(e[0].msg, "write \"1\" to sysctl net.no_such_key");
	CHECK_INT(prepare(&a, &bad, 1, &s, &e[1]), 0);
	CHECK_INT(sysctl_apply(&s, fd, &e[1]), -EINVAL);
	CHECK_INT(prepare(&a, &empty, 1, &s, &e[2]), 0);
	CHECK_INT(sysctl_apply(&s, fd, &e[2]), -EINVAL);
	arena_release(&a);
}
