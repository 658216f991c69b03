/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who takes a descriptor from davit by a unix socket of the caller's: the console socket, the pidfd
 * socket, the agent of a seccomp filter. The socket itself is kernel/peer's matter, and neither
 * function waits for longer than its deadline.
 */
#ifndef DAVIT_SETUP_RECEIVER_H
#define DAVIT_SETUP_RECEIVER_H

#include "base/err.h"

struct receiver {
	const char *name;     /* "console socket" */
	const char *connects; /* "connect to console socket": what an error says that it was */
	const char *path;
};

/* The fd does not block. */
int receiver_connect(const struct receiver *to, int *ret_sockfd, struct err *e);

/* What is sent, and what an error calls it: "the terminal". */
struct receiver_item {
	const char *name;
	const char *text; /* of the message, at least a byte */
	int fd;
};

int receiver_send(const struct receiver *to, int sockfd, const struct receiver_item *item,
		  struct err *e);

#endif
