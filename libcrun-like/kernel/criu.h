/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * criu(8) as a service: `criu swrk FD` serves one request that comes over a SEQPACKET socket, and
 * asks back while it works (notifications). The messages are protocol buffers (criu's rpc.proto);
 * the numbers of their fields never change, so nothing of criu is needed to build this, and every
 * version since 3.15 understands it. What is asked for is the caller's: it writes the options.
 */
#ifndef DAVIT_KERNEL_CRIU_H
#define DAVIT_KERNEL_CRIU_H

#include <sys/types.h>

#include "base/protobuf.h"

enum criu_verb {
	CRIU_DUMP = 1,
	CRIU_RESTORE = 2,
	CRIU_PRE_DUMP = 4,
	CRIU_NOTIFY = 6,
	CRIU_FEATURE_CHECK = 9,
	CRIU_VERSION = 10
};

enum {
	CRIU_WORKER_FD = 3, /* the socket, in criu */
	CRIU_FDS_MAX = 12   /* descriptors behind it */
};

/* The program @name of @search ("DIR:DIR:..."; NULL: the usual folders). -ENOENT. */
int criu_find(const char *search, char *buf, size_t size);
extern const char criu_usual_folders[];

/* In a child that is to become criu. */
struct criu_child {
	const char *path;
	char *const *envp;
	int sock;              /* becomes CRIU_WORKER_FD */
	int stdio[3];          /* -1: /dev/null */
	int fds[CRIU_FDS_MAX]; /* become CRIU_WORKER_FD + 1 and so on */
	size_t fd_count;
	bool keeps_group; /* its process group, and so the caller's terminal */
	bool dies_with_us;
};
/* Takes the place of the calling process; it returns only when that fails, with -errno. */
int criu_become(const struct criu_child *c);

int criu_send(int sock, enum criu_verb type, const struct protobuf *opts, bool keep_open);
/* The answer to a notification: @success lets criu go on. */
int criu_send_answer(int sock, bool success);

struct criu_reply {
	unsigned type; /* what was asked for, or CRIU_NOTIFY */
	bool success;
	pid_t pid; /* with "setup-namespaces" and "post-restore", and of a restore's success */
	int code;  /* an errno of criu's, or 0 */
	unsigned version; /* 40201 for 4.2.1 */
	bool has_mem_track, has_lazy_pages;
	char script[32]; /* which notification */
	int fd;          /* that came along, or -1 */
};
/* 1: a reply; 0: criu has ended; -errno. Blocks. */
int criu_receive(int sock, struct criu_reply *ret);
/* For tests: what a reply says. */
int criu_decode_reply(const void *data, size_t len, struct criu_reply *ret);

#endif
