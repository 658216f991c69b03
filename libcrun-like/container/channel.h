/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The messages between the processes of a set-up: over a SEQPACKET socket pair while they are
 * relatives, and over the start socket when `start` resumes a container. One message, one packet.
 * The start socket's version number is checked on RESUME, since the first process may be older than
 * the `start` that resumes it; row numbers never go over it.
 */
#ifndef DAVIT_CONTAINER_CHANNEL_H
#define DAVIT_CONTAINER_CHANNEL_H

#include <sys/types.h>

#include "base/err.h"

enum {
	CHANNEL_VERSION = 2,
	CHANNEL_FDS_MAX = 8
};

enum message_kind {
	MESSAGE_RUN = 1, /* to a child: do your rows from `row` on */
	MESSAGE_COMMIT,  /* to INIT: the same, but HOST waits for no answer: INIT may outlive it now
			  */
	MESSAGE_DONE,    /* from a child: all rows up to `row` are done */
	MESSAGE_ERR,     /* from a child: it failed, and is about to exit */
	MESSAGE_EXECING, /* from INIT: execve is next; end of file after it means success */
	MESSAGE_PID,     /* from MIDDLE: INIT's pid */
	MESSAGE_TRACE,   /* from a child: when `row` began, and how long it took */
	MESSAGE_RESUME,  /* on the start socket */
	MESSAGE_OUTPUT,  /* from a child, before ERR: a piece of what a hook printed, in err.msg */
	/* From INIT, with the descriptor of its seccomp filter's listener: the filter is in force,
	 * and nothing but execve follows. */
	MESSAGE_LISTENER,
	MESSAGE_NAMESPACES, /* on the start socket: asks for the namespaces; the answer has them */
	/* From INIT, with a detached mount: id-map it as the mount number `row` of the plan wants
	 * it. The answer is DONE or ERR. */
	MESSAGE_IDMAP,
};

struct message {
	uint32_t version;
	uint32_t kind;
	uint32_t row;
	int32_t pid;
	uint64_t from, nsec; /* with TRACE: when `row` began, and how long it took */
	struct err err;      /* sent with ERR and OUTPUT only */
};

enum {
	/* How much of it is sent with the others. */
	MESSAGE_SIZE = offsetof(struct message, err)
};

/* -EPIPE, -ECONNRESET: the peer is gone. */
int channel_send(int fd, const struct message *m);
/* 1: a message; 0: end of file; -errno. Blocks. */
int channel_receive(int fd, struct message *m);
/* The same with the descriptor that came along, or -1. */
int channel_receive_fd(int fd, struct message *m, int *ret_fd);

/* A connected pair, both ends close-on-exec. */
int channel_pair(int ret_fds[2]);

enum {
	CHANNEL_BATCH = 250 /* SCM_MAX_FD is 253 */
};

/*
 * Descriptors for a process that has others in their places already: each of @fds[@count] is to be
 * the one that the receiver has as @places[@count]. CHANNEL_BATCH at most.
 */
int channel_send_fds(int fd, const int *fds, const int *places, size_t count);
/* Each that was sent, until the sender has closed its end, takes its place. */
int channel_take_fds(int fd);

/* The start socket: bound and listening at @path; and a connection to it (ECONNREFUSED: nobody
 * listens any more). */
int channel_listen(const char *path, int *ret_fd);
int channel_connect(const char *path, int *ret_fd);
/* What is handed to whoever asks on the start socket. */
struct channel_gift {
	const int *fds; /* CHANNEL_FDS_MAX at most */
	size_t count;
};

/*
 * Serves one connection after another until a peer has sent RESUME with our version; its fd is the
 * new channel. A peer that asks for the namespaces gets @gift.
 */
int channel_await_resume(int listen_fd, const struct channel_gift *gift, int *ret_fd);
/* Asks for the namespaces over the start socket at @path: -ENODATA when there are none to have. */
int channel_ask_namespaces(const char *path, int ret_fds[static CHANNEL_FDS_MAX],
			   size_t *ret_count);

#endif
