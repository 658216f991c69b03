/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Unix sockets of others (whoever shows a terminal, keeps a pidfd, ...) and descriptors sent over
 * them. A peer that is dead or stuck costs at most the deadline: nothing here blocks without one.
 * No heap: INIT uses it too.
 */
#ifndef DAVIT_KERNEL_PEER_H
#define DAVIT_KERNEL_PEER_H

#include <sys/types.h>

#include "base/util.h"

enum {
	PEER_DEADLINE_SEC = 10,
	PEER_START_MSEC = 1000
};

/* Connects to a stream socket by its path on the host, of any length; the fd does not block. One
 * that is not there, or where nobody listens yet, has @start_msec (PEER_START_MSEC): callers start
 * the receiver and the runtime together. -ETIMEDOUT: it did not accept. */
int peer_connect(const char *path, int start_msec, int *ret_fd);

/* Sends @text (at least a byte) with the one descriptor @passed: as one message, unless it is
 * longer than a socket's buffer. -ETIMEDOUT: it was not taken. */
int peer_send_fd(int sockfd, const char *text, int passed);

/* Takes the first descriptor of a message that is there already; -ENODATA when there is none. */
int peer_receive_fd(int sockfd, int *ret_fd);

/* One message to who reads at once, with the descriptor @passed beside it; -1: without. */
int peer_send_message(int sockfd, const void *data, size_t len, int passed);
/* Whether receiving is tried again after @error, a few times: memory may be scarce for a moment,
 * and ECONNRESET, which is told once, comes before messages that were sent before the end. */
bool peer_may_receive_again(int error, unsigned *tries);
/* The length of one; 0: there will be none. @ret_fd: what came beside it, or -1. */
ssize_t peer_receive_message(int sockfd, void *data, size_t size, int *ret_fd);

#endif
