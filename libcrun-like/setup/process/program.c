/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See program.h. The wording of a program that is not there is runc's: engines turn it into the
 * exit statuses 126 and 127.
 */
#include "setup/process/program.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "kernel/execve.h"
#include "kernel/rootpath.h"

enum {
	PATH_SIZE = 4096,
	FIRST_FD = 3
};

void program_set_home(const struct program *p, int rootfd, uint32_t uid)
{
	if (p->home)
		credentials_resolve_home(rootfd, uid, p->home + 5, PROGRAM_HOME_SIZE - 5);
}

/* @path as seen from the root: relative names begin at the working directory. -ENAMETOOLONG. */
static int absolute_path(const struct program *p, const char *dir, size_t dir_len, const char *name,
			 char ret[static PATH_SIZE])
{
	bool is_absolute = dir_len ? dir[0] == '/' : name[0] == '/';
	size_t len = fmt(ret, PATH_SIZE, "%s%s%.*s%s%s", is_absolute ? "" : p->cwd,
			 is_absolute ? "" : "/", (int)dir_len, dir, dir_len ? "/" : "", name);

	return len < PATH_SIZE ? 0 : -ENAMETOOLONG;
}

/* 0 when @path is a file that some user may execute; -EISDIR, -EACCES, or why it cannot be opened.
 * Whether the program's own user may, only execve knows. */
static int check_file(int rootfd, const char *path)
{
	_cleanup_fd_ int fd = rootpath_open(rootfd, path, O_PATH);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return neg_errno();
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISREG(st.st_mode) && (st.st_mode & 0111) ? 0 : -EACCES;
}

static int find_named(const struct program *p, int rootfd, char *ret_path, size_t size,
		      struct err *e)
{
	const char *name = p->argv[0];
	char path[PATH_SIZE];
	int r = absolute_path(p, "", 0, name, path);

	if (r == 0)
		r = check_file(rootfd, path);
	if (r == -EACCES) {
		err_kind(e, ERR_EXEC, EACCES, "exec: \"%s\"", name);
		return err_hint(e, "it has no x bit, or is no regular file");
	}
	/* What execve says of it too, and what engines look for: Podman's exec makes 126 of it. */
	if (r == -EISDIR)
		return err_kind(e, ERR_EXEC, EACCES, "exec: \"%s\": is a directory", name);
	if (r < 0)
		return err_kind(e, ERR_EXEC, -r, "exec: \"%s\": stat %s", name, name);
	/* Not the joined path: a relative name is looked up again from the working directory. */
	if (fmt(ret_path, size, "%s", name) >= size)
		return err_kind(e, ERR_EXEC, ENAMETOOLONG, "exec: \"%s\"", name);
	return 0;
}

int program_find(const struct program *p, int rootfd, char *ret_path, size_t size, struct err *e)
{
	const char *name = p->argv[0];
	char path[PATH_SIZE];

	if (strchr(name, '/'))
		return find_named(p, rootfd, ret_path, size, e);
	for (const char *dir = p->search_path; dir && *name;) {
		size_t len = strcspn(dir, ":");

		/* An empty element is the working directory, as for execvp(3). */
		if (absolute_path(p, len ? dir : ".", len ? len : 1, name, path) == 0 &&
		    check_file(rootfd, path) == 0 && fmt(ret_path, size, "%s", path) < size)
			return 0;
		dir = dir[len] ? dir + len + 1 : NULL;
	}
	return err_kind(e, ERR_EXEC, ENOENT, "exec: \"%s\": executable file not found in $PATH",
			name);
}

int program_make_cwd(const struct program *p, int rootfd, struct err *e)
{
	int fd;

	if (strcmp(p->cwd, "/") == 0)
		return 0;
	fd = rootpath_open(rootfd, p->cwd, O_PATH | O_DIRECTORY);
	if (fd == -ENOENT)
		fd = rootpath_mkdirs(rootfd, p->cwd, 0755);
	if (fd < 0)
		return err_kind(e, ERR_EXEC, -fd, "make cwd: mkdir %s", p->cwd);
	close(fd);
	return 0;
}

void program_close_fds(const struct program *p, const int *keep, size_t count)
{
	execve_close_fds(FIRST_FD + p->preserve_fds, keep, count);
}

bool program_enter(const struct program *p)
{
	return execve_chdir(p->cwd) == 0;
}

int program_chdir(const struct program *p, bool has_entered, struct err *e)
{
	char cwd[PATH_SIZE];
	int r = execve_chdir(p->cwd);

	if (r < 0 && !(r == -EACCES && has_entered))
		return err_kind(e, ERR_EXEC, -r, "chdir to cwd (\"%s\") set in %s failed", p->cwd,
				p->cwd_giver ? p->cwd_giver : "config.json");
	r = execve_get_cwd(cwd, sizeof(cwd));
	/* CVE-2024-21626: through a descriptor of the host that leaked. ERANGE, too long for the
	 * buffer, is not it: the kernel puts "(unreachable)" before it counts. */
	if (r == 0 && cwd[0] == '/')
		return 0;
	return err_kind(e, ERR_EXEC, r < 0 ? -r : EPERM,
			r < 0 ? "get the working directory after chdir to %s"
			      : "cwd %s is outside of the container's root",
			p->cwd);
}

/* Engines match "exec PATH: no such file or directory"; the hint tells what that hides. */
static int fail(const struct program *p, int code, const char *path, struct err *e)
{
	err_kind(e, ERR_EXEC, code, "exec %s", path);
	if (!p->must_not_ask)
		program_explain(code, path, e);
	/* What is left are guesses: err_hint() keeps what is there. */
	if (code == ENOENT)
		err_hint(e, "the file's interpreter (its #! line) or loader is missing");
	else if (code == ENOEXEC)
		err_hint(e, "a program for another architecture, or a script without a #! line");
	else if (code == EACCES)
		err_hint(e, "the user may not execute it, or its mount is noexec");
	else if (code == E2BIG)
		err_hint(e, "one argument or variable has at most 128 KiB, all of them together a "
			    "quarter of the stack's limit and at most 6 MiB");
	return -code;
}

int program_exec(const struct program *p, const char *path, const struct credentials *credentials,
		 const struct seccomp_filter *filter, struct err *e)
{
	/* davit or an embedding program may ignore SIGPIPE by themselves. */
	int r = execve_reset_signals(p->ignored_signals | UINT64_C(1) << (SIGPIPE - 1));

	if (r < 0)
		return err_set(e, -r, "reset the signals");
	if (credentials_seal(credentials, filter, e) < 0)
		return -e->code;
	return fail(p, -execve_program(path, p->argv, p->envp), path, e);
}
