/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Why the kernel would not execute a file: execve gives one of three numbers for a dozen reasons.
 * Runs in INIT after the failure, as the program's user and inside the container's root, so that
 * every path is one of the container's.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/binfmt.h"
#include "setup/process/program.h"

enum {
	DEPTH_MAX = 4 /* an interpreter may be a script, as for the kernel */
};

/* execve gave EACCES for @path: a hint that says why, when the cause is found. */
static bool explain_denied(const struct binfmt *b, const char *path, struct err *e)
{
	if (S_ISDIR(b->mode))
		err_hint(e, "%s is a directory", path);
	else if (!S_ISREG(b->mode))
		err_hint(e, "%s is not a regular file", path);
	else if (b->is_noexec)
		err_hint(e, "%s is on a mount with the option noexec", path);
	else if (!(b->mode & 0111))
		err_hint(e, "%s has no x bit: its mode is %04o", path, (unsigned)b->mode & 07777);
	else if (access(path, X_OK) < 0 && errno == EACCES)
		err_hint(e, "user %u:%u may not execute %s: its mode is %04o, its owner %u:%u",
			 geteuid(), getegid(), path, (unsigned)b->mode & 07777, b->uid, b->gid);
	else if (b->kind == BINFMT_SCRIPT && !b->interpreter[0])
		err_hint(e, "the #! line of %s names no interpreter", path);
	else
		return false;
	return true;
}

/* The file is out of reach: a root file system that was unpacked with a umask of 077 is the usual
 * cause. */
static void explain_closed(const char *path, struct err *e)
{
	struct binfmt_folder dir;

	binfmt_find_closed(path, &dir);
	if (dir.name[0])
		err_hint(e, "user %u:%u may not search %s: its mode is %04o, its owner %u:%u",
			 geteuid(), getegid(), dir.name, (unsigned)dir.mode & 07777, dir.uid,
			 dir.gid);
}

static void explain_format(const struct binfmt *b, const char *path, struct err *e)
{
	const char *built_for = binfmt_machine_name(b->machine);
	struct utsname here = { 0 };

	if (b->kind == BINFMT_EMPTY)
		err_hint(e, "%s is empty", path);
	else if (b->kind == BINFMT_OTHER)
		err_hint(e, "%s is neither a program of this system nor a script with a #! line",
			 path);
	else if (b->kind == BINFMT_SCRIPT)
		err_hint(e, "the #! line of %s names no interpreter", path);
	else if (b->kind == BINFMT_ELF && built_for && uname(&here) == 0 &&
		 strcmp(built_for, here.machine) == 0)
		err_hint(e, "%s is a program of this machine that is cut off or damaged", path);
	else if (b->kind == BINFMT_ELF && built_for && here.machine[0])
		err_hint(e, "%s is built for %s, this machine is %s", path, built_for,
			 here.machine);
}

static void explain_interpreter(const struct binfmt *b, const char *path, struct err *e)
{
	const char *in = b->interpreter;

	if (b->kind == BINFMT_ELF)
		err_hint(e, "the loader of %s is not in the container: %s", path, in);
	else if (b->has_crlf)
		err_hint(
			e,
			"the #! line of %s ends with a carriage return (CRLF), which belongs to the "
			"interpreter's name: \"%s\\r\"",
			path, in);
	else
		err_hint(e, "the interpreter of %s (its #! line) is not in the container: %s", path,
			 in);
}

void program_explain(int code, const char *path, struct err *e)
{
	char name[sizeof(((struct binfmt *)0)->interpreter)];
	struct binfmt b, next;

	if (code == EACCES)
		explain_closed(path, e);
	for (int depth = 0; depth < DEPTH_MAX && binfmt_look(path, &b) == 0; depth++) {
		if (code == EACCES && explain_denied(&b, path, e))
			return;
		if (code == ENOEXEC && (b.kind != BINFMT_SCRIPT || !b.interpreter[0])) {
			explain_format(&b, path, e);
			return;
		}
		if (!b.interpreter[0])
			return;
		if (code == ENOENT &&
		    (b.has_crlf || binfmt_look(b.interpreter, &next) == -ENOENT)) {
			explain_interpreter(&b, path, e);
			return;
		}
		memcpy(name, b.interpreter, sizeof(name));
		path = name;
	}
}
