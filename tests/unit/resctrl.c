/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/resctrl: where it is mounted, and comparing schemata. Groups are in
 * tests/cli/spec-linux.bats.
 */
#include "kernel/resctrl.h"

#include <errno.h>
#include <sys/mman.h>

#include "test.h"

static int find(const char *mountinfo, char path[static 64])
{
	int fd = memfd_create("mountinfo", MFD_CLOEXEC), r;

	CHECK_INT(write(fd, mountinfo, strlen(mountinfo)), (long long)strlen(mountinfo));
	lseek(fd, 0, SEEK_SET);
	r = resctrl_find(fd, path, 64);
	close(fd);
	return r;
}

TEST(the_mount_is_found_by_its_type)
{
	static const char before[] = "22 1 0:21 / / rw shared:1 - ext4 /dev/vda rw\n"
				     "23 22 0:22 / /sys/fs/resctrl rw - tmpfs resctrl rw\n"
				     "24 22 0:23 /gold /mnt rw - resctrl resctrl rw\n";
	char path[64] = "", text[12000];

	CHECK_INT(find(before, path), -ENOENT);
	snprintf(text, sizeof(text),
		 "%s25 22 0:23 / /sys/fs/a\\040b rw shared:2 master:1 - resctrl x rw\n", before);
	CHECK_INT(find(text, path), 0);
	CHECK_STR(path, "/sys/fs/a b");
	/* Behind many, and behind one that is longer than any buffer. */
	memset(text, 'x', 9000);
	snprintf(text + 9000, sizeof(text) - 9000, "\n25 22 0:23 / /rdt rw - resctrl resctrl rw\n");
	CHECK_INT(find(text, path), 0);
	CHECK_STR(path, "/rdt");
	CHECK_INT(find("", path), -ENOENT);
}

TEST(schemata_are_compared_by_value)
{
	static const char found[] =
		"    MB:0=100;1= 20\n L3CODE:0=00ff\n    L3:0=007ff;1=1f;10=3\n  SMBA:0=16\n";
	static const char *const same[] = { "L3:0=7ff",       "L3:1=1F;0=7ff", " L3:10=3",
					    "MB:0=100",       "MB:1=20;0=100", "L3CODE:0=ff",
					    "L3:0=7ff;1=1f;", "SMBA:0=16" };
	static const char *const other[] = {
		"L3:0=7fe", "L3:2=1",  "MB:0=256",  "L2:0=1",      "L3",         "L3:x",
		"L3:0",     "L3:0=zz", "MB:0=0x64", "L3DATA:0=ff", "L3:0=7ff;1", "SMBA:0=22"
	};

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (!resctrl_has_schema(found, same[i]))
			CHECK_STR("not found", same[i]);
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		if (resctrl_has_schema(found, other[i]))
			CHECK_STR("found", other[i]);
}
