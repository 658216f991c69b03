/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See time_offsets.h.
 */
#include "setup/time_offsets.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/fmt.h"
#include "kernel/procfs.h"

static size_t add_clock(char *text, size_t size, const char *clock, const struct oci_time_offset *o)
{
	if (!o)
		return 0;
	return fmt(text, size, "%s %lld %u\n", clock, o->secs ? (long long)*o->secs : 0LL,
		   o->nanosecs ? *o->nanosecs : 0U);
}

void time_offsets_prepare(const struct oci_linux *lin, struct time_offsets *ret)
{
	const struct oci_time_offsets *asked = lin ? lin->time_offsets : NULL;
	struct time_offsets t = { 0 };
	size_t at;

	if (asked) {
		at = add_clock(t.text, sizeof(t.text), "monotonic", asked->monotonic);
		add_clock(t.text + at, sizeof(t.text) - at, "boottime", asked->boottime);
	}
	*ret = t;
}

bool time_offsets_are_asked(const struct time_offsets *t)
{
	return t->text[0] != '\0';
}

int time_offsets_open(int *ret_fd, struct err *e)
{
	_cleanup_fd_ int procfd = -1;
	pid_t self = 0; /* analyzer: as in base/words.c */
	int fd, r = procfs_open_private(false, &procfd);

	if (r == 0)
		r = procfs_self_pid(procfd, &self);
	if (r < 0)
		return err_set(e, -r, "open a private procfs");
	fd = procfs_open_pid_file(procfd, self, "timens_offsets", O_WRONLY);
	if (fd < 0)
		err_set(e, -fd, "open timens_offsets");
	if (fd == -ENOENT)
		err_hint(e, "this kernel has no time namespaces");
	if (fd < 0)
		return -e->code;
	*ret_fd = fd;
	return 0;
}

int time_offsets_apply(const struct time_offsets *t, int fd, int with_flags, struct err *e)
{
	size_t len = strlen(t->text);
	ssize_t n;

	if (unshare(CLONE_NEWTIME | with_flags) < 0)
		return err_set(e, errno, "make the time namespace%s",
			       with_flags ? " and the user namespace" : "");
	/* All clocks in one write: the kernel takes them together or not at all. */
	n = write(fd, t->text, len);
	if (n == (ssize_t)len)
		return 0;
	err_set(e, n < 0 ? errno : EIO, "set the offsets of the time namespace");
	err_at(e, "/linux/timeOffsets");
	if (e->code == ERANGE)
		err_hint(e, "a clock may not begin below zero, nor end beyond 146 years");
	else if (e->code == EPERM || e->code == EACCES)
		err_hint(e, "offsets want CAP_SYS_TIME, or a new user namespace");
	return -e->code;
}

void time_offsets_describe(const struct time_offsets *t, const struct describe *d)
{
	const char *line = t->text;

	while (line && *line) {
		size_t len = strcspn(line, "\n");

		describe(d, "%.*s", (int)len, line);
		line += len + (line[len] ? 1 : 0);
	}
}
