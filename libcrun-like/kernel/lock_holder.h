/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who holds an flock(2)? /proc/locks numbers files by a device that is not always stat(2)'s (btrfs,
 * overlayfs) and by an inode number that other file systems have, too. So what it says is only whom
 * to look at: the descriptor that holds the lock, in that process, is the proof.
 */
#ifndef DAVIT_KERNEL_LOCK_HOLDER_H
#define DAVIT_KERNEL_LOCK_HOLDER_H

#include <sys/types.h>

#include "base/util.h"

/*
 * The process with the exclusive lock on the file of @fd, pinned by a pidfd that was opened before
 * anything was asked about it. -ESRCH: nobody, or nobody who may be looked at. HOST only:
 * allocates.
 */
int lock_find_holder(int fd, pid_t *ret_pid, int *ret_pidfd);

/* Whether that process still holds it. Asked again at the end, when all the rest is known. */
bool lock_is_held_by(int fd, pid_t pid, int pidfd);

#endif
