/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libdavit: create, start, signal and delete OCI containers.
 *
 * Conventions. Option structs begin with `size`, set to sizeof the struct by the caller, so that
 * they can grow: of an older program's shorter struct the rest counts as zero, and a newer one's
 * longer struct is refused (-E2BIG) when it asks for what this library does not know. Strings and
 * arrays given are borrowed for the call. A call returns 0, or a negative errno with *err
 * describing what went wrong (err may be NULL). Nothing is printed and the process never exits.
 * Texts and structs that a call returns by a pointer to a pointer are for davit_free().
 *
 * Threads. Calls on different contexts are independent, and may be made at the same time. A context
 * and an error are for one thread at a time. Callbacks run in the calling thread, during the call;
 * one that returns other than 0 is not called again, and the call ends with success.
 *
 * What happens to the calling process. Calls that make processes (davit_create(), davit_run(),
 * davit_start(), davit_exec(), davit_delete(), davit_update(), davit_mounts_add() and
 * davit_mounts_remove()) start the davit command for the time of the call, by vfork and execve, as
 * posix_spawn(3) does, from a copy of its file that nobody can write; the calling process itself is
 * not cloned, however large it is and whatever its other threads do, and nothing of its memory gets
 * into a container. (davit_plan() and davit_validate() say when they fork.) Of its
 * descriptors davit and the container inherit the standard streams and those that options name, no
 * others, whether they are close-on-exec or not. davit, and through it the container, begins with
 * the caller's working directory, umask, resource limits, CPU affinity, scheduling, session and
 * ids. Nothing of that is changed in the calling process at any time, nor its signal handlers, its
 * signal mask (but for the microseconds of the vfork, in the calling thread) or its child subreaper
 * attribute. The call waits with the signals as they are; signals that the caller gets are its own.
 *
 * Children. davit is a child of the caller for the time of the call, and the call waits for it. The
 * process of a container that davit_create(), or davit_run() and davit_exec() with detach, have
 * made is a child of the calling process as well, and stays one when the call has returned: it is
 * to be waited for, by davit_wait() or by waitid(2) with the pidfd or the pid of struct
 * davit_process, or it becomes a zombie when it ends. SIGCHLD is sent for each of them. A program
 * that waits for any child (waitpid(-1)) may get to know of them earlier than the library, which
 * does not disturb it. When the calling process ends during a call, the call is undone as after
 * SIGTERM (davit_run(): the container's program gets the SIGTERM).
 */
#ifndef DAVIT_H
#define DAVIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DAVIT_API __attribute__((visibility("default")))

/* The version of this header; davit_version_number() is that of the library that runs. */
#define DAVIT_VERSION_MAJOR 0
#define DAVIT_VERSION_MINOR 1
#define DAVIT_VERSION_PATCH 0
#define DAVIT_VERSION_MAKE(major, minor, patch)                                                    \
	((unsigned)(major) << 16 | (unsigned)(minor) << 8 | (unsigned)(patch))
#define DAVIT_VERSION_NUMBER                                                                       \
	DAVIT_VERSION_MAKE(DAVIT_VERSION_MAJOR, DAVIT_VERSION_MINOR, DAVIT_VERSION_PATCH)

/**
 * davit_version() - the version of the library, as a text
 *
 * Return: "0.1.0"; static.
 * Since: 0.1.0
 */
DAVIT_API const char *davit_version(void);

/**
 * davit_version_number() - the version of the library, to compare
 *
 * A program that was built with a header of version 0.x runs with every later library of the same
 * minor version: DAVIT_VERSION_NUMBER must not be greater than this.
 *
 * Return: as DAVIT_VERSION_MAKE() makes it.
 * Since: 0.1.0
 */
DAVIT_API unsigned davit_version_number(void);

/**
 * davit_oci_version() - the version of the OCI runtime specification
 *
 * Return: "1.3.0"; static.
 * Since: 0.1.0
 */
DAVIT_API const char *davit_oci_version(void);

/**
 * davit_seccomp_version() - the version of libseccomp
 *
 * Return: "2.5.4", or "" in a library that was built without it; static.
 * Since: 0.1.0
 */
DAVIT_API const char *davit_seccomp_version(void);

/**
 * davit_build_features() - what was built
 *
 * Return: one word each, "SECCOMP", "SELINUX", ...; NULL-terminated, static.
 * Since: 0.1.0
 */
DAVIT_API const char *const *davit_build_features(void);

/**
 * davit_free() - release what a call of the library has returned
 * @memory: a text or a struct; may be NULL
 *
 * Since: 0.1.0
 */
DAVIT_API void davit_free(void *memory);

/* An error: opaque. */
struct davit_error;

/**
 * davit_error_new() - make an error object
 *
 * It may be used for any number of calls, one after the other: each sets it anew.
 *
 * Return: for davit_error_free(); NULL: no memory. Every call takes NULL for an error too.
 * Since: 0.1.0
 */
DAVIT_API struct davit_error *davit_error_new(void);

/**
 * davit_error_free() - release an error object
 * @err: may be NULL
 *
 * Since: 0.1.0
 */
DAVIT_API void davit_error_free(struct davit_error *err);

/**
 * davit_error_code() - the errno of the last call with this error
 * @err: may be NULL
 *
 * Return: a positive errno, 0 when the call succeeded or @err is NULL.
 * Since: 0.1.0
 */
DAVIT_API int davit_error_code(const struct davit_error *err);

/**
 * davit_error_message() - what went wrong, in one line
 * @err: may be NULL
 *
 * Operation and object, the place in config.json, the cause in lower case and a hint, without a
 * newline and without the name of a program.
 *
 * Return: valid until the next call with @err; "" when the call succeeded or @err is NULL.
 * Since: 0.1.0
 */
DAVIT_API const char *davit_error_message(const struct davit_error *err);

/**
 * davit_error_kind() - the stable machine word of the kind of error
 * @err: may be NULL
 *
 * The words are listed in davit(8): "config", "container-not-found", ...
 *
 * Return: static; never NULL.
 * Since: 0.1.0
 */
DAVIT_API const char *davit_error_kind(const struct davit_error *err);

/**
 * davit_error_pointer() - the JSON pointer of the field at fault
 * @err: may be NULL
 *
 * Return: valid until the next call with @err; "" when there is none.
 * Since: 0.1.0
 */
DAVIT_API const char *davit_error_pointer(const struct davit_error *err);

/**
 * davit_error_step() - the step of the life cycle that failed
 * @err: may be NULL
 *
 * Return: a name as davit_plan() tells it, valid until the next call with @err; "" for none.
 * Since: 0.1.0
 */
DAVIT_API const char *davit_error_step(const struct davit_error *err);

/**
 * davit_error_hint() - what would help
 * @err: may be NULL
 *
 * Return: the part of the message that is advice, valid until the next call with @err; "" for none.
 * Since: 0.1.0
 */
DAVIT_API const char *davit_error_hint(const struct davit_error *err);

enum davit_log_level {
	DAVIT_LOG_ERROR,
	DAVIT_LOG_WARNING,
	DAVIT_LOG_INFO,
	DAVIT_LOG_DEBUG
};
/* Called for warnings and debug messages; never for the error that a call returns. */
typedef void davit_log_fn(void *arg, enum davit_log_level level, const char *message);

/* Where state lives and how the host is used: opaque. */
struct davit_context;
struct davit_context_options {
	size_t size;
	const char *root; /* state root; NULL: /run/davit, or $XDG_RUNTIME_DIR/davit for an ordinary
			     user */
	const char *runtime_dir; /* what XDG_RUNTIME_DIR says; for the state when root is NULL, and
				    for compiled filters; may be NULL or "" */
	const char *cgroup_manager; /* NULL or "cgroupfs"; "systemd"; "disabled" */
	davit_log_fn *log;          /* may be NULL */
	void *log_arg;
	enum davit_log_level log_level;
	/* What NOTIFY_SOCKET says (sd_notify(3)): who is told when the program is ready. The
	 * program gets a socket of its own for that. run in the foreground tells; run with detach,
	 * and start, return when the program is ready or has ended. NULL, "": nobody. */
	const char *notify_socket;
	/* Socket of the seccomp agent for profiles that notify and name none; absolute; may be NULL
	 * or "". What RUN_OCI_SECCOMP_RECEIVER says. */
	const char *seccomp_receiver;
	/* Of davit, and of hooks that config.json gives no env; NULL-terminated, not copied: it has
	 * to stay as long as the context. NULL: an empty one. */
	char **environment;
	/* The davit command of the same version as the library; NULL: where it was installed. */
	const char *program;
};

/**
 * davit_context_new() - say where state lives and how the host is used
 * @options: what is NULL or 0 is as usual
 * @ret: the context, for davit_context_free()
 * @err: may be NULL
 *
 * Touches nothing on the host.
 *
 * Return: 0; -EINVAL for a value that cannot be, -EOPNOTSUPP for one that is not built, -ENOMEM.
 * Since: 0.1.0
 */
DAVIT_API int davit_context_new(const struct davit_context_options *options,
				struct davit_context **ret, struct davit_error *err);

/**
 * davit_context_free() - release a context
 * @ctx: may be NULL
 *
 * Containers are none of its business: they stay.
 *
 * Since: 0.1.0
 */
DAVIT_API void davit_context_free(struct davit_context *ctx);

/**
 * davit_context_root() - the state root
 * @ctx: may be NULL
 *
 * Return: an absolute path, as long as @ctx; "" for NULL.
 * Since: 0.1.0
 */
DAVIT_API const char *davit_context_root(const struct davit_context *ctx);

/* The first process of a container, or the process of an exec: a child of the caller. */
struct davit_process {
	size_t size; /* set by the caller, as in options */
	pid_t pid;
	int pidfd; /* the caller's to close; close-on-exec; -1: none */
};

struct davit_create_options {
	size_t size;
	const char *id;
	const char *bundle;         /* NULL: the current directory */
	const char *config;         /* NULL: config.json of the bundle */
	const char *pid_file;       /* NULL: none */
	const char *console_socket; /* NULL: none */
	const char *pidfd_socket;   /* NULL: none; gets a pidfd of the container's process */
	/* Sockets from 3 on that the caller was given by socket activation (sd_listen_fds(3)), and
	 * descriptors behind them that the program gets as well. The program finds LISTEN_FDS, and
	 * LISTEN_PID=1 whatever the caller's said. */
	unsigned listen_fds;
	const char *listen_fd_names; /* LISTEN_FDNAMES; may be NULL */
	unsigned preserve_fds;
	bool no_pivot, no_new_keyring;
	bool detach; /* run only: return when the program is executing */
	bool keep;   /* run only: do not delete when it has ended */
	/* run only, without detach: else orphans of the container are reaped while it runs
	 * (PR_SET_CHILD_SUBREAPER of the davit that runs it). */
	bool no_subreaper;
	/* What @config names, when the caller has read it already; @config is its name in messages
	 * then. NULL: it is read here. */
	const char *config_text;
	size_t config_len;
	/* Three descriptors that become the program's standard streams; -1: /dev/null. NULL: the
	 * caller's own 0, 1 and 2. With a terminal they are not the program's. */
	const int *streams;
	/* A connected unix socket that receives the terminal, in place of console_socket; 0: none.
	 */
	int console_fd;
	/* Filled in when the call has succeeded; NULL: the caller waits for the child by other
	 * means. Not for run without detach, which waits itself. */
	struct davit_process *process;
};

/**
 * davit_create() - make a container that waits for davit_start()
 * @ctx: the context
 * @options: id is needed; detach, keep and no_subreaper are of davit_run()
 * @err: may be NULL
 *
 * Everything of config.json is applied but the program itself. The container's process becomes a
 * child of the calling process: wait for it with davit_wait(), or with @options->process.
 *
 * Return: 0; a negative errno, when nothing is left of the container. -EEXIST: the id is taken.
 * Since: 0.1.0
 */
DAVIT_API int davit_create(struct davit_context *ctx, const struct davit_create_options *options,
			   struct davit_error *err);

/**
 * davit_start() - execute the program of a container that was created
 * @ctx: the context
 * @id: the container
 * @err: may be NULL
 *
 * Whose child the container's process is does not change. Returns when the program is executing,
 * and the poststart hooks have run.
 *
 * Return: 0; a negative errno, also when the program cannot be executed: the container is stopped
 * then, and destroyed when a hook has failed.
 * Since: 0.1.0
 */
DAVIT_API int davit_start(struct davit_context *ctx, const char *id, struct davit_error *err);

/**
 * davit_run() - create, start, wait for and delete a container
 * @ctx: the context
 * @options: id is needed
 * @ret_status: the program's exit status, 128+N for signal N; 0 with detach; may be NULL
 * @err: may be NULL
 *
 * Without detach the container's process is a child of the davit that runs it, which passes signals
 * of the terminal on; with detach it is the caller's, as after davit_create(), and nothing is
 * deleted.
 *
 * Return: 0 whatever the program's status; a negative errno when it could not be run.
 * Since: 0.1.0
 */
DAVIT_API int davit_run(struct davit_context *ctx, const struct davit_create_options *options,
			int *ret_status, struct davit_error *err);

/**
 * davit_wait() - wait for the end of a container's first process
 * @ctx: the context
 * @id: the container, which stays until it is deleted
 * @ret_status: its exit status, 128+N for signal N; may be NULL
 * @err: may be NULL
 *
 * For the process that created the container, whose child it is; it is reaped by the call. Any
 * thread may call it, but of several waits for one container one alone gets the status.
 *
 * Return: 0; -ECHILD: the process has ended, but its status is not known, because it is no child of
 * the caller, or somebody else has waited for it; another negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_wait(struct davit_context *ctx, const char *id, int *ret_status,
			 struct davit_error *err);

/*
 * One more program in a container that is created or running. Members that are NULL, 0 or false
 * leave what they name as it is. Without a process file it is the container's own process object
 * that they change.
 */
struct davit_exec_options {
	size_t size;
	const char *id;
	const char *process_file; /* a process object (config.md#process) to begin with */
	const char *const *args;  /* the program and its arguments, NULL-terminated */
	const char *const *env;   /* NAME=VALUE, added; NULL-terminated */
	const char *cwd;
	const uint32_t *uid, *gid;
	const uint32_t *additional_gids; /* added */
	size_t additional_gid_count;
	const char *const *caps; /* "CAP_X", added to bounding, permitted and effective;
				    NULL-terminated */
	const char *process_label, *apparmor;
	bool no_new_privs;
	bool tty;                   /* a terminal; without a process file there is none else */
	const char *console_socket; /* who takes the terminal */
	const char *pidfd_socket;   /* who gets a pidfd of the program's process */
	const char *pid_file;
	/* As for davit_create(). The program finds its own pid in LISTEN_PID. */
	unsigned listen_fds;
	const char *listen_fd_names;
	unsigned preserve_fds;
	const char *const *cgroups; /* at most one: a cgroup below the container's, instead of it;
				       NULL-terminated */
	bool detach;                /* return when the program is executing */
	bool ignore_paused;         /* wait for the container to be resumed */
	/* What @process_file names, as in davit_create_options. */
	const char *process_text;
	size_t process_len;
	/* As in davit_create_options; the process with detach alone. */
	const int *streams;
	int console_fd;
	struct davit_process *process;
};

/**
 * davit_exec() - execute one more program in a container
 * @ctx: the context
 * @options: id, and args or a process file, are needed
 * @ret_status: the program's exit status, 128+N for signal N; 0 with detach; may be NULL
 * @err: may be NULL
 *
 * With detach the program's process is a child of the calling process, and @options->process the
 * way to wait for it; until that is done, the container's first process cannot end, if it is
 * process 1 of a pid namespace (pid_namespaces(7)). Else the call waits.
 *
 * Return: 0 whatever the program's status; a negative errno when it could not be executed.
 * Since: 0.1.0
 */
DAVIT_API int davit_exec(struct davit_context *ctx, const struct davit_exec_options *options,
			 int *ret_status, struct davit_error *err);

/**
 * davit_kill() - send a signal to a container
 * @ctx: the context
 * @id: the container
 * @signal: its number; 0 only asks whether one could be sent
 * @all: to every process of the container, not to the first one alone
 * @err: may be NULL
 *
 * Return: 0; -ESRCH: the container is not running (with @all that is no error).
 * Since: 0.1.0
 */
DAVIT_API int davit_kill(struct davit_context *ctx, const char *id, int signal, bool all,
			 struct davit_error *err);

/**
 * davit_delete() - remove a container
 * @ctx: the context
 * @id: the container
 * @force: whatever its status is, what runs is killed; a container that is not there is no error
 * @err: may be NULL
 *
 * A first process that is the caller's child is not waited for here: whoever has created it does
 * so, before (davit_wait()) or after (struct davit_process).
 *
 * Return: 0; -EBUSY: it is running; a negative errno when something could not be removed: then it
 * can be called again.
 * Since: 0.1.0
 */
DAVIT_API int davit_delete(struct davit_context *ctx, const char *id, bool force,
			   struct davit_error *err);

/**
 * davit_pause() - stop every process of a container
 * @ctx: the context
 * @id: the container, created or running
 * @err: may be NULL
 *
 * Returns when it has happened; a container that does not freeze in time is left running.
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_pause(struct davit_context *ctx, const char *id, struct davit_error *err);

/**
 * davit_resume() - let a paused container go on
 * @ctx: the context
 * @id: the container
 * @err: may be NULL
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_resume(struct davit_context *ctx, const char *id, struct davit_error *err);

/*
 * Checkpoint and restore, by criu(8). Both calls take these; what does not concern the one has no
 * effect there. Members that are NULL, 0 or false are the default.
 */
struct davit_checkpoint_options {
	size_t size;
	const char *image_path;  /* the folder of the images: "checkpoint" */
	const char *work_path;   /* the folder of criu's log: that of the images */
	const char *parent_path; /* of an earlier pre-dump, relative to image_path */
	bool leave_running, pre_dump;
	bool tcp_established, tcp_skip_in_flight, tcp_close;
	bool ext_unix_sk, shell_job, file_locks, link_remap, auto_dedup, lazy_pages;
	const char *page_server;         /* "ADDRESS:PORT" that gets the memory */
	unsigned status_fd;              /* with lazy_pages: gets a byte when they are served */
	const char *manage_cgroups_mode; /* "soft", "full", "strict", "ignore", ... */
	const char *network_lock;        /* "iptables", "nftables", "skip" */
	const char *const *empty_ns;     /* "network": made anew and left empty; NULL-terminated */
	const char *lsm_profile;         /* "TYPE:NAME" */
	const char *lsm_mount_context;
};

/**
 * davit_checkpoint() - write the processes of a container into images
 * @ctx: the context
 * @id: the container, running or paused
 * @options: may not be NULL
 * @err: may be NULL
 *
 * The container is deleted then, with its poststop hooks, unless it is left running. After a
 * failure it runs as before.
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_checkpoint(struct davit_context *ctx, const char *id,
			       const struct davit_checkpoint_options *options,
			       struct davit_error *err);

/* Other than 0: no more of them. */
typedef int davit_obstacle_fn(void *arg, const char *line);

/**
 * davit_checkpoint_explain() - what criu would refuse of a container
 * @ctx: the context
 * @id: the container, running or paused
 * @options: those of davit_checkpoint(); may not be NULL
 * @each: called with an obstacle: what has it, what it is, and the option that would help
 * @arg: for @each
 * @err: may be NULL
 *
 * Looks from outside: the container goes on, and nothing is written. criu is asked for its version
 * (fork). What only shows in processes that stand still is not found: no obstacle is no promise.
 *
 * Return: 0, whatever was found; or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_checkpoint_explain(struct davit_context *ctx, const char *id,
				       const struct davit_checkpoint_options *options,
				       davit_obstacle_fn *each, void *arg, struct davit_error *err);

/**
 * davit_restore() - make a container of such images
 * @ctx: the context
 * @container: id and bundle are needed, as for davit_run()
 * @options: may not be NULL
 * @ret_status: without detach, the program's exit status, 128+N for signal N; may be NULL
 * @err: may be NULL
 *
 * With detach the container's first process is no child of the calling process.
 *
 * Return: 0 whatever the program's status; a negative errno when nothing was made.
 * Since: 0.1.0
 */
DAVIT_API int davit_restore(struct davit_context *ctx, const struct davit_create_options *container,
			    const struct davit_checkpoint_options *options, int *ret_status,
			    struct davit_error *err);

struct davit_events_options {
	size_t size;
	unsigned interval_msec;
	bool once;
};
/* Other than 0 ends the call. */
typedef int davit_event_fn(void *arg, const char *line);

/**
 * davit_events() - records of a running container
 * @ctx: the context
 * @id: the container
 * @options: figures every interval_msec milliseconds, or once
 * @each: called with a record, a line of JSON without a newline in the shape of runc's events:
 * figures, and one for each process that the kernel ends for want of memory
 * @arg: for @each
 * @err: may be NULL
 *
 * Returns when the container has ended, or the callback has returned what is not 0.
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_events(struct davit_context *ctx, const char *id,
			   const struct davit_events_options *options, davit_event_fn *each,
			   void *arg, struct davit_error *err);

/*
 * New limits for a container; what is not given stays as it is. Either @resources, a
 * linux.resources object as JSON, or the texts, which then are ignored with a warning: numbers,
 * "-1" or "max" for no limit where there is one to lift, and bytes with a unit ("50M", "1GiB"); or
 * the same as numbers, in bytes, microseconds and the kernel's own units, -1 for no limit. A text
 * and a number for one limit are an error. A value 0 of memory, cpu or blkio means "as it is", as
 * engines send it. NULL: not given.
 */
struct davit_update_options {
	size_t size;
	const char *resources;
	size_t resources_len;
	const char *memory, *memory_reservation, *memory_swap; /* memory and swap together */
	const char *kernel_memory, *kernel_memory_tcp;         /* obsolete: a warning */
	const char *cpu_share, *cpu_quota, *cpu_period, *cpu_burst, *cpu_idle;
	const char *cpu_rt_runtime, *cpu_rt_period, *cpuset_cpus, *cpuset_mems;
	const char *pids_limit, *blkio_weight;
	const char *l3_cache_schema, *mem_bw_schema;
	const int64_t *memory_number, *memory_reservation_number, *memory_swap_number;
	const uint64_t *cpu_share_number;
	const int64_t *cpu_quota_number;
	const uint64_t *cpu_period_number, *cpu_burst_number;
	const int64_t *cpu_idle_number, *cpu_rt_runtime_number;
	const uint64_t *cpu_rt_period_number;
	const int64_t *pids_limit_number;
	const uint16_t *blkio_weight_number;
};

/**
 * davit_update() - change the limits of a container
 * @ctx: the context
 * @id: the container
 * @options: the new limits
 * @err: may be NULL
 *
 * Return: 0; -EINVAL for a value out of range; another negative errno when the kernel refuses one.
 * Since: 0.1.0
 */
DAVIT_API int davit_update(struct davit_context *ctx, const char *id,
			   const struct davit_update_options *options, struct davit_error *err);

/* Other than 0 ends the list. */
typedef int davit_pid_fn(void *arg, pid_t pid);

/**
 * davit_ps() - the processes of a container
 * @ctx: the context
 * @id: the container
 * @each: called with every process, numbered as the caller's pid namespace does; with none when all
 * have ended
 * @arg: for @each
 * @err: may be NULL
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_ps(struct davit_context *ctx, const char *id, davit_pid_fn *each, void *arg,
		       struct davit_error *err);

/**
 * davit_mounts_add() - bind directories and files of the host into a running container
 * @ctx: the context
 * @id: the container
 * @mounts: an array as config.json's mounts, or an object with it as its member "mounts"
 * @len: its bytes
 * @err: may be NULL
 *
 * Missing places are made. Mounts before one that fails stay.
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_mounts_add(struct davit_context *ctx, const char *id, const char *mounts,
			       size_t len, struct davit_error *err);

/**
 * davit_mounts_remove() - take what davit_mounts_add() has mounted away again
 * @ctx: the context
 * @id: the container
 * @mounts: as for davit_mounts_add(); by the destinations, the last one first
 * @len: its bytes
 * @err: may be NULL
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_mounts_remove(struct davit_context *ctx, const char *id, const char *mounts,
				  size_t len, struct davit_error *err);

/**
 * davit_mounts_list() - all mounts that a container's first process sees
 * @ctx: the context
 * @id: the container
 * @ret_json: {"mounts":[{destination, type, source, root, options}]}, for davit_free()
 * @err: may be NULL
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_mounts_list(struct davit_context *ctx, const char *id, char **ret_json,
				struct davit_error *err);

/**
 * davit_state() - the state of a container, as JSON
 * @ctx: the context
 * @id: the container
 * @ret_json: the state of the OCI runtime specification (runtime.md#state), ended by a newline; for
 * davit_free()
 * @err: may be NULL
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_state(struct davit_context *ctx, const char *id, char **ret_json,
			  struct davit_error *err);

enum davit_status {
	DAVIT_CREATING,
	DAVIT_CREATED,
	DAVIT_RUNNING,
	DAVIT_PAUSED,
	DAVIT_STOPPED
};

/* What is known of a container. Strings are never NULL, and live as long as the struct. */
struct davit_container_info {
	size_t size; /* set by the library: members behind it are not there */
	const char *id;
	enum davit_status status;
	const char *status_word; /* "running" */
	pid_t pid;               /* 0: none */
	const char *bundle, *rootfs;
	const char *created; /* RFC 3339; "" before it is */
	const char *owner;
	const char *const *annotations; /* key, value, key, value, ..., NULL */
	const char *json;               /* the state object on one line */
};

/**
 * davit_inspect() - the state of a container, as a struct
 * @ctx: the context
 * @id: the container
 * @ret: for davit_free(), in one piece
 * @err: may be NULL
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_inspect(struct davit_context *ctx, const char *id,
			    struct davit_container_info **ret, struct davit_error *err);

/* @info lives until the callback returns. Other than 0 ends the list. */
typedef int davit_list_fn(void *arg, const struct davit_container_info *info);

/**
 * davit_list() - the containers of a state root
 * @ctx: the context
 * @each: called with each, in the order of their ids
 * @arg: for @each
 * @err: may be NULL
 *
 * A container that cannot be looked at is an error, after @each has had the others.
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_list(struct davit_context *ctx, davit_list_fn *each, void *arg,
			 struct davit_error *err);

/* Other than 0: no more of them. */
typedef int davit_info_fn(void *arg, const char *name, const char *value);

/**
 * davit_info() - what this host and its kernel offer, and how davit works on it
 * @ctx: the context
 * @each: called with each fact by its name, "cgroup/path"; may be NULL
 * @arg: for @each
 * @ret_json: all of them as JSON, for davit_free(); may be NULL
 * @err: may be NULL
 *
 * What is built is told by davit_features().
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_info(struct davit_context *ctx, davit_info_fn *each, void *arg, char **ret_json,
			 struct davit_error *err);

/**
 * davit_spec() - a default config.json
 * @rootless: with a user namespace for the caller's own ids
 * @ret_json: for davit_free()
 * @err: may be NULL
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_spec(bool rootless, char **ret_json, struct davit_error *err);

/**
 * davit_features() - the features document of the OCI runtime specification
 * @ret_json: for davit_free()
 * @err: may be NULL
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_features(char **ret_json, struct davit_error *err);

struct davit_validate_options {
	size_t size;
	const char *bundle; /* as in davit_create_options */
	const char *config;
	bool strict; /* unknown keys are faults too */
	bool host;   /* what this machine lacks is one, too: the root file system, ... */
};
/* @fault lives until the callback returns. Other than 0: no more of them. */
typedef int davit_fault_fn(void *arg, const struct davit_error *fault);

/**
 * davit_validate() - find all faults of a config.json
 * @options: what to look at, and for what
 * @each: called with each fault
 * @arg: for @each
 * @ret_faults: how many there were; may be NULL
 * @err: may be NULL
 *
 * Changes nothing. A fault of the document is no failure of the call. A large seccomp profile is
 * compiled in a copy of the calling process (fork).
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_validate(const struct davit_validate_options *options, davit_fault_fn *each,
			     void *arg, size_t *ret_faults, struct davit_error *err);

/* One step of the life cycle as `davit plan` prints it. */
struct davit_plan_step {
	size_t size; /* set by the library */
	const char *name, *where, *why;
	bool active;                   /* would be done for this bundle */
	const char *const *operations; /* what it would do; NULL-terminated; may be NULL */
};
/* @step lives until the callback returns. Other than 0: no more of them. */
typedef int davit_plan_fn(void *arg, const struct davit_plan_step *step);

/**
 * davit_plan() - what davit_create() and davit_start() would do
 * @ctx: the context
 * @options: as for davit_create(); id may be NULL
 * @each: called with each step, in order
 * @arg: for @each
 * @err: may be NULL
 *
 * Changes nothing. A large seccomp profile is compiled in a copy of the calling process (fork).
 *
 * Return: 0 or a negative errno.
 * Since: 0.1.0
 */
DAVIT_API int davit_plan(struct davit_context *ctx, const struct davit_create_options *options,
			 davit_plan_fn *each, void *arg, struct davit_error *err);

/**
 * davit_signal_parse() - the number of a signal
 * @text: "TERM", "SIGTERM", "15", "RTMIN+1"
 *
 * Return: a positive number; -EINVAL.
 * Since: 0.1.0
 */
DAVIT_API int davit_signal_parse(const char *text);

#ifdef __cplusplus
}
#endif

#endif
