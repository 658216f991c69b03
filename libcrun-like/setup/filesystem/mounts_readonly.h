/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Read-only mounts that something has still to be made in: a later mount point, a device, the
 * console, the working directory. They are made writable for that moment and read-only again.
 */
#ifndef DAVIT_SETUP_FILESYSTEM_MOUNTS_READONLY_H
#define DAVIT_SETUP_FILESYSTEM_MOUNTS_READONLY_H

#include "setup/filesystem/mounts.h"

typedef int (*mounts_work)(void *arg, struct err *e);

/*
 * INIT. Does @work, and once more with the read-only mounts writable when it ends with EROFS. Those
 * that show a folder of the host only when @place, what config.json asks to be made, is below them.
 */
int mounts_do_writable(struct mounts *m, int rootfd, const char *place, mounts_work work, void *arg,
		       struct err *e);

/*
 * INIT, for hooks that run before the container's root is entered: as with runc and crun they may
 * still write to a tmpfs that config.json makes read-only (a link in /dev). Until it is released.
 */
void mounts_hold_writable(struct mounts *m, int rootfd);
int mounts_release(struct mounts *m, struct err *e);

#endif
