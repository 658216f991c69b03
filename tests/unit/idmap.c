/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/idmap: what the maps of a user namespace say, the longest that there can be too.
 */
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/namespace.h"
#include "test.h"

/* Short numbers: the kernel takes less than a page, and writes three times as much. */
enum {
	FIRST = 1000,
	APART = 2
};

/* In a user namespace whose map has the most lines, of one id each. */
static int look_from_inside(int ns)
{
	const uint32_t last = (IDMAP_LINES_MAX - 1) * APART;

	if (namespace_join(ns, CLONE_NEWUSER) < 0)
		return 1;
	if (idmap_outside_uid(0) != FIRST || idmap_outside_uid(6) != FIRST + 6)
		return 2;
	if (idmap_outside_uid(last) != FIRST + last)
		return 3;
	if (idmap_outside_uid(7) != 7) /* not mapped */
		return 4;
	if (idmap_own_range("uid_map", last) != 1 || idmap_own_range("uid_map", last + 1) != 0)
		return 5;
	return 0;
}

TEST(the_longest_map_is_read_to_its_end)
{
	struct idmap_line lines[IDMAP_LINES_MAX];
	int ns, status = -1;
	pid_t pid;

	for (uint32_t i = 0; i < IDMAP_LINES_MAX; i++)
		lines[i] = (struct idmap_line){ i * APART, FIRST + i * APART, 1 };
	ns = idmap_open_namespace(lines, IDMAP_LINES_MAX, lines, IDMAP_LINES_MAX);
	if (ns == -EPERM) {
		test_skip_reason = "no user namespace may be made here";
		return;
	}
	CHECK(ns >= 0);
	pid = fork();
	if (pid == 0)
		_exit(look_from_inside(ns));
	waitpid(pid, &status, 0);
	CHECK_INT(WEXITSTATUS(status), 0);
	close(ns);
}
