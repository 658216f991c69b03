/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Readiness of a service in a container (sd_notify(3)). The service manager's socket is the
 * caller's and not the container's: the program gets one of davit's own, in a directory of the
 * state that is bound into the container; what it says there makes davit tell the manager. Who
 * stays with the program does it (run); where nobody stays (run --detach, start), the call returns
 * when the program is ready or has ended.
 */
#ifndef DAVIT_CONTAINER_READY_H
#define DAVIT_CONTAINER_READY_H

#include "base/arena.h"
#include "base/err.h"
#include "container/context.h"
#include "oci-spec/config.h"

#define READY_MOUNT "/run/notify"
#define READY_ENV   "NOTIFY_SOCKET=" READY_MOUNT "/notify.sock"

/* The configuration with the directory bound into the container. */
int ready_prepare(struct arena *a, const struct davit_context *ctx, const char *id,
		  const struct oci_config **config, struct err *e);

/* The directory; and the socket in it, which lives as long as its descriptor. */
int ready_make_dir(int state_dirfd, struct err *e);
bool ready_has_dir(int state_dirfd);
int ready_listen(int state_dirfd, int *ret_fd, struct err *e);

/* The socket has something: tells the manager when it is what we wait for. True: it was told, and
 * *ret_barrier is to be kept or waited for. A manager that cannot be told is a warning. */
bool ready_take(const struct davit_context *ctx, int fd, pid_t pid, int *ret_barrier);

/* Until then, until the program ends, or until a signal arrives on @signal_fd. */
void ready_wait(const struct davit_context *ctx, int fd, pid_t pid, int pidfd, int signal_fd);

#endif
