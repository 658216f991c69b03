/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libdavit: create, start, signal and delete OCI containers.
 *
 * Conventions. Option structs begin with `size`, set to sizeof the struct by the caller, so that
 * they can grow: of an older program's shorter struct the rest counts as zero, and a newer one's
 * longer struct is refused (-E2BIG) when it asks for what this library does not know. Strings given
 * are borrowed for the call. Calls return 0, or a negative errno with *err describing what went
 * wrong (err may be NULL). Nothing is printed and the process never exits. Calls on different
 * contexts are independent.
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

/* An error: opaque; made by davit_error_new(), reused from call to call, released by the caller. */
struct davit_error;
DAVIT_API struct davit_error *davit_error_new(void);
DAVIT_API void davit_error_free(struct davit_error *err);
/* The errno, or 0 when the last call succeeded. */
DAVIT_API int davit_error_code(const struct davit_error *err);
/* One line without "davit:"; valid until the next call with this error. */
DAVIT_API const char *davit_error_message(const struct davit_error *err);
/* Stable machine word of the kind ("config", "container-not-found", ...; davit(8) lists them). */
DAVIT_API const char *davit_error_kind(const struct davit_error *err);
/* JSON pointer of the field at fault, step of the life cycle, hint; "" where there is none. */
DAVIT_API const char *davit_error_pointer(const struct davit_error *err);
DAVIT_API const char *davit_error_step(const struct davit_error *err);
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
	const char *runtime_dir; /* what XDG_RUNTIME_DIR says; used when root is NULL; may be NULL
				    or "" */
	const char *cgroup_manager; /* NULL or "cgroupfs"; "disabled" */
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
	/* For hooks that config.json gives no env; NULL-terminated, not copied: it has to stay as
	 * long as the context. NULL: an empty one. */
	char **environment;
};
DAVIT_API int davit_context_new(const struct davit_context_options *options,
				struct davit_context **ret, struct davit_error *err);
DAVIT_API void davit_context_free(struct davit_context *ctx);
DAVIT_API const char *davit_context_root(const struct davit_context *ctx);

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
	/* run only, without detach: else the process inherits and reaps the container's orphans
	 * while it waits (PR_SET_CHILD_SUBREAPER), and with them any other child that ends. */
	bool no_subreaper;
	/* What @config names, when the caller has read it already; @config is its name in messages
	 * then. NULL: it is read here. */
	const char *config_text;
	size_t config_len;
};
DAVIT_API int davit_create(struct davit_context *ctx, const struct davit_create_options *options,
			   struct davit_error *err);
DAVIT_API int davit_start(struct davit_context *ctx, const char *id, struct davit_error *err);
/* create + start + wait + delete. *ret_status: the program's exit status, 128+N for a signal. */
DAVIT_API int davit_run(struct davit_context *ctx, const struct davit_create_options *options,
			int *ret_status, struct davit_error *err);

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
};
/* *ret_status: the program's exit status, 128+N for a signal; 0 when detached. */
DAVIT_API int davit_exec(struct davit_context *ctx, const struct davit_exec_options *options,
			 int *ret_status, struct davit_error *err);
/* @all: every process of the container. Signal 0 probes. */
DAVIT_API int davit_kill(struct davit_context *ctx, const char *id, int signal, bool all,
			 struct davit_error *err);
DAVIT_API int davit_delete(struct davit_context *ctx, const char *id, bool force,
			   struct davit_error *err);

/* Stops every process of a created or running container, and lets them go on. Both return when it
 * has happened; a container that does not freeze in time is left running. */
DAVIT_API int davit_pause(struct davit_context *ctx, const char *id, struct davit_error *err);
DAVIT_API int davit_resume(struct davit_context *ctx, const char *id, struct davit_error *err);

/*
 * Records of a running container, each a line of JSON in the shape of runc's events: figures every
 * @interval_msec (@once: one time), and one for each process that the kernel ends for want of
 * memory. Returns when the container has ended, or the callback has returned what is not 0.
 */
struct davit_events_options {
	size_t size;
	unsigned interval_msec;
	bool once;
};
typedef int davit_event_fn(void *arg, const char *line);
DAVIT_API int davit_events(struct davit_context *ctx, const char *id,
			   const struct davit_events_options *options, davit_event_fn *each,
			   void *arg, struct davit_error *err);

/*
 * New limits for a container; what is not given stays as it is. Either @resources, a
 * linux.resources object as JSON, or the texts, which then are ignored with a warning: numbers,
 * "-1" or "max" for no limit where there is one to lift, and bytes with a unit ("50M", "1GiB"). A
 * value 0 of memory, cpu or blkio means "as it is", as engines send it. NULL: not given.
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
};
DAVIT_API int davit_update(struct davit_context *ctx, const char *id,
			   const struct davit_update_options *options, struct davit_error *err);

/* Calls @each with every process of the container, numbered as the caller's pid namespace does;
 * with none when all have ended. */
typedef void davit_pid_fn(void *arg, pid_t pid);
DAVIT_API int davit_ps(struct davit_context *ctx, const char *id, davit_pid_fn *each, void *arg,
		       struct davit_error *err);

/*
 * Bind mounts of host directories and files into a running container, and out of it again. @mounts:
 * an array as config.json's mounts, or an object with it as its member "mounts". Missing places are
 * made. add: those before one that fails stay. remove: by the destinations, the last one first.
 */
DAVIT_API int davit_mounts_add(struct davit_context *ctx, const char *id, const char *mounts,
			       size_t len, struct davit_error *err);
DAVIT_API int davit_mounts_remove(struct davit_context *ctx, const char *id, const char *mounts,
				  size_t len, struct davit_error *err);
/* All mounts that the container's first process sees: {"mounts":[{destination, type, source, root,
 * options}]}, as JSON. */
DAVIT_API int davit_mounts_list(struct davit_context *ctx, const char *id, char **ret_json,
				struct davit_error *err);

/* JSON texts are malloc'ed for the caller and end with a newline. */
DAVIT_API int davit_state(struct davit_context *ctx, const char *id, char **ret_json,
			  struct davit_error *err);

/* One container of a list; strings live until the callback returns. */
struct davit_list_entry {
	size_t size;
	const char *id, *status, *bundle, *rootfs, *created, *owner;
	pid_t pid;        /* 0: none */
	const char *json; /* the state object on one line */
};
typedef void davit_list_fn(void *arg, const struct davit_list_entry *entry);
DAVIT_API int davit_list(struct davit_context *ctx, davit_list_fn *each, void *arg,
			 struct davit_error *err);

/* What this host and its kernel offer and how davit works on it (davit_features() tells what is
 * built). Each fact by its name, "cgroup/path"; and all of them as JSON. Either may be NULL. */
typedef void davit_info_fn(void *arg, const char *name, const char *value);
DAVIT_API int davit_info(struct davit_context *ctx, davit_info_fn *each, void *arg, char **ret_json,
			 struct davit_error *err);

/* A default config.json; @rootless: with a user namespace for the caller's own ids. */
DAVIT_API int davit_spec(bool rootless, char **ret_json, struct davit_error *err);
DAVIT_API int davit_features(char **ret_json, struct davit_error *err);

/* Finds all faults of a config.json; changes nothing. */
struct davit_validate_options {
	size_t size;
	const char *bundle; /* as in davit_create_options */
	const char *config;
	bool strict; /* unknown keys are faults too */
	bool host;   /* what this machine lacks is one, too: the root file system, ... */
};
typedef void davit_fault_fn(void *arg, const struct davit_error *fault);
DAVIT_API int davit_validate(const struct davit_validate_options *options, davit_fault_fn *each,
			     void *arg, size_t *ret_faults, struct davit_error *err);

/* One step of the life cycle as `davit plan` prints it. */
struct davit_plan_step {
	size_t size;
	const char *name, *where, *why;
	bool active;                   /* would be done for this bundle */
	const char *const *operations; /* what it would do; NULL-terminated; may be NULL */
};
typedef void davit_plan_fn(void *arg, const struct davit_plan_step *step);
DAVIT_API int davit_plan(struct davit_context *ctx, const struct davit_create_options *options,
			 davit_plan_fn *each, void *arg, struct davit_error *err);

/* What was built, one word each, NULL-terminated: "SECCOMP", "SELINUX", ... */
DAVIT_API const char *const *davit_build_features(void);
DAVIT_API const char *davit_version(void);
DAVIT_API const char *davit_oci_version(void);
/* "2.5.4", or "" without libseccomp. */
DAVIT_API const char *davit_seccomp_version(void);

/* "TERM", "SIGTERM", "15", "RTMIN+1" -> number; -EINVAL. */
DAVIT_API int davit_signal_parse(const char *text);

#ifdef __cplusplus
}
#endif

#endif
