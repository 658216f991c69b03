/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See file.h.
 */
#include "kernel/file.h"

#include <fcntl.h>
#include <string.h>

ssize_t file_read_rest(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return neg_errno();
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static int end_text(char *buf, size_t len)
{
	if (len > 0 && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return (int)len;
}

int file_read(int dirfd, const char *name, char *buf, size_t size)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t len = fd < 0 ? neg_errno() : file_read_rest(fd, buf, size);

	if (len < 0)
		return (int)len;
	return (size_t)len == size ? -EFBIG : end_text(buf, (size_t)len);
}

int file_read_once(const char *path, char *buf, size_t size)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, buf, size - 1);

	return len < 0 ? neg_errno() : end_text(buf, (size_t)len);
}

int file_write_once(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return neg_errno();
	return (size_t)n == len ? 0 : -EIO;
}
