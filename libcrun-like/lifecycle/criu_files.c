/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What lies in criu's folders already. criu opens all names there without O_NOFOLLOW or O_EXCL,
 * with the caller's rights: a link that came with somebody's images would have its log written into
 * any file of the host's, and a FIFO would hold it up for ever. Whoever can write to a folder while
 * criu works is not kept away by this.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/entries.h"
#include "lifecycle/criu_request.h"

enum {
	ENTRIES_SIZE = 8192,
	PARENTS_MAX = 64
};

/* Written anew each time. What a dump has told is not a restore's to remove. */
static const char *const outputs[][2] = { { CRIU_RESTORE_LOG, "stats-restore" },
					  { CRIU_DUMP_LOG, "stats-dump" } };

static int clear_outputs(const struct criu_images *images, bool make, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(outputs[make]); i++)
		if (unlinkat(images->work_dirfd, outputs[make][i], 0) < 0 && errno != ENOENT)
			return err_set(e, errno, "remove the old %s/%s", images->work_path,
				       outputs[make][i]);
	return 0;
}

static bool is_image(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".img") == 0;
}

/* @make: it will be written, and what is there is none of ours unless it is a file of one name. */
static int look_at(const struct criu_images *images, int dirfd, const char *name, bool make,
		   struct err *e)
{
	struct stat st;

	if (!is_image(name))
		return 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "look at the image %.100s", name);
	if (S_ISREG(st.st_mode) && (!make || st.st_nlink == 1))
		return 0;
	if (!make) {
		err_set(e, EINVAL, "read the image %.100s: it is no file", name);
		return err_hint(e, "%.100s is of somebody else's making", images->path);
	}
	if (unlinkat(dirfd, name, 0) < 0)
		return err_set(e, errno, "remove the old image %.100s", name);
	return 0;
}

static int look_at_all(const struct criu_images *images, int dirfd, bool make, struct err *e)
{
	_Alignas(struct sys_dirent) char list[ENTRIES_SIZE];
	struct entries entries = { dirfd, list, sizeof(list) };
	const struct sys_dirent *entry;

	if (lseek(dirfd, 0, SEEK_SET) < 0)
		return err_set(e, errno, "read the folder %s", images->path);
	while ((entry = entries_next(&entries)))
		if (look_at(images, dirfd, entry->name, make, e) < 0)
			return -e->code;
	return entries.len < 0 ? err_set(e, -entries.len, "read the folder %s", images->path) : 0;
}

/* A dump that follows another has a link to the folder of that one, which criu goes through. */
static int look_at_parents(const struct criu_images *images, struct err *e)
{
	_cleanup_fd_ int dirfd = -1;
	int from = images->dirfd;

	for (int i = 0; i < PARENTS_MAX; i++) {
		int parent = openat(from, "parent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (parent < 0)
			return 0; /* none, or none that criu could open */
		close_fdp(&dirfd);
		dirfd = from = parent;
		if (look_at_all(images, parent, false, e) < 0)
			return -e->code;
	}
	return err_set(e, ELOOP, "follow the parents of the images in %s", images->path);
}

int criu_images_clear(const struct criu_images *images, bool make, struct err *e)
{
	if (clear_outputs(images, make, e) < 0 || look_at_all(images, images->dirfd, make, e) < 0)
		return -e->code;
	return make ? 0 : look_at_parents(images, e);
}
