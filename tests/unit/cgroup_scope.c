/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/resources/cgroup_scope, where systemd says that the unit is there: this program is the
 * helper, too, as a copy in a folder of its own, and writes down what it is asked for. The cgroups
 * are the kernel's.
 */
#include "setup/resources/cgroup_scope.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "config-davit.h"
#include "kernel/cgroupfs.h"
#include "sandbox.h"
#include "setup/resources/systemd_protocol.h"

static char folder[64], helper[96], asked[96];

static void name_files(const char *dir)
{
	snprintf(folder, sizeof(folder), "%.60s", dir);
	snprintf(helper, sizeof(helper), "%s/" SYSTEMD_HELPER, folder);
	snprintf(asked, sizeof(asked), "%s/asked", folder);
}

/* The second token of a request is the verb. */
static void be_helper(void)
{
	static char request[SYSTEMD_REQUEST_MAX];
	char exe[96] = "";
	size_t len = 0;
	ssize_t n;
	int fd;

	while ((n = read(STDIN_FILENO, request + len, sizeof(request) - 1 - len)) > 0)
		len += (size_t)n;
	if (memmem(request, len, "garbage", 7))
		_exit(write(STDOUT_FILENO, "what?", 6) == 6 ? 0 : 1);
	while (memmem(request, len, "silence", 7))
		pause();
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0 || !strrchr(exe, '/'))
		_exit(1);
	*strrchr(exe, '/') = '\0';
	name_files(exe);
	fd = open(asked, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	(void)dprintf(fd, "%s ", request + strlen(request) + 1);
	_exit(write(STDOUT_FILENO, "ok", 3) == 3 ? 0 : 1);
}

/* The C library's name: constructors that a link-time optimizer has merged get no arguments. */
__attribute__((constructor)) static void begin(void)
{
	if (strcmp(program_invocation_name, SYSTEMD_HELPER) == 0)
		be_helper();
}

static bool make_helper(void)
{
	char dir[] = "/tmp/davit-scope.XXXXXX";
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to;
	struct stat st;
	off_t at = 0;

	if (from < 0 || fstat(from, &st) < 0 || !mkdtemp(dir))
		return false;
	name_files(dir);
	to = open(helper, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	while (at < st.st_size && sendfile(to, from, &at, (size_t)(st.st_size - at)) > 0)
		;
	close(from);
	return close(to) == 0 && at == st.st_size;
}

static pid_t sleeper_in(int dirfd)
{
	char text[16];
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	snprintf(text, sizeof(text), "%d", (int)pid);
	CHECK_INT(cgroupfs_write(dirfd, "cgroup.procs", text), 0);
	return pid;
}

static int create_at(const char *unit, const char *root, const char *path, pid_t pid, struct err *e)
{
	const struct systemd_host host = { .helper_dir = folder };
	const struct oci_map none = { 0 };
	const struct cgroup_plan p = {
		.root = root,
		.path = path,
		.id = "box",
		.annotations = &none,
		.unit = { .name = unit, .slice = "davit-test.slice", .path = path, .host = &host },
	};
	struct cgroup_created made;
	int unitfd = -1;

	return cgroup_create_unit(&p, "box 1", pid, &made, &unitfd, e);
}

/* What the helper is asked for when the unit's cgroup is not where it is planned. */
static void create(const char *unit, const char *root, pid_t pid, char ret[static 64])
{
	struct err e = { 0 };
	ssize_t n;
	int fd;

	CHECK_INT(create_at(unit, root, "/davit-test.slice/other.scope", pid, &e), -EXDEV);
	fd = open(asked, O_RDONLY | O_CLOEXEC);
	n = read(fd, ret, 63);
	ret[n < 0 ? 0 : n] = '\0';
	close(fd);
	unlink(asked);
}

static void refuse(const char *name, int code, const char *text)
{
	const struct systemd_host host = { .helper_dir = folder,
					   .patience_ms = code == ETIMEDOUT ? 100 : 0 };
	const struct systemd_unit unit = { .name = name, .host = &host };
	struct err e = { 0 };

	CHECK_INT(systemd_unit_stop(&unit, &e), -code);
	CHECK_STR(e.msg, text);
	CHECK_STR(err_kind_word(e.kind), code == ETIMEDOUT ? "timeout" : "cgroup");
}

/* More than the helper takes: properties that are within their own bounds. */
static void refuse_much(void)
{
	enum {
		PROPERTIES = SYSTEMD_REQUEST_MAX / 4000 + 1
	};
	static char keys[PROPERTIES][48], text[4001];
	struct oci_pair pairs[PROPERTIES];
	const struct oci_map annotations = { pairs, PROPERTIES };
	const struct systemd_start start = { .id = "box", .annotations = &annotations };
	const struct systemd_host host = { .helper_dir = folder };
	const struct systemd_unit unit = { .name = "much.scope", .host = &host };
	struct err e = { 0 };

	memset(text, 'x', sizeof(text) - 1);
	text[0] = text[sizeof(text) - 2] = '\'';
	for (size_t i = 0; i < PROPERTIES; i++) {
		snprintf(keys[i], sizeof(keys[i]), "org.systemd.property.Text%c%c",
			 (char)('A' + i / 26), (char)('a' + i % 26));
		pairs[i] = (struct oci_pair){ keys[i], text };
	}
	CHECK_INT(systemd_unit_start(&unit, &start, getpid(), &e), -E2BIG);
	CHECK_STR(e.msg, "start the unit much.scope");
}

TEST(a_helper_that_does_not_answer_well_is_an_error)
{
	if (!DAVIT_HAS_SYSTEMD)
		SKIP("needs the systemd manager");
	CHECK(make_helper());
	refuse("garbage.scope", EBADMSG,
	       "stop the unit garbage.scope: the answer of " SYSTEMD_HELPER);
	refuse("silence.scope", ETIMEDOUT,
	       "stop the unit silence.scope by the helper " SYSTEMD_HELPER);
	refuse_much();
	CHECK_INT(unlink(helper), 0);
	CHECK_INT(rmdir(folder), 0);
}

TEST(without_the_systemd_manager_it_is_refused)
{
	const struct systemd_unit unit = { .name = "x.scope" };
	struct err e = { 0 };

	if (DAVIT_HAS_SYSTEMD)
		SKIP("has the systemd manager");
	CHECK_INT(systemd_unit_stop(&unit, &e), -EOPNOTSUPP);
	CHECK_STR(e.msg, "this davit has no support for the systemd cgroup manager");
}

/* rmdir(2) says EBUSY of what is a mount point. */
SANDBOX_TEST(what_cannot_be_removed_is_not_waited_for_for_ever, CLONE_NEWNS)
{
	struct cgroupfs_made made = { .dirfd = -1 };
	struct cgroup_ref ref = { .owner = "box 1" };
	const char *root = NULL;
	int rootfd = cgroupfs_open_root(&root);
	char path[64], place[256];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "/davit-test-busy-%d.scope", (int)getpid());
	if (rootfd < 0 || cgroupfs_make(rootfd, path, &made) < 0)
		return;
	ref.root = root;
	ref.path = path;
	ref.unit = (struct systemd_unit){ .name = path + 1, .path = path };
	CHECK_INT(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_INT(cgroupfs_set_owner(made.dirfd, "box 1"), 0);
	CHECK_INT(mkdirat(made.dirfd, "in", 0755), 0);
	snprintf(place, sizeof(place), "%s%s/in", root, path);
	CHECK_INT(mount("none", place, "tmpfs", 0, NULL), 0);
	CHECK_INT(cgroup_destroy_unit(&ref, 50, &e), -ETIMEDOUT);
	CHECK(strstr(e.msg, "still has processes after SIGKILL"));
	CHECK_INT(umount2(place, MNT_DETACH), 0);
	close(made.dirfd);
	CHECK_INT(cgroupfs_remove(rootfd, path, 30000), 0);
	close(rootfd);
}

TEST(a_unit_without_our_process_is_not_stopped)
{
	char own[64], path[80], words[64];
	struct cgroupfs_made made = { .dirfd = -1 };
	const char *root = NULL;
	int rootfd = cgroupfs_open_root(&root), status;
	pid_t pid;

	snprintf(own, sizeof(own), "davit-test-%d.scope", (int)getpid());
	snprintf(path, sizeof(path), "/%s", own);
	if (!DAVIT_HAS_SYSTEMD)
		SKIP("needs the systemd manager");
	if (rootfd < 0 || cgroupfs_make(rootfd, path, &made) < 0)
		SKIP("needs cgroups that can be made");
	CHECK(make_helper());
	pid = sleeper_in(made.dirfd);
	create("davit-test-another.scope", root, pid, words);
	CHECK_STR(words, SYSTEMD_START " ");
	create(own, root, pid, words);
	CHECK_STR(words, SYSTEMD_START " " SYSTEMD_STOP " ");
	kill(pid, SIGKILL);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	close(made.dirfd);
	CHECK_INT(cgroupfs_remove(rootfd, path, 30000), 0);
	close(rootfd);
	CHECK_INT(unlink(helper), 0);
	CHECK_INT(rmdir(folder), 0);
}

static void refuse_place(const char *root, const char *path, const char *text)
{
	struct err e = { 0 };

	CHECK_INT(create_at("davit-test-fit.scope", root, path, getpid(), &e), -EBUSY);
	CHECK(strstr(e.msg, text));
	CHECK_INT(access(asked, F_OK), -1);
}

/* systemd would put the first process into it, which would never come out of there. */
TEST(systemd_is_not_asked_for_a_unit_where_others_are_or_all_is_frozen)
{
	struct cgroupfs_made made = { .dirfd = -1 };
	const char *root = NULL;
	int rootfd = cgroupfs_open_root(&root), status;
	char path[64], below[96];
	pid_t pid;

	snprintf(path, sizeof(path), "/davit-test-fit-%d.scope", (int)getpid());
	snprintf(below, sizeof(below), "%s/in.slice/x.scope", path);
	if (!DAVIT_HAS_SYSTEMD)
		SKIP("needs the systemd manager");
	if (rootfd < 0 || cgroupfs_make(rootfd, path, &made) < 0)
		SKIP("needs cgroups that can be made");
	CHECK(make_helper());
	CHECK_INT(cgroupfs_freeze(made.dirfd, true, 30000), 0);
	refuse_place(root, path, "container's cgroup unexpectedly frozen: ");
	refuse_place(root, below, "container's cgroup unexpectedly frozen: ");
	CHECK_INT(cgroupfs_freeze(made.dirfd, false, 30000), 0);
	pid = sleeper_in(made.dirfd);
	refuse_place(root, path, "container's cgroup is not empty: ");
	kill(pid, SIGKILL);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	close(made.dirfd);
	CHECK_INT(cgroupfs_remove(rootfd, path, 30000), 0);
	close(rootfd);
	CHECK_INT(unlink(helper), 0);
	CHECK_INT(rmdir(folder), 0);
}
