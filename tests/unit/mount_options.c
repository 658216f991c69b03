/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/filesystem/mount_options: the table and how options combine.
 */
#include "setup/filesystem/mount_options.h"

#include "kernel/sys.h"
#include "test.h"

static struct arena arena;

static struct mount_options parse(const char *text)
{
	static char copy[512];
	static const char *items[64];
	struct oci_strings list = { .items = items };
	struct mount_options m = { 0 };

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *s = strtok(copy, " "); s; s = strtok(NULL, " "))
		items[list.count++] = s;
	CHECK_INT(mount_options_parse(&arena, &list, &m), 0);
	return m;
}

TEST(names_are_sorted_and_all_of_the_spec)
{
	/* config.md, Linux mount options: the MUST and SHOULD ones that are implemented. */
	static const char *const wanted[] = {
		"async",        "atime",       "bind",           "defaults",
		"dev",          "diratime",    "dirsync",        "exec",
		"iversion",     "lazytime",    "loud",           "noatime",
		"nodev",        "nodiratime",  "noexec",         "noiversion",
		"nolazytime",   "norelatime",  "nostrictatime",  "nosuid",
		"nosymfollow",  "private",     "ratime",         "rbind",
		"rdev",         "rdiratime",   "relatime",       "remount",
		"rexec",        "rnoatime",    "rnodev",         "rnodiratime",
		"rnoexec",      "rnorelatime", "rnostrictatime", "rnosuid",
		"rnosymfollow", "ro",          "rprivate",       "rrelatime",
		"rro",          "rrw",         "rshared",        "rslave",
		"rstrictatime", "rsuid",       "rsymfollow",     "runbindable",
		"rw",           "shared",      "silent",         "slave",
		"strictatime",  "suid",        "symfollow",      "sync",
		"unbindable",   "mand",        "nomand",         "idmap",
		"ridmap",       "tmpcopyup",
	};
	const char *last = "";

	for (size_t i = 0; mount_option_name(i); i++) {
		CHECK(strcmp(last, mount_option_name(i)) < 0);
		CHECK(mount_option_is_known(mount_option_name(i)));
		last = mount_option_name(i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		bool found = false;

		for (size_t n = 0; mount_option_name(n); n++)
			found = found || strcmp(mount_option_name(n), wanted[i]) == 0;
		if (!found)
			printf("# missing: %s\n", wanted[i]);
		CHECK(found);
	}
	CHECK(mount_option_is_known("tmpcopyup"));
	CHECK(!mount_option_is_known("size=1"));
	CHECK(!mount_option_is_known(""));
}

TEST(later_options_win)
{
	struct mount_options m = parse("ro rw nosuid suid nosuid sync async");

	CHECK_INT(m.attr_set, MOUNT_ATTR_NOSUID);
	CHECK_INT(m.attr_clear, MOUNT_ATTR_RDONLY);
	CHECK_INT(m.superblock_set, 0);
	CHECK_INT(m.superblock_clear, MS_RDONLY | MS_SYNCHRONOUS);
	m = parse("rro rrw rro");
	CHECK_INT(m.recursive_set, MOUNT_ATTR_RDONLY);
	CHECK_INT(m.recursive_clear, 0);
	CHECK_INT(m.attr_set, 0);
}

TEST(atime_is_one_field)
{
	struct mount_options m = parse("noatime strictatime nodiratime");

	CHECK_INT(m.attr_set, MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NODIRATIME);
	CHECK_INT(m.attr_clear, MOUNT_ATTR__ATIME);
	m = parse("noatime relatime");
	CHECK_INT(m.attr_set, 0);
	CHECK_INT(m.attr_clear, MOUNT_ATTR__ATIME);
	/* A negative word undoes its own mode only. */
	m = parse("noatime norelatime");
	CHECK_INT(m.attr_set, MOUNT_ATTR_NOATIME);
	m = parse("noatime atime");
	CHECK_INT(m.attr_set, 0);
	CHECK_INT(m.attr_clear, MOUNT_ATTR__ATIME);
	m = parse("rnoatime");
	CHECK_INT(m.recursive_set, MOUNT_ATTR_NOATIME);
	CHECK_INT(m.recursive_clear, MOUNT_ATTR__ATIME);
}

TEST(unknown_options_are_data)
{
	struct mount_options m = parse("nosuid mode=755 ro size=65536k newinstance");

	CHECK_STR(m.data, "mode=755,size=65536k,newinstance");
	m = parse("nosuid");
	CHECK(!m.data);
	m = parse("");
	CHECK(!m.data && !m.is_bind && !m.propagation_count);
}

TEST(kinds)
{
	struct mount_options m = parse("rbind rslave shared remount");

	CHECK(m.is_bind && m.is_recursive && m.is_remount);
	CHECK_INT(m.propagation_count, 2);
	CHECK_INT(m.propagation[0], MS_SLAVE | MS_REC);
	CHECK_INT(m.propagation[1], MS_SHARED);
	m = parse("bind tmpcopyup");
	CHECK(m.is_bind && !m.is_recursive);
	CHECK_INT(m.extras, MOUNT_COPY_UP);
	CHECK(!m.is_idmapped);
	m = parse("bind idmap");
	CHECK(m.is_idmapped && !m.is_idmap_recursive && !m.extras && !m.idmap);
	m = parse("bind ridmap=uids=0-1-2 idmapx=1");
	CHECK(m.is_idmapped && m.is_idmap_recursive);
	CHECK_STR(m.idmap, "uids=0-1-2");
	CHECK_STR(m.data, "idmapx=1");
	m = parse("copy-symlink src-nofollow dest-nofollow");
	CHECK_INT(m.extras, MOUNT_COPY_SYMLINK | MOUNT_SOURCE_NOFOLLOW | MOUNT_DEST_NOFOLLOW);
	m = parse("rbind ridmap");
	CHECK(m.is_idmapped && m.is_idmap_recursive);
	CHECK_INT(mount_option_propagation("rshared"), MS_SHARED | MS_REC);
	CHECK_INT(mount_option_propagation("ro"), 0);
	CHECK_INT(mount_option_propagation("nonsense"), 0);
}
