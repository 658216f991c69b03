/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See console.h.
 */
#include "setup/process/console.h"

#include <sys/mount.h>

#include "base/fmt.h"
#include "kernel/mount.h"
#include "kernel/node.h"
#include "kernel/pty.h"
#include "kernel/rootpath.h"
#include "setup/receiver.h"

enum {
	SIZE_WAIT_MSEC = 20
};

void console_prepare(const struct oci_process *process, bool has_device, const char *socket,
		     struct console *ret)
{
	struct console console = { .has_device = has_device, .socket = socket };
	const struct oci_console_size *size;

	console.is_wanted = process && process->terminal && *process->terminal;
	if (console.is_wanted) {
		console.uid = process->user.uid;
		/* config.md: consoleSize is ignored when terminal is false. */
		size = process->console_size;
		console.rows = size ? (unsigned short)size->height : 0;
		console.columns = size ? (unsigned short)size->width : 0;
	}
	*ret = console;
}

static struct receiver receiver_of(const char *path)
{
	return (struct receiver){ "console socket", "connect to console socket", path };
}

int console_connect(const char *path, int *ret_sockfd, struct err *e)
{
	const struct receiver to = receiver_of(path);

	return receiver_connect(&to, ret_sockfd, e);
}

/* Exactly one descriptor and a name of at least a byte: what the engines' receivers check. */
static int send_master(const struct console *console, const struct pty *pty, int sockfd,
		       struct err *e)
{
	const struct receiver to =
		receiver_of(console->socket ? console->socket : "of this process");
	char name[32];

	fmt(name, sizeof(name), "/dev/pts/%u", pty->number);
	return receiver_send(&to, sockfd,
			     &(struct receiver_item){ "the terminal", name, pty->master }, e);
}

/* The tree is cloned from the open slave, so nothing that the container put at /dev/pts/N counts;
 * the place is made here and never reached through a link (CVE-2026-88264). */
static int bind_device(const struct pty *pty, int rootfd, struct err *e)
{
	char name[256];
	_cleanup_fd_ int dirfd = rootpath_parent(rootfd, "/dev/console", name);
	_cleanup_fd_ int target = -1, tree = -1;
	int r;

	if (dirfd < 0)
		return err_set(e, -dirfd, "make the directory of /dev/console");
	r = node_touch(dirfd, name, &target);
	if (r == -ELOOP)
		return err_set(
			e, ELOOP,
			"/dev/console exists in the container's root and is a symbolic link");
	if (r < 0)
		return err_set(e, -r, "make the place for /dev/console");
	tree = mount_clone(pty->slave, "", 0, MS_PRIVATE, 0);
	if (tree < 0)
		return err_set(e, -tree, "clone the terminal for /dev/console");
	r = node_bind(tree, dirfd, name, target);
	return r < 0 ? err_set(e, -r, "bind the terminal on /dev/console") : 0;
}

static int set_up(const struct console *console, const struct pty *pty, int rootfd, int sockfd,
		  struct err *e)
{
	int r = pty_chown(pty, console->uid);

	if (r < 0)
		return err_set(e, -r, "give the terminal to uid %u", console->uid);
	if (console_has_size(console)) {
		r = pty_set_size(pty, console->rows, console->columns);
		if (r < 0)
			return err_set(e, -r, "set the size of the terminal");
	}
	/* Shown by HOST on the caller's terminal, which adds the carriage returns itself; a file or
	 * pipe in its place is to have none. An engine chooses its own modes. */
	if (!console->socket) {
		r = pty_keep_newlines(pty);
		if (r < 0)
			return err_set(e, -r, "set the modes of the terminal");
	}
	if (console->has_device && bind_device(pty, rootfd, e) < 0)
		return -e->code;
	return send_master(console, pty, sockfd, e);
}

int console_apply(const struct console *console, int rootfd, int sockfd, int *ret_slave,
		  struct err *e)
{
	struct pty pty;
	int r = pty_open(rootfd, &pty);

	if (r == -ENOTTY)
		return err_set(e, ENOTTY, "/dev/pts/ptmx of the container is not that of a devpts");
	if (r < 0)
		return err_set(e, -r, "open a terminal through /dev/pts/ptmx of the container");
	if (set_up(console, &pty, rootfd, sockfd, e) == 0)
		*ret_slave = take_fd(&pty.slave);
	pty_close(&pty);
	return -e->code;
}

int console_become(int slave, struct err *e)
{
	int r = pty_become(slave);

	return r < 0 ? err_set(e, -r, "make the terminal the controlling one") : 0;
}

bool console_has_size(const struct console *console)
{
	return console->rows || console->columns;
}

void console_await_size(void)
{
	pty_await_size(STDIN_FILENO, SIZE_WAIT_MSEC);
}

void console_describe(const struct console *console, const struct describe *d)
{
	if (!console->is_wanted)
		return;
	describe(d, "terminal %ux%u for uid %u%s%s%s", console->rows, console->columns,
		 console->uid, console->has_device ? ", on /dev/console" : "",
		 console->socket ? ", sent to " : "", console->socket ? console->socket : "");
}
