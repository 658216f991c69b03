/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Identity of processes: a pid read from disk means something only together with its start time and
 * the boot id; a pidfd pins it (C13). Paths here are of the runtime's own /proc, never of a
 * container's.
 */
#ifndef DAVIT_KERNEL_PROCESS_H
#define DAVIT_KERNEL_PROCESS_H

#include <sys/types.h>

#include "base/util.h"

enum {
	BOOT_ID_SIZE = 40,
	COMM_SIZE = 16
};

struct process_info {
	uint64_t start_time; /* clock ticks after boot */
	pid_t parent;
	char comm[COMM_SIZE];
	bool is_dying; /* ended, ending, or about to be killed */
};

/* From /proc/PID/stat; works for zombies. -ENOENT or -ESRCH: gone. */
int process_stat(pid_t pid, struct process_info *ret);

/*
 * Whether it has ended, or nothing can stop its end any more. A thread that takes a SIGKILL has it
 * no longer pending before it is marked as dying, and others may have its processor meanwhile: one
 * look at is_dying misses that. For the process as a whole the signal stays pending.
 */
bool process_is_ending(pid_t pid);

/* Whether @pid is this process or one that it descends from. */
bool process_is_ancestor(pid_t pid);

/* Whether @pid executes the file that we do, or a sealed copy of it (seal.h). */
bool process_runs_our_program(pid_t pid);

/* Whether @word is one of the words of its command line. */
bool process_has_word(pid_t pid, const char *word);

/* The machine's boot id as text without a newline. */
int process_boot_id(char ret[static BOOT_ID_SIZE]);

/* A mask of the calling process by its name in /proc/self/status: "SigIgn", "CapBnd". */
int process_get_mask(const char *name, uint64_t *ret);

/* Every process of the pid namespace that @pid is in, as /proc numbers them; the callback stops the
 * walk by a value that is not 0, which is returned. */
typedef int process_pid_fn(void *arg, pid_t pid);
int process_each_of_pid_namespace(pid_t pid, process_pid_fn *each, void *arg);

/* An O_PATH fd of the root directory of a process; what its paths begin at. */
int process_open_root(pid_t pid, int *ret_fd);

/* True when the process of @pidfd has ended, a zombie too. */
bool process_has_ended(int pidfd);

/*
 * A pidfd of the process that is @pid and started at @start_time; -ESRCH when there is none, or
 * another one has the pid now. pid <= 0 is -EINVAL.
 */
int process_open(pid_t pid, uint64_t start_time, int *ret_pidfd);

/* Waits for a child of ours; status as exit code or 128 + signal. @ret_signal: 0 or the signal. */
int process_wait(int pidfd, int *ret_status, int *ret_signal);

/* Whether others may look into this process (ptrace, /proc/PID/mem, fd, ...); false ends with
 * execve. */
void process_set_dumpable(bool is_dumpable);
/* SIGKILL when the parent ends; cleared by a change of ids. */
void process_die_with_parent(bool wanted);
/*
 * SIGHUP, SIGINT, SIGQUIT and SIGTERM end this process, also where it is process 1 of its
 * namespace, which the kernel spares; what came meanwhile counts. False: they wait again, for whom
 * it becomes.
 */
void process_end_by_signals(bool wanted);
/* Whether it inherits the children of descendants that end. */
void process_set_subreaper(bool wanted);
/* Its name in /proc/PID/comm. */
void process_set_name(const char *name);
struct process_owner {
	uid_t uid;
	gid_t gid;
};

/* A new session keyring, so that the caller's is out of sight, and one that nobody else is in; its
 * name begins with @name. @owner: whose it is; NULL: the caller's. 0 also where there are no
 * keyrings, or a filter forbids them, which whoever is executed then inherits. */
int process_new_keyring(const char *name, const struct process_owner *owner);

#endif
