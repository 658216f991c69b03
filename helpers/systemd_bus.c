/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * davit-systemd: the way to a manager of systemd, by its bus or without one.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helpers/systemd.h"

static int open_address(const char *address, bool is_bus, sd_bus **ret)
{
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0 && is_bus)
		r = sd_bus_set_bus_client(bus, 1);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		sd_bus_unref(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

/* Where the bus is not there (yet, or any more) root speaks to the manager itself. */
int bus_open_system(sd_bus **ret)
{
	int r = open_address("unix:path=/run/dbus/system_bus_socket", true, ret);

	if ((r == -ENOENT || r == -ECONNREFUSED) && geteuid() == 0)
		r = open_address("unix:path=/run/systemd/private", false, ret);
	return r;
}

/* What has a meaning in an address is escaped. */
static int make_address(const char *dir, char *ret, size_t size)
{
	static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "-_/.";
	size_t len = (size_t)snprintf(ret, size, "unix:path=");

	for (; *dir && len + 8 < size; dir++)
		len += (size_t)snprintf(ret + len, size - len,
					strchr(plain, *dir) ? "%c" : "%%%02x",
					(unsigned)(unsigned char)*dir);
	return snprintf(ret + len, size - len, "/bus") < 8 && !*dir ? 0 : -ENAMETOOLONG;
}

int bus_open_user(sd_bus **ret)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char text[512];
	int r;

	/* The manager's own bus is below its directory; an address may be that of another one. */
	if (!dir || *dir != '/')
		return address && *address ? open_address(address, true, ret) : -ENOENT;
	r = make_address(dir, text, sizeof(text));
	if (r == 0)
		r = open_address(text, true, ret);
	if (r < 0 && address && *address)
		r = open_address(address, true, ret);
	return r;
}
