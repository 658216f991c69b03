/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a container without a mount namespace has its root: in the runtime's own one, below the
 * state directory, which nobody else writes to. "mnt" is a bind of that very directory, private,
 * the one mount that the host's other namespaces may get a copy of; the clone of the root file
 * system is attached to "mnt/root" in it, and all else below that. So nothing propagates, the path
 * of the root file system stays free for others (a second container, somebody's mount), and taking
 * the one mount off takes off all that davit, and the container, mounted.
 *
 * Names are hostile by then only in so far as an administrator may mount over them: what is taken
 * off is what has the directory's inode and the recorded id, or nothing.
 */
#ifndef DAVIT_SETUP_FILESYSTEM_ROOT_PLACE_H
#define DAVIT_SETUP_FILESYSTEM_ROOT_PLACE_H

#include "base/err.h"

#define ROOT_PLACE_DIR "mnt"

struct root_place {
	uint64_t inode;    /* of the directory; 0: there is none, or nobody knows */
	uint64_t mount_id; /* of the mount on it; 0: not known */
	uint64_t root_id;  /* of the container's root in it; 0: not known */
};

/* HOST, before the journal is written: the directories, and place->inode. */
int root_place_prepare(int state_dirfd, struct root_place *place, struct err *e);
/* HOST: attaches the detached mount @tree, the container's root. On error nothing stays. */
int root_place_attach(int state_dirfd, struct root_place *place, int tree, struct err *e);
/* The container's root again, for exec. */
int root_place_open(int state_dirfd, const struct root_place *place, int *ret_fd, struct err *e);
/* Takes it off with all that is mounted in it. 0 as well when there is nothing. */
int root_place_detach(int state_dirfd, const struct root_place *place, struct err *e);

#endif
