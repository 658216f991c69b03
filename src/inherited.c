/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See inherited.h.
 */
#include "inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The number N of "/dev/fd/N", "/proc/self/fd/N" and of what is below one; -1: another path, or one
 * of the descriptors before @first, which stay open anyway. */
static int named_by(const char *path, unsigned first)
{
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };
	size_t len, digits;
	uint64_t fd;

	for (size_t i = 0; path && i < sizeof(folders) / sizeof(folders[0]); i++) {
		len = strlen(folders[i]);
		if (strncmp(path, folders[i], len) != 0)
			continue;
		digits = strcspn(path + len, "/");
		if (!digits || cli_parse_number(path + len, digits, INT_MAX, &fd) < 0 || fd < first)
			return -1;
		return (int)fd;
	}
	return -1;
}

enum {
	NAMES = 7
};

/* Every option that names a file which is opened by us. Sockets cannot be opened so. */
static void find_names(const struct command_args *args, const char *ret[static NAMES])
{
	const char *const names[NAMES] = {
		args->create.bundle,
		args->create.config,
		args->create.pid_file,
		args->exec.process_file,
		args->exec.pid_file,
		args->trace,
		args->words.words[MOUNTS_WORD],
	};

	memcpy(ret, names, sizeof(names));
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Sorted; each once. */
static size_t find_named(const struct session *s, const struct command_args *args, unsigned first,
			 int ret[static NAMES + 1])
{
	const char *names[NAMES];
	size_t count = 0, different = 0;

	find_names(args, names);
	for (size_t i = 0; i < NAMES; i++) {
		ret[count] = named_by(names[i], first);
		count += ret[count] >= 0;
	}
	ret[count] = s->log.target == LOG_FILE ? named_by(s->log.path, first) : -1;
	count += ret[count] >= 0;
	qsort(ret, count, sizeof(*ret), compare);
	for (size_t i = 0; i < count; i++)
		if (!different || ret[different - 1] != ret[i])
			ret[different++] = ret[i];
	return different;
}

/* Ignored: execve closes them in any case. */
static void close_range_of(unsigned from, unsigned to)
{
	if (from <= to)
		(void)syscall(SYS_close_range, from, to, 0);
}

void inherited_close(const struct session *s, const struct command_args *args, unsigned first)
{
	int named[NAMES + 1];
	size_t count = find_named(s, args, first, named);

	for (size_t i = 0; i < count; i++) {
		close_range_of(first, (unsigned)named[i] - 1);
		first = (unsigned)named[i] + 1;
	}
	close_range_of(first, ~0U);
}

/* The folder keeps its name when the descriptor is gone. */
static void take_bundle(struct command_args *args, unsigned first)
{
	int fd = named_by(args->create.bundle, first);

	if (fd < 0)
		return;
	args->bundle_path = realpath(args->create.bundle, NULL);
	if (args->bundle_path) /* else the library says what is wrong with it */
		args->create.bundle = args->bundle_path;
	close(fd);
}

static int take_document(struct session *s, const char *path, unsigned first, char **ret,
			 size_t *ret_len)
{
	int fd = named_by(path, first);
	int r = fd < 0 ? 0 : davit_command_read_document(path, ret, ret_len, s->error);

	if (fd >= 0)
		close(fd);
	return r;
}

int inherited_take(struct session *s, struct command_args *args, unsigned first)
{
	int named[NAMES + 1];
	size_t count = find_named(s, args, first, named);

	if (!count)
		return 0;
	take_bundle(args, first);
	if (take_document(s, args->create.config, first, &args->config_text,
			  &args->create.config_len) < 0 ||
	    take_document(s, args->exec.process_file, first, &args->process_text,
			  &args->exec.process_len) < 0 ||
	    take_document(s, args->words.words[MOUNTS_WORD], first, &args->mounts_text,
			  &args->mounts_len) < 0)
		return -1;
	args->create.config_text = args->config_text;
	args->exec.process_text = args->process_text;
	for (size_t i = 0; i < count; i++)
		if (fcntl(named[i], F_SETFD, FD_CLOEXEC) == 0)
			s->private_fds[s->private_fd_count++] = named[i];
	return 0;
}

void inherited_free(struct command_args *args)
{
	free(args->bundle_path);
	free(args->config_text);
	free(args->process_text);
	free(args->mounts_text);
}
