/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See ready.h. A directory is bound and not the socket, because start makes a new one: a socket
 * ends with the process that listens on it.
 */
#include "container/ready.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "container/store.h"
#include "kernel/notify.h"

int ready_prepare(struct arena *a, const struct davit_context *ctx, const char *id,
		  const struct oci_config **config, struct err *e)
{
	static const char *const options[] = { "bind", "nosuid", "noexec", "nodev", "ro" };
	const struct oci_config *given = *config;
	struct oci_mount *mounts = arena_array(a, given->mounts.count + 1, sizeof(*mounts));
	struct oci_config *copy = arena_new(a, struct oci_config);
	char *dir = arena_printf(a, "%s/%s/" STORE_NOTIFY_DIR, ctx->root, id);

	if (!mounts || !copy || !dir)
		return err_set(e, ENOMEM, "prepare the notify socket");
	*copy = *given;
	if (given->mounts.count)
		memcpy(mounts, given->mounts.items, given->mounts.count * sizeof(*mounts));
	mounts[given->mounts.count] =
		(struct oci_mount){ .destination = READY_MOUNT,
				    .source = dir,
				    .type = "bind",
				    .options = { (const char **)(uintptr_t)options,
						 ARRAY_SIZE(options) } };
	copy->mounts.items = mounts;
	copy->mounts.count = given->mounts.count + 1;
	*config = copy;
	return 0;
}

int ready_make_dir(int state_dirfd, struct err *e)
{
	/* For every user of the container, whatever our umask. */
	if (mkdirat(state_dirfd, STORE_NOTIFY_DIR, 0755) < 0 ||
	    fchmodat(state_dirfd, STORE_NOTIFY_DIR, 0755, 0) < 0)
		return err_set(e, errno, "make the directory of the notify socket");
	return 0;
}

bool ready_has_dir(int state_dirfd)
{
	return faccessat(state_dirfd, STORE_NOTIFY_DIR, F_OK, 0) == 0;
}

int ready_listen(int state_dirfd, int *ret_fd, struct err *e)
{
	char path[80];
	int r;

	/* Of a start that failed. */
	(void)unlinkat(state_dirfd, STORE_NOTIFY_SOCKET, 0);
	store_socket_path(state_dirfd, STORE_NOTIFY_SOCKET, path, sizeof(path));
	r = notify_bind(path, ret_fd);
	return r < 0 ? err_set(e, -r, "make the notify socket") : 0;
}

bool ready_take(const struct davit_context *ctx, int fd, pid_t pid, int *ret_barrier)
{
	int r;

	if (!notify_is_ready(fd))
		return false;
	r = notify_send(ctx->notify_socket, pid, ret_barrier);
	if (r < 0)
		context_log(ctx, DAVIT_LOG_WARNING, "tell %s that the program is ready: %s",
			    ctx->notify_socket, errno_words(-r));
	return true;
}

void ready_wait(const struct davit_context *ctx, int fd, pid_t pid, int pidfd, int signal_fd)
{
	_cleanup_fd_ int barrier = -1;

	for (;;) {
		struct pollfd p[] = { { .fd = fd, .events = POLLIN },
				      { .fd = pidfd, .events = POLLIN },
				      { .fd = signal_fd, .events = POLLIN } };

		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return;
		/* First: it may have said so and ended. */
		if (p[0].revents && ready_take(ctx, fd, pid, &barrier))
			break;
		if (p[1].revents || p[2].revents)
			return;
	}
	if (barrier >= 0)
		notify_await_barrier(barrier);
}
