/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between the files of davit-systemd: the request, its values as parts of a D-Bus message, and the
 * way to the manager.
 */
#ifndef DAVIT_HELPERS_SYSTEMD_H
#define DAVIT_HELPERS_SYSTEMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "setup/resources/systemd_protocol.h"

struct request {
	char text[SYSTEMD_REQUEST_MAX + 1];
	size_t len;
	const char *verb, *manager, *unit;
	const char *properties; /* the rest */
};

/* The token at *@at, which goes on to the next; NULL: there is none. */
const char *request_next(const struct request *r, const char **at);

/* The length of the first complete type of a signature; 0: there is none. */
size_t value_type_len(const char *sig);
/* Takes the tokens of one value of the type that @sig begins with. -EBADMSG: they are none. */
int value_append(sd_bus_message *m, const struct request *r, const char **at, const char *sig);
/* Steps over them. */
int value_skip(const struct request *r, const char **at);

int bus_open_system(sd_bus **ret);
int bus_open_user(sd_bus **ret);

#endif
