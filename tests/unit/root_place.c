/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The place of a root without a mount namespace, in a mount namespace of the test's own. What a
 * whole container makes of it is in tests/security/chroot.bats.
 */
#include "setup/filesystem/root_place.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "kernel/mount.h"
#include "test.h"

static char top[] = "/tmp/test-root-place-XXXXXX";

/* The state directory, and a detached tmpfs for a root. -1 without the rights. */
static int begin(struct root_place *place, int *ret_tree)
{
	const struct mount_fs fs = { .type = "tmpfs" };
	char message[MOUNT_MESSAGE_SIZE];
	struct err e = { 0 };
	int dir;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		return -1;
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
	strcpy(top, "/tmp/test-root-place-XXXXXX");
	CHECK(mkdtemp(top));
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(dir >= 0);
	CHECK_INT(root_place_prepare(dir, place, &e), 0);
	*ret_tree = mount_open_fs(&fs, -1, message);
	CHECK(*ret_tree >= 0);
	return dir;
}

static void end(int dir)
{
	CHECK_INT(unlinkat(dir, ROOT_PLACE_DIR "/root", AT_REMOVEDIR), 0);
	CHECK_INT(unlinkat(dir, ROOT_PLACE_DIR, AT_REMOVEDIR), 0);
	CHECK_INT(rmdir(top), 0);
	close(dir);
}

static int is_mounted(int dir, const char *name)
{
	_cleanup_fd_ int fd = openat(dir, name, O_PATH | O_CLOEXEC);

	return mount_is_root(fd);
}

TEST(what_is_attached_is_found_and_taken_off)
{
	struct root_place place, forgotten = { 0 };
	struct err e = { 0 };
	int tree, root = -1, dir = begin(&place, &tree);

	if (dir < 0)
		return;
	CHECK_INT(root_place_detach(dir, &place, &e), 0); /* there is nothing yet */
	CHECK_INT(root_place_attach(dir, &place, tree, &e), 0);
	CHECK(place.inode && place.mount_id && place.root_id && place.root_id != place.mount_id);
	CHECK_INT(is_mounted(dir, "mnt"), 1);
	CHECK_INT(is_mounted(dir, "mnt/root"), 1);
	CHECK_INT(root_place_open(dir, &place, &root, &e), 0);
	CHECK_INT(mount_is_same(root, tree), 1);
	close_fdp(&root);
	close_fdp(&tree);
	CHECK_INT(root_place_detach(dir, &forgotten, &e), 0);
	CHECK_INT(is_mounted(dir, "mnt"), 0);
	CHECK_INT(root_place_open(dir, &place, &root, &e), -ENOENT);
	end(dir);
}

TEST(what_covers_it_stays)
{
	struct root_place place, other;
	struct err e = { 0 };
	char path[64];
	int tree, root = -1, dir = begin(&place, &tree);

	if (dir < 0)
		return;
	CHECK_INT(root_place_attach(dir, &place, tree, &e), 0);
	close_fdp(&tree);
	snprintf(path, sizeof(path), "%s/mnt/root", top);
	CHECK_INT(mount("t", path, "tmpfs", 0, NULL), 0);
	CHECK_INT(root_place_open(dir, &place, &root, &e), -EBUSY);
	CHECK(strstr(e.msg, "mounted over the container's root"));
	e = (struct err){ 0 };
	snprintf(path, sizeof(path), "%s/mnt", top);
	CHECK_INT(mount("t", path, "tmpfs", 0, NULL), 0);
	CHECK_INT(root_place_open(dir, &place, &root, &e), -EBUSY);
	e = (struct err){ 0 };
	CHECK_INT(root_place_detach(dir, &place, &e), -EBUSY);
	CHECK_INT(is_mounted(dir, "mnt"), 1);
	CHECK_INT(umount2(path, 0), 0);
	e = (struct err){ 0 };
	/* The same directory, mounted by somebody else. */
	other = place;
	other.mount_id++;
	CHECK_INT(root_place_detach(dir, &other, &e), -EBUSY);
	e = (struct err){ 0 };
	CHECK_INT(root_place_detach(dir, &place, &e), 0);
	CHECK_INT(is_mounted(dir, "mnt"), 0);
	end(dir);
}
