/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/namespaces: what cannot be joined. The rest is in tests/cli/spec-namespaces.bats.
 */
#include "setup/namespaces.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/sys.h"
#include "test.h"

TEST(a_container_without_namespaces_is_none)
{
	struct namespaces ns;
	struct err e = { 0 };
	int own = -1;

	CHECK_INT(namespaces_of_fds(NULL, 0, &ns, &e), -ENODATA);
	CHECK_STR(e.msg, "get the namespaces of the container");
	/* One that the caller is in already does not count. */
	e = (struct err){ 0 };
	CHECK_INT(namespace_open_own(CLONE_NEWUTS, &own), 0);
	CHECK_INT(namespaces_of_fds(&own, 1, &ns, &e), -ENODATA);
	close(own);
}

TEST(who_has_ended_has_no_namespaces)
{
	const struct namespaces ns = { .joined_count = 1,
				       .joined = { { .flag = CLONE_NEWUTS, .type = "uts" } } };
	struct err e = { 0 };
	pid_t pid = fork();
	int pidfd;

	if (pid == 0)
		_exit(0);
	pidfd = sys_pidfd_open(pid);
	CHECK(pidfd >= 0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	CHECK_INT(namespaces_join_process(&ns, pidfd, &e), -ESRCH);
	CHECK_STR(e.msg, "container not running");
	CHECK_STR(err_kind_word(e.kind), "container-status");
	close(pidfd);
}
