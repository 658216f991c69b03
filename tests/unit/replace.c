/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/replace: whole or not at all, whatever others have put in the way.
 */
#include "kernel/replace.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "test.h"

static char folder[] = "/tmp/davit-replace-XXXXXX";

static int open_folder(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static unsigned count(int dirfd)
{
	DIR *dir = fdopendir(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static void check_text(int dirfd, const char *name, const char *want)
{
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[64] = "";

	CHECK(fd >= 0);
	CHECK(read(fd, text, sizeof(text) - 1) >= 0);
	CHECK_STR(text, want);
	close(fd);
}

static void remove_folder(int dirfd, const char *const *names)
{
	for (; *names; names++)
		CHECK_INT(unlinkat(dirfd, *names, 0), 0);
	CHECK_INT(count(dirfd), 0);
	close(dirfd);
	CHECK_INT(rmdir(folder), 0);
}

TEST(it_replaces_and_leaves_no_temporary)
{
	const struct replacement one = { "one", 3, 0644, false }, two = { "2", 1, 0600, true };
	int dirfd = open_folder();
	struct stat st;

	umask(022);
	CHECK_INT(replace_file(dirfd, "f", &one), 0);
	check_text(dirfd, "f", "one");
	CHECK_INT(replace_file(dirfd, "f", &two), 0);
	check_text(dirfd, "f", "2");
	CHECK_INT(fstatat(dirfd, "f", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	CHECK_INT(count(dirfd), 1);
	remove_folder(dirfd, (const char *const[]){ "f", NULL });
}

/* What somebody foresaw: a FIFO would block, a link would lead elsewhere, both for good. */
TEST(a_prepared_temporary_is_neither_used_nor_in_the_way)
{
	const struct replacement with = { "text", 4, 0644, false };
	char temporary[64];
	int dirfd = open_folder();

	alarm(120);
	fmt(temporary, sizeof(temporary), ".f.%x.new", (unsigned)getpid());
	CHECK_INT(mkfifoat(dirfd, temporary, 0666), 0);
	CHECK_INT(replace_file(dirfd, "f", &with), 0);
	check_text(dirfd, "f", "text");
	CHECK_INT(count(dirfd), 2);
	CHECK_INT(unlinkat(dirfd, temporary, 0), 0);
	CHECK_INT(symlinkat("victim", dirfd, temporary), 0);
	CHECK_INT(replace_file(dirfd, "f", &with), 0);
	CHECK_INT(count(dirfd), 2);
	alarm(0);
	remove_folder(dirfd, (const char *const[]){ "f", temporary, NULL });
}

TEST(in_a_private_directory_a_stale_temporary_goes)
{
	const struct replacement with = { "text", 4, 0600, true };
	int dirfd = open_folder();

	alarm(120);
	CHECK_INT(mkfifoat(dirfd, ".f.0.new", 0666), 0);
	CHECK_INT(replace_file(dirfd, "f", &with), 0);
	CHECK_INT(count(dirfd), 1);
	CHECK_INT(mkdirat(dirfd, ".f.0.new", 0700), 0);
	CHECK_INT(replace_file(dirfd, "f", &with), 0);
	check_text(dirfd, "f", "text");
	alarm(0);
	CHECK_INT(unlinkat(dirfd, ".f.0.new", AT_REMOVEDIR), 0);
	remove_folder(dirfd, (const char *const[]){ "f", NULL });
}

TEST(a_path_and_the_longest_name)
{
	const struct replacement with = { "1", 1, 0644, false };
	char path[PATH_MAX], name[NAME_MAX + 1];
	int dirfd = open_folder();

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	fmt(path, sizeof(path), "%s/%s", folder, name);
	CHECK_INT(replace_path(path, &with), 0);
	check_text(dirfd, name, "1");
	CHECK_INT(replace_path("/proc/none/pid", &with), -ENOENT);
	CHECK_INT(replace_path(folder, &with), -EISDIR);
	remove_folder(dirfd, (const char *const[]){ name, NULL });
}
