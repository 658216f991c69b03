/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The program that called the library, where it is another process than HOST: libdavit starts a
 * davit for each call that makes processes (api/remote.c), so that the program is never cloned. The
 * two talk over a SEQPACKET socket pair.
 *
 * The processes that HOST makes for such a caller, but for its own helpers, are born as the
 * caller's children (CLONE_PARENT), so that it can wait for the container. HOST tells of each with
 * a pidfd, and asks the caller to reap those that are gone before the call has ended.
 */
#ifndef DAVIT_CONTAINER_CALLER_H
#define DAVIT_CONTAINER_CALLER_H

#include <sys/types.h>

#include "container/context.h"

enum caller_kind {
	CALLER_LOG = 1, /* to the caller: `level`, text */
	CALLER_BORN,    /* to the caller: its child `pid`, with a pidfd */
	CALLER_REAP,    /* to the caller: wait for that child ... */
	CALLER_REAPED,  /* ... the answer: `code`, `status` and `signal` as of process_wait() */
	CALLER_RESULT,  /* to the caller: the end. err, the text of a hook, `status`, `pid` */
};

struct caller_message {
	uint32_t kind, level;
	int32_t pid, code, status, signal;
	struct err err;
	char text[ERROR_TEXT_SIZE];
};

/* @passed: a descriptor to go along, or -1. */
int caller_send(int sock, const struct caller_message *m, int passed);
/* 1: a message; 0: end of file; -errno. *ret_fd: the descriptor that came along, or -1. */
int caller_receive(int sock, struct caller_message *m, int *ret_fd);

/* HOST. Both do what they do for a caller that is this process itself when @sock is -1. */
int caller_tell_born(int sock, pid_t pid, int pidfd);
/* As process_wait(); @pid is that of @pidfd. */
int caller_wait(int sock, pid_t pid, int pidfd, int *ret_status, int *ret_signal);

#endif
