/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One criu at work for us: started in a mount namespace of its own, where what it mounts (sources
 * of bind mounts, its own scaffolding) is seen by nobody else and goes with it; talked to until it
 * asks for something or is done; ended.
 *
 * It is no child to be killed in a hurry: when this process dies, criu's next question has no
 * answer, it fails, and puts the container back (a dump) or ends what it has made (a restore).
 */
#ifndef DAVIT_LIFECYCLE_CRIU_SESSION_H
#define DAVIT_LIFECYCLE_CRIU_SESSION_H

#include "base/err.h"
#include "container/context.h"
#include "kernel/criu.h"
#include "kernel/process.h"

enum {
	CRIU_IMAGES_FD = CRIU_WORKER_FD + 1,
	CRIU_WORK_FD,
	CRIU_FIRST_FD,
	CRIU_OLDEST = 31500 /* freezes by cgroup v2, and reads a configuration file */
};

struct criu_session {
	const struct davit_context *ctx;
	int sock;
	int pidfd;
	pid_t pid;
	unsigned version;
	bool has_failed; /* criu has said so, or has ended */
	/* A signal that would end us, and is held back, kills criu: of a restore, whose processes
	 * can be undone at any moment. */
	bool ends_by_signals;
	bool is_interrupted;
	int status, signal; /* how it ended, once it has */
};

/* A detached mount and where it goes in criu's mount namespace. */
struct criu_attach {
	int fd;
	const char *path;
};

struct criu_start {
	int cgroup_fd;                      /* where it is born; -1: where we are */
	int stdio[3];                       /* -1: /dev/null */
	const char *image_path, *work_path; /* folders: CRIU_IMAGES_FD, CRIU_WORK_FD; may be NULL */
	int fds[CRIU_FDS_MAX - 2];          /* CRIU_FIRST_FD and so on, in criu */
	size_t fd_count;
	bool keeps_group;
	bool hides_images;   /* what it writes is for its user alone, whatever folder that is in */
	bool dies_with_us;   /* killed with the runtime: it has nothing to put back */
	const char *keyring; /* a new session keyring of that name; NULL: ours */
	const struct process_owner *keyring_owner; /* NULL: criu's user */
	const struct criu_attach *attach;
	size_t attach_count;
};

void criu_init(struct criu_session *s, const struct davit_context *ctx);
/* Starts it and asks for its version: an error that names the package when there is none, or one
 * that is too old. Nothing is done to any container by that. */
int criu_start(struct criu_session *s, const struct criu_start *how, struct err *e);
enum criu_needs {
	CRIU_MEM_TRACK = 1, /* the kernel tells which pages were written to */
	CRIU_LAZY_PAGES = 2
};
/* Only that, before anything is made; and whether it and the kernel can do what is needed. */
int criu_check(struct criu_session *s, unsigned needs, struct err *e);
/* Without a word: closes our end, and waits for criu to end. After a kill when @at_once. */
void criu_end(struct criu_session *s, bool at_once);

/* What else a notification asks for; may be NULL. */
typedef int criu_notified_fn(void *arg, const struct criu_reply *reply, struct err *e);

struct criu_wait {
	const char *until[2]; /* notifications, which then wait for criu_go_on(); NULL: the end */
	criu_notified_fn *notified;
	void *arg;
};
/*
 * Answers notifications up to that one: 1; or up to the reply to @request: 0. An error: criu has
 * said no, or is gone (s->has_failed), or @notified failed, after which criu was let fail.
 */
int criu_wait(struct criu_session *s, enum criu_verb request, const struct criu_wait *w,
	      struct criu_reply *ret, struct err *e);
int criu_go_on(struct criu_session *s, struct err *e);

#endif
