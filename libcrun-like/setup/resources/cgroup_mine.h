/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose a cgroup is, by its mark, and how it is emptied: what the cgroups of both managers
 * (cgroup_life.c, cgroup_scope.c) need.
 */
#ifndef DAVIT_SETUP_RESOURCES_CGROUP_MINE_H
#define DAVIT_SETUP_RESOURCES_CGROUP_MINE_H

#include "setup/resources/cgroup.h"

#define CGROUP_MADE_WORD " made"

enum {
	CGROUP_MARK_SIZE = 512
};

/* The mark of @dirfd; false: it has none. */
bool cgroup_read_mark(int dirfd, char mark[static CGROUP_MARK_SIZE]);
/* @word: CGROUP_MADE_WORD, or another one. */
void cgroup_leave_mark(int dirfd, const char *owner, const char *word);
bool cgroup_is_meant(int dirfd, const struct cgroup_ref *ref);
/* Whether a container may be put into the cgroup @path: not where others are (@is_new: nobody can
 * be), nor where its processes would be frozen. */
int cgroup_check_fit(const char *root, const char *path, int dirfd, bool is_new, struct err *e);
/* Kills what is in it and waits; the rest of the deadline goes to *ms. */
int cgroup_empty(int dirfd, unsigned *ms);
/* Why it is still there: @r is what emptying or removing it has returned. */
int cgroup_refuse_end(const char *root, const char *path, int r, struct err *e);

#endif
