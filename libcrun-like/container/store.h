/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The state directories: ROOT/ID/ holds journal.json (written before the first side effect, never
 * changed), state.json (written when the container is created; its presence is the commit),
 * config.json (the container's own copy), start (the start socket), notify (a directory
 * that is bound into the container, for a socket) and, where the bundle's path is no UTF-8, bundle
 * (a link with that path). Everything goes by descriptors of the directory; files are replaced by
 * rename. "mnt" is setup/filesystem/root_place's.
 *
 * The lock is an flock(2) on the directory itself. create, start, delete and update take it; state,
 * list and kill never do, so that a hook may call them.
 */
#ifndef DAVIT_CONTAINER_STORE_H
#define DAVIT_CONTAINER_STORE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci-spec/state.h"

#define STORE_START_SOCKET  "start"
#define STORE_BUNDLE        "bundle"
#define STORE_NOTIFY_DIR    "notify"
#define STORE_NOTIFY_SOCKET STORE_NOTIFY_DIR "/notify.sock"

enum {
	STORE_ID_MAX = 255 /* a file's name; runc and crun have no other limit */
};

/* [A-Za-z0-9_+-][A-Za-z0-9_+.-]*, at most STORE_ID_MAX long. */
int store_check_id(const char *id, struct err *e);

/*
 * The root directory, an absolute path. @create makes it (0700) with its parents. Refused: a root
 * that others may write to without the sticky bit, that belongs to neither root nor the caller, or
 * that a link of such a one leads to. Absent without @create: -ENOENT, kind ERR_NOT_FOUND.
 */
int store_open_root(const char *root, bool create, int *ret_fd, struct err *e);

/* Makes the directory of a new container, locked. ERR_EXISTS when the id is taken. */
int store_claim(int rootfd, const char *id, int *ret_dirfd, struct err *e);

/* Opens a container's directory: "container does not exist" (ERR_NOT_FOUND) when there is none. */
int store_open(int rootfd, const char *id, int *ret_dirfd, struct err *e);

/* Locks it, waiting at most @msec; ERR_TIMEOUT. ERR_NOT_FOUND when it was deleted meanwhile. */
int store_lock(int dirfd, unsigned msec, struct err *e);
void store_unlock(int dirfd);
/* True when another process holds the lock now. */
bool store_is_locked(int dirfd);

/* Whole small files of the directory; names are fixed by the caller. */
int store_write_file(int dirfd, const char *name, const char *text, size_t len, struct err *e);
int store_read_file(struct arena *a, int dirfd, const char *name, char **ret, size_t *ret_len,
		    struct err *e);

int store_write_state(int dirfd, const char *name, const struct davit_state *s, struct err *e);
int store_read_state(struct arena *a, int dirfd, const char *name, struct davit_state **ret,
		     struct err *e);

/* Removes the directory and everything in it, as deep as it may be. Needs no free space. */
int store_remove(int rootfd, const char *id, int dirfd, struct err *e);

/* What a remove that was killed, or failed, has left of @id. */
int store_sweep(int rootfd, const char *id, struct err *e);

/*
 * Whose directory is it, when davit cannot read a state in it? NULL: davit's, damaged or not yet
 * complete. Else the runtime's name, or "another program".
 */
const char *store_foreign_owner(int dirfd);

/* A path that leads to @name of the directory through the caller's /proc: for AF_UNIX addresses. */
void store_socket_path(int dirfd, const char *name, char *buf, size_t size);

#endif
