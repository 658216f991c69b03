/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The protocol of sd_notify(3), both ends: the socket that a container's program tells "READY=1",
 * and the socket of the service manager that is told then. Nothing else of what the program says is
 * handed on: the manager would take it for ours.
 */
#ifndef DAVIT_KERNEL_NOTIFY_H
#define DAVIT_KERNEL_NOTIFY_H

#include <sys/types.h>

#include "base/util.h"

/* A datagram socket at @path (a short one) that everybody may write to. */
int notify_bind(const char *path, int *ret_fd);

/* Takes the messages that are there: whether one of them says READY=1. */
bool notify_is_ready(int fd);

/*
 * Tells @address (a path, or "@name") READY=1, MAINPID=@pid and BARRIER=1. *ret_barrier hangs up
 * when all of it has been taken in. Waits a bounded time for room in the manager's queue.
 */
int notify_send(const char *address, pid_t pid, int *ret_barrier);

/* At most 30 seconds, as systemd's own. */
void notify_await_barrier(int barrier);

#endif
