/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What criu would refuse to dump, from what can be read of the processes from outside while they go
 * on: /proc, the tables of sockets, mounts and links. Each rule is one of criu's (4.2.1), and was
 * seen to be refused by it (tests/checkpoint/explain.bash). What only shows in a stopped process,
 * or in between, is not here: nothing said is no promise.
 */
#ifndef DAVIT_SETUP_CRIU_OBSTACLES_H
#define DAVIT_SETUP_CRIU_OBSTACLES_H

#include "base/arena.h"
#include "base/err.h"
#include "oci-spec/config.h"

/* What is asked for, and so no obstacle. */
struct obstacle_options {
	bool tcp_established, tcp_skip_in_flight, ext_unix_sk, shell_job, file_locks, link_remap;
	bool empty_network;
};

/* @text: one obstacle, a line, as it is: names in it are the container's. Not 0: no more of them.
 */
typedef int obstacle_fn(void *arg, const char *text);

struct obstacle_subject {
	const struct oci_config *config;
	pid_t init;        /* its first process */
	const pid_t *pids; /* all of them, as our /proc numbers them */
	size_t count;
};

int obstacles_find(struct arena *a, const struct obstacle_subject *subject,
		   const struct obstacle_options *options, obstacle_fn *each, void *arg,
		   struct err *e);

#endif
