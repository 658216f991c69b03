/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The container's program: its arguments, environment and working directory, the search for its
 * file, and the execve. Prepared in HOST; the rest runs in INIT without a heap (program_find() in
 * either).
 */
#ifndef DAVIT_SETUP_PROCESS_PROGRAM_H
#define DAVIT_SETUP_PROCESS_PROGRAM_H

#include "base/arena.h"
#include "base/err.h"
#include "oci-spec/config.h"
#include "setup/process/credentials.h"

enum {
	PROGRAM_HOME_SIZE = 4096
};

struct program {
	char **argv, **envp;
	const char *search_path; /* PATH of the environment, or the default */
	const char *cwd;
	const char *cwd_giver;    /* NULL: config.json */
	char *home;               /* room for "HOME=..." in envp; NULL: config.json sets it */
	unsigned preserve_fds;    /* descriptors from 3 on that the program inherits */
	uint64_t ignored_signals; /* inherited by davit, not to be passed on */
	bool must_not_ask;        /* the filter kills: a failed execve is not looked into */
};

/*
 * @extra_env: strings that win over config.json's; NULL-terminated, may be NULL. Of entries with
 * one name the last wins, in its place. Reads which signals the caller ignores.
 */
int program_prepare(struct arena *a, const struct oci_process *process,
		    const char *const *extra_env, unsigned preserve_fds, struct program *ret,
		    struct err *e);

/* Fills the room for HOME, when config.json gives none, from the root's passwd. */
void program_set_home(const struct program *p, int rootfd, uint32_t uid);

/*
 * What args[0] names in the root @rootfd, for program_exec(): itself when it has a slash, else what
 * PATH finds. An error (ERR_EXEC) when it is plainly not there or not executable, in the words that
 * engines know.
 */
int program_find(const struct program *p, int rootfd, char *ret_path, size_t size, struct err *e);

/* Makes the working directory inside the root where it is missing; refuses magic links. Before the
 * pivot or with an fd of the root, and as its owner. */
int program_make_cwd(const struct program *p, int rootfd, struct err *e);

/* chdir before it, with the rights of the set-up: the user may not be able to reach cwd, and is
 * left there all the same. True when it worked. */
bool program_enter(const struct program *p);
/* chdir after the change of user, which program_enter() may have come before; what lies outside of
 * the root is refused (C9). */
int program_chdir(const struct program *p, bool has_entered, struct err *e);

/*
 * Closes whatever the program does not inherit, but for the @count descriptors of @keep: what is
 * still needed until the execve. Before a filter is loaded, which may forbid it.
 */
void program_close_fds(const struct program *p, const int *keep, size_t count);

/* Returns only on failure. credentials_seal() is the last thing before execve. */
int program_exec(const struct program *p, const char *path, const struct credentials *credentials,
		 const struct seccomp_filter *filter, struct err *e);

/* Adds to the error of a failed execve of @path what in the file, its interpreter or its loader was
 * the reason, if that is found out. */
void program_explain(int code, const char *path, struct err *e);

#endif
