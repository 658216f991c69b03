/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See document.h.
 */
#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	STEP = 64 * 1024,
	SIZE_MAX_READ = 16 * 1024 * 1024 /* more than the library takes */
};

static int read_all(int fd, char **ret, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < SIZE_MAX_READ) {
		char *grown = realloc(text, len + STEP);

		if (!grown) {
			free(text);
			return ENOMEM;
		}
		text = grown;
		do
			n = read(fd, text + len, STEP);
		while (n < 0 && errno == EINTR);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0) {
		n = errno;
		free(text);
		return (int)n;
	}
	*ret = text;
	*ret_len = len;
	return 0;
}

int document_read(const char *name, char **ret, size_t *ret_len)
{
	int fd = strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	int r = fd < 0 ? errno : read_all(fd, ret, ret_len);

	if (fd > STDIN_FILENO)
		close(fd);
	return r;
}
