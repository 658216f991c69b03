/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See hook_output.h.
 */
#include "setup/hook_output.h"

#include <fcntl.h>
#include <string.h>

#include "base/fmt.h"
#include "setup/annotations.h"

static const struct {
	const char *name;
	enum annotation file;
} streams[HOOK_STREAMS] = {
	{ "stdout", ANNOTATION_HOOKS_STDOUT },
	{ "stderr", ANNOTATION_HOOKS_STDERR },
};

void hook_tail_add(struct hook_tail *tail, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		tail->bytes[tail->total++ % HOOK_TAIL] = bytes[i];
}

/* Its text in one line, without the newlines at its end; returns its length. */
static size_t copy_tail(const struct hook_tail *tail, char ret[static HOOK_TAIL])
{
	size_t len = tail->total < HOOK_TAIL ? tail->total : HOOK_TAIL, n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = tail->bytes[(tail->total - len + i) % HOOK_TAIL];

		/* A character that was cut in the middle at the beginning. */
		if (n == 0 && len < tail->total && ((unsigned char)c & 0xc0) == 0x80)
			continue;
		ret[n++] = (unsigned char)c < ' ' || c == 127 ? ' ' : c;
	}
	while (n && ret[n - 1] == ' ')
		n--;
	return n;
}

void hook_output_describe(const struct hook_tail tails[HOOK_STREAMS],
			  char ret[static HOOK_OUTPUT_TEXT])
{
	size_t at = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < HOOK_STREAMS; i++) {
		/* cppcheck: it is copied to, and read as far as that */
		char text[HOOK_TAIL];
		size_t len = copy_tail(&tails[i], text);

		if (tails[i].is_elsewhere)
			continue;
		at += fmt(ret + at, HOOK_OUTPUT_TEXT - at, ", %s: %s%.*s", streams[i].name,
			  tails[i].total > HOOK_TAIL ? "..." : "", (int)len, text);
	}
}

bool hook_output_has_files(const struct oci_map *annotations)
{
	for (size_t i = 0; i < HOOK_STREAMS; i++)
		if (annotation_find(annotations, streams[i].file))
			return true;
	return false;
}

void hook_output_describe_files(const struct oci_map *annotations, const struct describe *d)
{
	for (size_t i = 0; i < HOOK_STREAMS; i++) {
		const char *path = annotation_find(annotations, streams[i].file);

		if (path)
			describe(d, "%s of hooks to %s", streams[i].name, path);
	}
}

/* Without waiting for a reader of a FIFO; the hook itself may block (it has its timeout). */
static int open_file(int bundle_fd, const char *path)
{
	_cleanup_fd_ int fd =
		openat(bundle_fd, path,
		       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);

	if (fd < 0 || fcntl(fd, F_SETFL, O_APPEND) < 0)
		return neg_errno();
	return take_fd(&fd);
}

int hook_output_open(const struct oci_map *annotations, int bundle_fd, int ret_fds[HOOK_STREAMS],
		     struct err *e)
{
	int fds[HOOK_STREAMS] = { -1, -1 };

	for (size_t i = 0; i < HOOK_STREAMS; i++) {
		const char *path = annotation_find(annotations, streams[i].file);

		if (!path)
			continue;
		fds[i] = open_file(bundle_fd, path);
		if (fds[i] < 0) {
			err_set(e, -fds[i], "open %s for the %s of hooks", path, streams[i].name);
			close_fdp(&fds[0]);
			return -e->code;
		}
	}
	memcpy(ret_fds, fds, sizeof(fds));
	return 0;
}
