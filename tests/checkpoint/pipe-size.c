/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * To be preloaded into criu where there is no CAP_SYS_RESOURCE: its server of lazy pages asks for
 * a pipe that is larger than a host gives everyone, and fails without. It is asked for the usual
 * largest instead, which is enough for a page at a time. All other calls are as criu makes them.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	ASKED = 3354624,
	USUAL = 1048576
};

int fcntl64(int fd, int command, ...);

static long call(int fd, int command, long argument)
{
	if (command == F_SETPIPE_SZ && argument == ASKED)
		argument = USUAL;
	return syscall(SYS_fcntl, fd, command, argument);
}

int fcntl(int fd, int command, ...)
{
	va_list ap;
	long argument;

	va_start(ap, command);
	argument = va_arg(ap, long);
	va_end(ap);
	return (int)call(fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
	va_list ap;
	long argument;

	va_start(ap, command);
	argument = va_arg(ap, long);
	va_end(ap);
	return (int)call(fd, command, argument);
}
