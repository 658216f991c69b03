/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `spec`: writes the library's default config.json into a bundle, never over an existing file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "text.h"

static int write_new_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	int r;

	if (fd < 0)
		return -errno;
	r = text_write_all(fd, text, strlen(text));
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, name, 0); /* half of a file is worse than none */
	return r;
}

static int write_config(const struct session *s, const char *bundle, const char *name,
			const char *text)
{
	int dir = open(bundle, O_DIRECTORY | O_PATH | O_CLOEXEC);
	int r;

	if (dir < 0)
		return session_fail_errno(s, errno, "open the bundle %s", bundle);
	r = write_new_file(dir, name, text);
	close(dir);
	if (r == -EEXIST)
		return session_fail(s, "%s exists already in %s; remove it first", name, bundle);
	if (r < 0)
		return session_fail_errno(s, -r, "write %s in %s", name, bundle);
	return EXIT_SUCCESS;
}

int spec_run(struct session *s, const struct command_args *args)
{
	const char *bundle = args->create.bundle ? args->create.bundle : ".";
	const char *name = args->create.config ? args->create.config : "config.json";
	char *text = NULL;
	int status;

	if (davit_spec(args->rootless, &text, s->error) < 0)
		return session_report(s);
	status = write_config(s, bundle, name, text);
	free(text);
	return status;
}
