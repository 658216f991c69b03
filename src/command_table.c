/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of command.h: words and where they go. Nothing here needs the library, so that the
 * manual and the completions of a cross build are made from it on the building machine (pages.c).
 */
#include <stddef.h>

#include "command.h"

#define AT(member) offsetof(struct command_args, member)

/* clang-format off */
static const struct cli_option global_options[] = {
	{ "debug", 0, CLI_FLAG, NULL, "log debug messages too", offsetof(struct globals, debug) },
	{ "log", 0, CLI_STRING, "FILE", "append errors and messages to FILE, to journald:NAME or to syslog:NAME", offsetof(struct globals, log) },
	{ "log-format", 0, CLI_WORD, "text|json", "form of the log (default: text)", offsetof(struct globals, log_format) },
	{ "log-level", 0, CLI_WORD, LOG_LEVEL_WORDS, "what to log (default: warning; error with --log)", offsetof(struct globals, log_level) },
	{ "root", 0, CLI_STRING, "DIR", "where the state of containers is kept", offsetof(struct globals, root) },
	{ "systemd-cgroup", 0, CLI_FLAG, NULL, "let systemd make the cgroups", offsetof(struct globals, systemd_cgroup) },
	{ "cgroup-manager", 0, CLI_WORD, "cgroupfs|systemd|disabled", "who makes the cgroups (default: cgroupfs)", offsetof(struct globals, cgroup_manager) },
	{ "rootless", 0, CLI_WORD, "auto|true|false", "accepted; always found out", offsetof(struct globals, rootless) },
	{ "version", 'v', CLI_FLAG, NULL, "show the version", offsetof(struct globals, version) },
	{ NULL, 'V', CLI_FLAG, NULL, NULL, offsetof(struct globals, version) },
	{ 0 }
};

#define BUNDLE_OPTIONS \
	{ "bundle", 'b', CLI_STRING, "DIR", "the bundle (default: the current directory)", AT(create.bundle) }, \
	{ "config", 'f', CLI_STRING, "FILE", "use FILE instead of the bundle's config.json", AT(create.config) }

#define CREATE_OPTIONS \
	BUNDLE_OPTIONS, \
	{ "console-socket", 0, CLI_STRING, "PATH", "unix socket that receives the terminal", AT(create.console_socket) }, \
	{ "pidfd-socket", 0, CLI_STRING, "PATH", "unix socket that receives a pidfd of the container's process", AT(create.pidfd_socket) }, \
	{ "pid-file", 0, CLI_STRING, "FILE", "write the container's process id to FILE", AT(create.pid_file) }, \
	{ "no-pivot", 0, CLI_FLAG, NULL, "do not use pivot_root (for a root on a ramdisk)", AT(create.no_pivot) }, \
	{ "no-new-keyring", 0, CLI_FLAG, NULL, "keep the caller's session keyring", AT(create.no_new_keyring) }, \
	{ "preserve-fds", 0, CLI_UINT, "N", "pass N descriptors from 3 on to the program (default: 0)", AT(create.preserve_fds) }, \
	{ "no-subreaper", 0, CLI_FLAG, NULL, "do not inherit and reap orphans while waiting for the program", AT(create.no_subreaper) }

#define TRACE_OPTION \
	{ "trace", 0, CLI_STRING, "FILE", "write how long each step took to FILE (Chrome's trace JSON)", AT(trace) }

static const struct cli_option start_options[] = {
	TRACE_OPTION,
	{ 0 }
};

static const struct cli_option create_options[] = {
	CREATE_OPTIONS,
	TRACE_OPTION,
	{ 0 }
};

static const struct cli_option run_options[] = {
	CREATE_OPTIONS,
	TRACE_OPTION,
	{ "detach", 'd', CLI_FLAG, NULL, "return when the program is executing", AT(create.detach) },
	{ "keep", 0, CLI_FLAG, NULL, "do not delete the container when it has ended", AT(create.keep) },
	{ 0 }
};

#define REGEX_OPTION \
	{ "regex", 'r', CLI_FLAG, NULL, "ID is a regular expression: every container that it matches", AT(regex) }

static const struct cli_option kill_options[] = {
	{ "all", 'a', CLI_FLAG, NULL, "signal every process of the container", AT(all) },
	REGEX_OPTION,
	{ 0 }
};

static const struct cli_option delete_options[] = {
	{ "force", 'f', CLI_FLAG, NULL, "kill it first; no error if there is none", AT(force) },
	TRACE_OPTION,
	REGEX_OPTION,
	{ 0 }
};

static const struct cli_option events_options[] = {
	{ "interval", 0, CLI_STRING, "TIME", "how often to show figures: 250ms, 5s (default)", AT(interval) },
	{ "stats", 0, CLI_FLAG, NULL, "show the figures once", AT(stats) },
	{ 0 }
};

static const struct cli_option info_options[] = {
	{ "format", 'f', CLI_WORD, "text|json", "form of the report (default: text)", AT(format) },
	{ 0 }
};

static const struct cli_option list_options[] = {
	{ "format", 'f', CLI_WORD, "table|json", "form of the list (default: table)", AT(format) },
	{ "quiet", 'q', CLI_FLAG, NULL, "ids only", AT(quiet) },
	{ 0 }
};

static const struct cli_option ps_options[] = {
	{ "format", 'f', CLI_WORD, "table|json", "form of the list (default: table)", AT(format) },
	{ 0 }
};

static const struct cli_option spec_options[] = {
	{ "bundle", 'b', CLI_STRING, "DIR", "write config.json to DIR (default: the current directory)", AT(create.bundle) },
	{ "file", 'f', CLI_STRING, "FILE", "write it to FILE of the bundle instead", AT(create.config) },
	{ "rootless", 0, CLI_FLAG, NULL, "with a user namespace for an ordinary user", AT(rootless) },
	{ 0 }
};

static const struct cli_option update_options[] = {
	{ "resources", 'r', CLI_STRING, "FILE", "read a linux.resources object from FILE (-: standard input); the other options then count for nothing, but for those of Intel RDT", AT(update.resources) },
	{ "memory", 0, CLI_STRING, "BYTES", "limit of memory: 50M, -1", AT(update.memory) },
	{ "memory-reservation", 0, CLI_STRING, "BYTES", "memory that is taken last", AT(update.memory_reservation) },
	{ "memory-swap", 0, CLI_STRING, "BYTES", "limit of memory and swap together", AT(update.memory_swap) },
	{ "cpu-share", 0, CLI_STRING, "N", "relative weight", AT(update.cpu_share) },
	{ "cpu-quota", 0, CLI_STRING, "USEC", "time in a period; -1: no limit", AT(update.cpu_quota) },
	{ "cpu-period", 0, CLI_STRING, "USEC", "length of a period", AT(update.cpu_period) },
	{ "cpu-burst", 0, CLI_STRING, "USEC", "time that may be saved up", AT(update.cpu_burst) },
	{ "cpu-idle", 0, CLI_STRING, "0|1", "run only when nothing else does", AT(update.cpu_idle) },
	{ "cpu-rt-runtime", 0, CLI_STRING, "USEC", "realtime; refused on cgroup v2", AT(update.cpu_rt_runtime) },
	{ "cpu-rt-period", 0, CLI_STRING, "USEC", "realtime; refused on cgroup v2", AT(update.cpu_rt_period) },
	{ "cpuset-cpus", 0, CLI_STRING, "LIST", "CPUs: 0-3,5", AT(update.cpuset_cpus) },
	{ "cpuset-mems", 0, CLI_STRING, "LIST", "memory nodes", AT(update.cpuset_mems) },
	{ "pids-limit", 0, CLI_STRING, "N", "number of processes; -1: no limit", AT(update.pids_limit) },
	{ "blkio-weight", 0, CLI_STRING, "N", "weight of block devices, 10 to 1000", AT(update.blkio_weight) },
	{ "l3-cache-schema", 0, CLI_STRING, "TEXT", "Intel RDT: the L3 lines of the schemata", AT(update.l3_cache_schema) },
	{ "mem-bw-schema", 0, CLI_STRING, "TEXT", "Intel RDT: the MB lines of the schemata", AT(update.mem_bw_schema) },
	{ "kernel-memory", 0, CLI_STRING, "BYTES", "obsolete; changes nothing", AT(update.kernel_memory) },
	{ "kernel-memory-tcp", 0, CLI_STRING, "BYTES", "obsolete; changes nothing", AT(update.kernel_memory_tcp) },
	{ 0 }
};

static const struct cli_option validate_options[] = {
	BUNDLE_OPTIONS,
	{ "strict", 0, CLI_FLAG, NULL, "unknown properties are faults too", AT(strict) },
	{ "host", 0, CLI_FLAG, NULL, "so is what this machine lacks; with a bundle that holds anyway", AT(host) },
	{ 0 }
};

static const struct cli_option plan_options[] = {
	BUNDLE_OPTIONS,
	{ 0 }
};

static const struct cli_option help_options[] = {
	{ "man", 0, CLI_FLAG, NULL, "as a page for man -l -", AT(man) },
	{ 0 }
};

static const struct cli_option no_options[] = {
	{ 0 }
};

static const struct cli_option exec_options[] = {
	{ "process", 'p', CLI_STRING, "FILE", "execute the process object in FILE", AT(exec.process_file) },
	{ "cwd", 0, CLI_STRING, "DIR", "the working directory", AT(exec.cwd) },
	{ "env", 'e', CLI_STRINGS, "NAME=VALUE", "add to the environment; may be repeated", AT(env) },
	{ "user", 'u', CLI_STRING, "UID[:GID]", "the user, and its group", AT(user) },
	{ "additional-gids", 'g', CLI_STRINGS, "GID", "add a group; may be repeated", AT(groups) },
	{ "cap", 'c', CLI_STRINGS, "CAP_NAME", "add a capability; may be repeated", AT(caps) },
	{ "no-new-privs", 0, CLI_FLAG, NULL, "forbid to gain privileges", AT(exec.no_new_privs) },
	{ "process-label", 0, CLI_STRING, "LABEL", "the SELinux label", AT(exec.process_label) },
	{ "apparmor", 0, CLI_STRING, "PROFILE", "the AppArmor profile", AT(exec.apparmor) },
	{ "tty", 't', CLI_FLAG, NULL, "give it a terminal", AT(exec.tty) },
	{ "console-socket", 0, CLI_STRING, "PATH", "unix socket that receives the terminal", AT(exec.console_socket) },
	{ "detach", 'd', CLI_FLAG, NULL, "return when the program is executing", AT(exec.detach) },
	{ "pidfd-socket", 0, CLI_STRING, "PATH", "unix socket that receives a pidfd of the program's process", AT(exec.pidfd_socket) },
	{ "pid-file", 0, CLI_STRING, "FILE", "write the program's process id to FILE", AT(exec.pid_file) },
	{ "preserve-fds", 0, CLI_UINT, "N", "pass N descriptors from 3 on to the program (default: 0)", AT(exec.preserve_fds) },
	{ "cgroup", 0, CLI_STRINGS, "PATH", "execute it in the cgroup PATH below the container's", AT(cgroups) },
	{ "ignore-paused", 0, CLI_FLAG, NULL, "in a paused container, wait until it is resumed", AT(exec.ignore_paused) },
	TRACE_OPTION,
	{ 0 }
};

#define CRIU_OPTIONS \
	{ "image-path", 0, CLI_STRING, "DIR", "the folder of the images (default: checkpoint)", AT(checkpoint.image_path) }, \
	{ "work-path", 0, CLI_STRING, "DIR", "the folder of criu's log (default: that of the images)", AT(checkpoint.work_path) }, \
	{ "tcp-established", 0, CLI_FLAG, NULL, "keep open TCP connections", AT(checkpoint.tcp_established) }, \
	{ "ext-unix-sk", 0, CLI_FLAG, NULL, "allow unix sockets whose other end is outside", AT(checkpoint.ext_unix_sk) }, \
	{ "shell-job", 0, CLI_FLAG, NULL, "allow a program that uses its caller's terminal", AT(checkpoint.shell_job) }, \
	{ "file-locks", 0, CLI_FLAG, NULL, "keep file locks", AT(checkpoint.file_locks) }, \
	{ "manage-cgroups-mode", 0, CLI_STRING, "MODE", "what to do with cgroups below the container's: soft (default), full, ignore, props, cg_none", AT(checkpoint.manage_cgroups_mode) }, \
	{ "network-lock", 0, CLI_STRING, "METHOD", "how TCP connections are kept still: iptables, nftables, skip", AT(checkpoint.network_lock) }, \
	{ "empty-ns", 0, CLI_STRINGS, "network", "do not keep what is in the network namespace", AT(empty_ns) }, \
	{ "auto-dedup", 0, CLI_FLAG, NULL, "free the memory that is in a later image too", AT(checkpoint.auto_dedup) }, \
	{ "lazy-pages", 0, CLI_FLAG, NULL, "hand memory over when it is used (userfaultfd)", AT(checkpoint.lazy_pages) }

static const struct cli_option checkpoint_options[] = {
	CRIU_OPTIONS,
	{ "explain", 0, CLI_FLAG, NULL, "only show what criu would refuse, while the container goes on", AT(explain) },
	{ "leave-running", 0, CLI_FLAG, NULL, "let the container go on afterwards", AT(checkpoint.leave_running) },
	{ "pre-dump", 0, CLI_FLAG, NULL, "write the memory alone, for a later checkpoint with --parent-path", AT(checkpoint.pre_dump) },
	{ "parent-path", 0, CLI_STRING, "DIR", "the images of a pre-dump, relative to --image-path", AT(checkpoint.parent_path) },
	{ "page-server", 0, CLI_STRING, "ADDRESS:PORT", "send the memory to criu's page server there", AT(checkpoint.page_server) },
	{ "status-fd", 0, CLI_UINT, "N", "write a byte to descriptor N when lazy pages are served", AT(checkpoint.status_fd) },
	{ "tcp-skip-in-flight", 0, CLI_FLAG, NULL, "leave out TCP connections that are being made", AT(checkpoint.tcp_skip_in_flight) },
	{ "link-remap", 0, CLI_FLAG, NULL, "keep deleted files that are open by a link beside them", AT(checkpoint.link_remap) },
	TRACE_OPTION,
	{ 0 }
};

static const struct cli_option restore_options[] = {
	BUNDLE_OPTIONS,
	{ "console-socket", 0, CLI_STRING, "PATH", "unix socket that receives the terminal", AT(create.console_socket) },
	{ "pidfd-socket", 0, CLI_STRING, "PATH", "unix socket that receives a pidfd of the container's process", AT(create.pidfd_socket) },
	{ "pid-file", 0, CLI_STRING, "FILE", "write the container's process id to FILE", AT(create.pid_file) },
	{ "detach", 'd', CLI_FLAG, NULL, "return when the container is restored", AT(create.detach) },
	CRIU_OPTIONS,
	{ "tcp-close", 0, CLI_FLAG, NULL, "restore TCP connections closed", AT(checkpoint.tcp_close) },
	{ "lsm-profile", 0, CLI_STRING, "TYPE:NAME", "the AppArmor profile or SELinux label of the processes", AT(checkpoint.lsm_profile) },
	{ "lsm-mount-context", 0, CLI_STRING, "LABEL", "the SELinux label of mounts, in place of the old one", AT(checkpoint.lsm_mount_context) },
	{ "no-new-keyring", 0, CLI_FLAG, NULL, "keep the caller's session keyring", AT(create.no_new_keyring) },
	{ "no-subreaper", 0, CLI_FLAG, NULL, "do not inherit and reap orphans while waiting for the program", AT(create.no_subreaper) },
	{ "no-pivot", 0, CLI_IGNORED, NULL, "accepted; criu chooses", 0 },
	{ "keep", 0, CLI_FLAG, NULL, "do not delete the container when it has ended", AT(create.keep) },
	TRACE_OPTION,
	{ 0 }
};

static const struct command commands[] = {
	[COMMAND_CREATE] = { "create", "create a container", "ID", create_options, 1, 1, true, true },
	[COMMAND_START] = { "start", "run the program of a created container", "ID", start_options, 1, 1, false, true },
	[COMMAND_RUN] = { "run", "create a container, start it and wait for its end", "ID", run_options, 1, 1, true, true },
	[COMMAND_EXEC] = { "exec", "run another program in a container", "ID [COMMAND [ARGUMENT...]]", exec_options, 1, 1, true, true, .passes_rest = true, .failure = EXEC_FAILURE },
	[COMMAND_STATE] = { "state", "show the state of a container", "ID", no_options, 1, 1, false, true },
	[COMMAND_KILL] = { "kill", "send a signal to a container (default: TERM)", "ID [SIGNAL]", kill_options, 1, 2, false, true },
	[COMMAND_PAUSE] = { "pause", "stop all processes of a container for a while", "ID", no_options, 1, 1, false, true },
	[COMMAND_RESUME] = { "resume", "let the processes of a paused container go on", "ID", no_options, 1, 1, false, true },
	[COMMAND_DELETE] = { "delete", "delete a stopped container", "ID", delete_options, 1, 1, false, true },
	[COMMAND_CHECKPOINT] = { "checkpoint", "write a running container into images, and end it (with criu)", "ID", checkpoint_options, 1, 1, false, true },
	[COMMAND_RESTORE] = { "restore", "make a container of a checkpoint's images", "ID", restore_options, 1, 1, true, true },
	[COMMAND_UPDATE] = { "update", "change the limits of a container", "ID", update_options, 1, 1, false, true },
	[COMMAND_EVENTS] = { "events", "show figures of a container, and when memory ran out, as JSON lines", "ID", events_options, 1, 1, false, true },
	[COMMAND_LIST] = { "list", "list the containers", "", list_options, 0, 0, false, true },
	[COMMAND_PS] = { "ps", "list the processes of a container (with the host's ps and its options)", "ID [PS-OPTION...]", ps_options, 1, 1, false, true, .passes_rest = true },
	[COMMAND_MOUNTS] = { "mounts", "add bind mounts to a running container, remove or list mounts", "add|remove|list ID [FILE]", no_options, 2, 3, true, true },
	[COMMAND_SPEC] = { "spec", "write a default config.json", "", spec_options, 0, 0, false, false },
	[COMMAND_INFO] = { "info", "show what this host and kernel offer", "", info_options, 0, 0, false, true },
	[COMMAND_FEATURES] = { "features", "show what this runtime can do, as JSON", "", no_options, 0, 0, false, false },
	[COMMAND_VALIDATE] = { "validate", "show all faults of a bundle's config.json", "[BUNDLE]", validate_options, 0, 1, false, false },
	[COMMAND_PLAN] = { "plan", "show what creating a container would do, and why", "[BUNDLE]", plan_options, 0, 1, false, true },
	[COMMAND_COMPLETION] = { "completion", "print a completion script for a shell", "bash|zsh|fish", no_options, 1, 1, false, false },
	[COMMAND_HELP] = { "help", "show help", "[COMMAND]", help_options, 0, 1, false, false },
	[COMMAND_COUNT] = { 0 }
};
/* clang-format on */

const struct command_line command_line = { commands, global_options };
