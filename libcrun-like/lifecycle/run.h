/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The only mutable state of an operation: what the step table's rows share. HOST makes it; MIDDLE
 * and INIT inherit a copy by the clone. Descriptors that are not open are -1.
 */
#ifndef DAVIT_LIFECYCLE_RUN_H
#define DAVIT_LIFECYCLE_RUN_H

#include <limits.h>
#include <signal.h>

#include "base/clock.h"
#include "container/channel.h"
#include "container/context.h"
#include "kernel/process.h"
#include "lifecycle/foreground.h"
#include "lifecycle/plan.h"
#include "lifecycle/restore.h"
#include "lifecycle/step.h"
#include "setup/filesystem/root_place.h"

enum verb {
	VERB_CREATE,
	VERB_RUN,
	VERB_START,
	VERB_EXEC,
	VERB_RESTORE
};

enum {
	STEPS_MAX = 80
};

enum {
	RUN_RESERVE = 7 /* descriptors that undoing, or the end of `run`, may need at once */
};

struct container;

struct run {
	const struct davit_context *ctx;
	const struct plan *plan;
	struct plan *own_plan; /* this process's copy of it: for the rows that make it, and for what
				  it opens and closes of it */
	const struct step *steps;
	size_t step_count;
	enum verb verb;

	bool done[STEPS_MAX];      /* rows that are to be undone on failure */
	const struct step *failed; /* the row of HOST that did; NULL: none */
	const char *fault;

	/* HOST */
	int root_dirfd;  /* the state root */
	int state_dirfd; /* the container's state directory; carries the lock */
	int channel;     /* to INIT; in INIT and MIDDLE: to HOST */
	int child_end;   /* INIT's end, until the clone */
	int middle;      /* to MIDDLE */
	int middle_end;
	int cgroup_fd;
	int unit_fd; /* of the unit's own cgroup, where that is another one */
	uint64_t cgroup_inode;
	char cgroup_owner[300]; /* id and time of the create: nobody else's */
	char boot_id[BOOT_ID_SIZE];
	bool cgroup_was_there;
	struct cgroup_enabled cgroup_enabled;
	int sources_fd; /* where sources that are locked go to INIT, and its end */
	int sources_end;
	bool moves_init; /* INIT is not born in the cgroup: HOST moves it */
	int start_fd;    /* the start socket, listening */
	int pidfd, middle_pidfd;
	pid_t pid, middle_pid;
	int caller;          /* whose children they are (container/caller.h); -1: ours */
	pid_t untaken_pid;   /* INIT, as the helper named it, until there is a pidfd of it */
	int time_offsets_fd; /* MIDDLE: its timens_offsets */
	bool has_own_fds;    /* a child: the caller's private ones are closed */
	bool has_successor;  /* HOST has heard of the process that INIT cloned in its place */
	uint64_t start_time;
	char created[CLOCK_TEXT_SIZE]; /* RFC 3339, when the state was published */
	char owner[16];
	struct root_place place; /* of the root, without a mount namespace */
	sigset_t old_mask;       /* of the caller */
	int signal_fd;
	int reserve[RUN_RESERVE];     /* given back when the clean-up begins */
	int notify_fd;                /* the socket on which the program says that it is ready */
	int pidfd_sock;               /* the connection to whoever gets the pidfd */
	int hook_files[HOOK_STREAMS]; /* where hooks print to, when annotations name files */
	char *hook_output; /* HOOK_OUTPUT_TEXT bytes of the caller's: what a failing hook printed */
	struct foreground foreground;
	bool is_resuming;    /* VERB_START: the channel is the start socket's */
	int agent_fd;        /* connected to the seccomp agent */
	bool has_lost_agent; /* the filter is in force, and nobody listens */

	/* exec: INIT is the program's process in the container that is */
	const struct davit_exec_options *exec;
	const struct container *container;
	int target;               /* its first process, as a pidfd */
	struct affinity own_cpus; /* of HOST, while the program's are set */

	struct restore restore; /* VERB_RESTORE: INIT is criu's work */

	/* INIT */
	int rootfd;     /* the root of the container */
	int root_tree;  /* the same, opened by HOST (user namespaces, or no mount namespace) */
	int console_fd; /* the console socket */
	int pty;        /* the container's end of the terminal */
	int bundle_fd;  /* where hooks run */
	int own_ns[CHANNEL_FDS_MAX]; /* its namespaces, for whoever may not look at them in /proc */
	bool has_entered;            /* the program's working directory, with the rights of root */
	struct seccomp_filter seccomp; /* the plan's, with the way that its listener goes */
	char program[PATH_MAX];
};

/* All descriptors closed, nothing done. */
void run_init(struct run *run, const struct davit_context *ctx, struct plan *plan, enum verb verb);
void run_release(struct run *run);

/* What the clean-up needs is there before anything is to be cleaned up: a caller's limit on
 * descriptors may be reached at any row. */
int run_take_reserve(struct run *run, struct err *e);
void run_use_reserve(struct run *run);

/* While a set-up works, the driver takes the signals that ask to stop. */
void run_hold_signals(struct run *run);
void run_release_signals(struct run *run);

/* Who has a descriptor beside HOST. */
enum run_keeper {
	OF_MIDDLE = 1,
	OF_INIT = 2,     /* while it sets up */
	OF_ENTERING = 4, /* MIDDLE, when it has joined a container and is about to clone INIT */
	OF_INSIDE = 8,   /* INIT, where others of the container can look into it */
	OF_HOOKS = 16,   /* INIT, while hooks of it are to come */
};

/* In a child: what is not @who's goes, and @channel is its own. */
void run_become(struct run *run, unsigned who, int *channel);

/*
 * MIDDLE, INIT: from here on there is no descriptor but those of @who, the channel, and what the
 * program inherits: nothing that leads to the host. Whoever may ptrace in the container reads the
 * descriptors of every process in its pid namespace, dumpable or not.
 */
void run_leave_host(struct run *run, unsigned who);

/* The state document for hooks, with the status and the pid that fit the moment; and the bundle to
 * run them in. */
struct hook_input run_hook_input(struct run *run, const char *status, pid_t pid);

/* HOST: @pid, a child of ours that was cloned by another process, is INIT from now on. */
int run_adopt(struct run *run, pid_t pid, struct err *e);
/* HOST: INIT has cloned its successor in the joined pid namespace, and has ended. */
int run_take_successor(struct run *run, pid_t pid, struct err *e);

/* To the seccomp agent, whose connection ends with it. */
int run_pass_listener(struct run *run, int listener, struct err *e);

/* The container's cgroup, once it is made. */
struct cgroup_ref run_cgroup(const struct run *run);

#endif
