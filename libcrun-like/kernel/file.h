/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Texts that the kernel makes (/proc, cgroups, resctrl) and other small files, read whole.
 */
#ifndef DAVIT_KERNEL_FILE_H
#define DAVIT_KERNEL_FILE_H

#include <sys/types.h>

#include "base/util.h"

/* What is left in @fd, at most @size bytes of it, without a NUL; or -errno. */
ssize_t file_read_rest(int fd, char *buf, size_t size);

/* A file as a string without its last newline: its length, or -errno. -EFBIG: it does not fit. The
 * last component is no link. */
int file_read(int dirfd, const char *name, char *buf, size_t size);

/* A text to a file of /proc or of a cgroup, which the kernel takes in one write(2) or not at all.
 */
int file_write_once(int fd, const char *text);

/* As file_read(), of a file of /proc that one read(2) gives whole. */
int file_read_once(const char *path, char *buf, size_t size);

#endif
