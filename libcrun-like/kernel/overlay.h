/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options of an overlay that are more than the one page which mount(2) takes: each goes
 * through fsconfig(2) by itself, and lower layers one by one (lowerdir+ and datadir+, Linux 6.7).
 */
#ifndef DAVIT_KERNEL_OVERLAY_H
#define DAVIT_KERNEL_OVERLAY_H

#include "base/util.h"

/*
 * Gives the options @data, as mount(8) takes them, to the file system context @fs_fd. On an error
 * that the kernel itself may not explain @message says what it was about.
 */
int overlay_configure(int fs_fd, const char *data, char *message, size_t size);

#endif
