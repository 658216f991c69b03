/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * HOST's side of a seccomp listener (config-linux.md#seccomp, listenerPath): the connection to the
 * agent, and the one message over it. Neither waits for longer than a deadline.
 */
#ifndef DAVIT_SETUP_SECCOMP_SECCOMP_AGENT_H
#define DAVIT_SETUP_SECCOMP_SECCOMP_AGENT_H

#include "base/arena.h"
#include "base/err.h"
#include "oci-spec/state.h"

int seccomp_agent_connect(const char *path, int *ret_sockfd, struct err *e);

/* Sends @state with @listener as its one descriptor, "seccompFd"; @state's fds need not be set.
 * @path: for messages. */
int seccomp_agent_send(struct arena *a, const char *path, int sockfd, int listener,
		       const struct oci_process_state *state, struct err *e);

#endif
