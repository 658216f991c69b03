/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small things that every floor needs: cleanup attributes, ownership hand-over, array size.
 */
#ifndef DAVIT_BASE_UTIL_H
#define DAVIT_BASE_UTIL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a)           (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

static inline void close_fdp(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

static inline void free_charp(char **p)
{
	int saved = errno;

	free(*p);
	*p = NULL;
	errno = saved;
}

/* A variable that owns a descriptor is initialised to -1 on its line and handed over with
 * take_fd(). */
#define _cleanup_fd_   __attribute__((cleanup(close_fdp)))
#define _cleanup_free_ __attribute__((cleanup(free_charp)))

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* The negative errno of the system call that has just failed; never 0. */
static inline int neg_errno(void)
{
	return errno > 0 ? -errno : -EIO;
}

/* The caller's limits, or the machine's memory: such an errno says nothing of what was asked for.
 */
static inline bool is_shortage(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOMEM || code == ENOBUFS;
}

/* All of it, or -errno. */
static inline int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return neg_errno();
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

#endif
