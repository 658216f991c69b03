/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Other runtimes have their states in directories of the same form, and a state root may be given
 * to several of them. What they have made is theirs to remove: their containers may live. davit's
 * own directory, however damaged, has its journal, or nothing that davit does not make.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "container/store.h"
#include "setup/filesystem/root_place.h"

enum {
	HEAD_SIZE = 4096
};

/* Whether the file begins like that of a runtime: @text in its first bytes, or it is there. */
static bool has_text(int dirfd, const char *name, const char *text)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char head[HEAD_SIZE];
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	n = read(fd, head, sizeof(head));
	return n >= 0 && (!*text || memmem(head, (size_t)n, text, strlen(text)));
}

static bool is_there(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The temporaries of replace_file() begin with a dot. */
static bool is_name_of_ours(const char *name)
{
	static const char *const names[] = { "state.json",     "config.json", STORE_START_SOCKET,
					     STORE_NOTIFY_DIR, STORE_BUNDLE,  ROOT_PLACE_DIR };

	if (name[0] == '.')
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool has_only_names_of_ours(int dirfd)
{
	int again = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again >= 0 ? fdopendir(again) : NULL;
	const struct dirent *entry;
	bool is_so = true;

	if (!dir) {
		close_fdp(&again);
		return false;
	}
	while (is_so && (errno = 0, entry = readdir(dir)))
		is_so = is_name_of_ours(entry->d_name);
	is_so = is_so && errno == 0;
	closedir(dir);
	return is_so;
}

const char *store_foreign_owner(int dirfd)
{
	static const struct {
		const char *file, *text, *runtime;
	} marks[] = {
		{ "state.json", "\"init_process_pid\"", "runc" },
		{ "youki_config.json", "", "youki" },
		{ "status", "", "crun" },
	};

	if (is_there(dirfd, "journal.json"))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (has_text(dirfd, marks[i].file, marks[i].text))
			return marks[i].runtime;
	return has_only_names_of_ours(dirfd) ? NULL : "another program";
}
