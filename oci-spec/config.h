/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * config.json as C types: every property that the runtime specification defines for Linux.
 *
 * Rules: an optional scalar is a pointer, NULL when absent, so absent differs from zero and
 * integers keep their exact width. An optional object is a pointer. A list has `items` and `count`;
 * items is NULL when the list is absent, and not NULL when it is empty. Required members are plain
 * values. `null` in JSON is absent. All memory belongs to the arena given to oci_config_decode();
 * everything is const for whoever comes later.
 */
#ifndef DAVIT_OCI_CONFIG_H
#define DAVIT_OCI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the specification that all of this follows. */
#define OCI_VERSION "1.3.0"

struct oci_strings {
	const char **items;
	size_t count;
};

struct oci_pair {
	const char *key, *value;
};

/* In the order of the document. */
struct oci_map {
	struct oci_pair *items;
	size_t count;
};

struct oci_gids {
	uint32_t *items;
	size_t count;
};

struct oci_id_mapping {
	uint32_t container_id, host_id, size;
};

struct oci_id_mappings {
	struct oci_id_mapping *items;
	size_t count;
};

struct oci_root {
	const char *path;
	const bool *readonly;
};

struct oci_mount {
	const char *destination;
	const char *type, *source;
	struct oci_strings options;
	struct oci_id_mappings uid_mappings, gid_mappings;
};

struct oci_mounts {
	struct oci_mount *items;
	size_t count;
};

/* Required, and to be ignored without a terminal: what is missing is 0. */
struct oci_console_size {
	uint64_t height, width;
};

struct oci_user {
	uint32_t uid, gid;
	const uint32_t *umask;
	struct oci_gids additional_gids;
	const char *username;
};

struct oci_capabilities {
	struct oci_strings bounding, effective, permitted, inheritable, ambient;
};

struct oci_rlimit {
	const char *type;
	uint64_t soft, hard;
};

struct oci_rlimits {
	struct oci_rlimit *items;
	size_t count;
};

struct oci_scheduler {
	const char *policy;
	const int32_t *nice, *priority;
	struct oci_strings flags;
	const uint64_t *runtime, *deadline, *period;
};

struct oci_io_priority {
	const char *class_name;
	const int32_t *priority;
};

struct oci_exec_cpu_affinity {
	const char *initial, *final;
};

struct oci_process {
	const bool *terminal;
	const struct oci_console_size *console_size;
	const char *cwd;
	struct oci_strings env, args;
	const char *command_line; /* Windows */
	struct oci_user user;
	const struct oci_capabilities *capabilities;
	struct oci_rlimits rlimits;
	const bool *no_new_privileges;
	const char *apparmor_profile, *selinux_label;
	const int64_t *oom_score_adj;
	const struct oci_scheduler *scheduler;
	const struct oci_io_priority *io_priority;
	const struct oci_exec_cpu_affinity *exec_cpu_affinity;
};

struct oci_hook {
	const char *path;
	struct oci_strings args, env;
	const int64_t *timeout; /* seconds */
};

struct oci_hook_list {
	struct oci_hook *items;
	size_t count;
};

struct oci_hooks {
	struct oci_hook_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

struct oci_device {
	const char *type; /* "c", "b", "u", "p" */
	const char *path;
	const int64_t *major, *minor;
	const uint32_t *file_mode, *uid, *gid;
};

struct oci_devices {
	struct oci_device *items;
	size_t count;
};

/* linux.netDevices: host interface name -> its name inside (NULL: unchanged). */
struct oci_net_device {
	const char *host_name;
	const char *name;
};

struct oci_net_devices {
	struct oci_net_device *items;
	size_t count;
};

struct oci_namespace {
	const char *type;
	const char *path;
};

struct oci_namespaces {
	struct oci_namespace *items;
	size_t count;
};

struct oci_device_rule {
	bool allow;
	const char *type;
	const int64_t *major, *minor;
	const char *access;
};

struct oci_device_rules {
	struct oci_device_rule *items;
	size_t count;
};

struct oci_memory {
	const int64_t *limit, *reservation, *swap, *kernel, *kernel_tcp;
	const uint64_t *swappiness;
	const bool *disable_oom_killer, *use_hierarchy, *check_before_update;
};

struct oci_cpu {
	const uint64_t *shares;
	const int64_t *quota;
	const uint64_t *burst, *period;
	const int64_t *realtime_runtime;
	const uint64_t *realtime_period;
	const char *cpus, *mems;
	const int64_t *idle;
};

struct oci_pids {
	const int64_t *limit;
};

struct oci_weight_device {
	int64_t major, minor;
	const uint16_t *weight, *leaf_weight;
};

struct oci_weight_devices {
	struct oci_weight_device *items;
	size_t count;
};

struct oci_throttle_device {
	int64_t major, minor;
	const uint64_t *rate;
};

struct oci_throttle_devices {
	struct oci_throttle_device *items;
	size_t count;
};

struct oci_block_io {
	const uint16_t *weight, *leaf_weight;
	struct oci_weight_devices weight_device;
	struct oci_throttle_devices throttle_read_bps_device, throttle_write_bps_device,
		throttle_read_iops_device, throttle_write_iops_device;
};

struct oci_hugepage_limit {
	const char *page_size;
	uint64_t limit;
};

struct oci_hugepage_limits {
	struct oci_hugepage_limit *items;
	size_t count;
};

struct oci_interface_priority {
	const char *name;
	uint32_t priority;
};

struct oci_interface_priorities {
	struct oci_interface_priority *items;
	size_t count;
};

struct oci_network {
	const uint32_t *class_id;
	struct oci_interface_priorities priorities;
};

struct oci_rdma_limit {
	const char *device;
	const uint32_t *hca_handles, *hca_objects;
};

struct oci_rdma_limits {
	struct oci_rdma_limit *items;
	size_t count;
};

struct oci_resources {
	struct oci_device_rules devices;
	const struct oci_memory *memory;
	const struct oci_cpu *cpu;
	const struct oci_pids *pids;
	const struct oci_block_io *block_io;
	struct oci_hugepage_limits hugepage_limits;
	const struct oci_network *network;
	struct oci_rdma_limits rdma;
	struct oci_map unified;
};

struct oci_seccomp_arg {
	uint32_t index;
	uint64_t value;
	const uint64_t *value_two;
	const char *op;
};

struct oci_seccomp_args {
	struct oci_seccomp_arg *items;
	size_t count;
};

struct oci_seccomp_syscall {
	struct oci_strings names;
	const char *action;
	const uint32_t *errno_ret;
	struct oci_seccomp_args args;
};

struct oci_seccomp_syscalls {
	struct oci_seccomp_syscall *items;
	size_t count;
};

struct oci_seccomp {
	const char *default_action;
	const uint32_t *default_errno_ret;
	struct oci_strings architectures, flags;
	const char *listener_path, *listener_metadata;
	struct oci_seccomp_syscalls syscalls;
};

struct oci_intel_rdt {
	const char *clos_id;
	struct oci_strings schemata;
	const char *l3_cache_schema, *mem_bw_schema;
	const bool *enable_monitoring;
};

struct oci_memory_policy {
	const char *mode;
	const char *nodes;
	struct oci_strings flags;
};

struct oci_personality {
	const char *domain;
	struct oci_strings flags;
};

struct oci_time_offset {
	const int64_t *secs;
	const uint32_t *nanosecs;
};

struct oci_time_offsets {
	const struct oci_time_offset *boottime, *monotonic;
};

struct oci_linux {
	struct oci_devices devices;
	struct oci_net_devices net_devices;
	struct oci_id_mappings uid_mappings, gid_mappings;
	struct oci_namespaces namespaces;
	const struct oci_resources *resources;
	const char *cgroups_path;
	const char *rootfs_propagation;
	const struct oci_seccomp *seccomp;
	struct oci_map sysctl;
	struct oci_strings masked_paths, readonly_paths;
	const char *mount_label;
	const struct oci_intel_rdt *intel_rdt;
	const struct oci_memory_policy *memory_policy;
	const struct oci_personality *personality;
	const struct oci_time_offsets *time_offsets;
};

struct oci_config {
	const char *oci_version;
	const struct oci_root *root;
	const struct oci_process *process;
	const char *hostname, *domainname;
	struct oci_mounts mounts;
	const struct oci_hooks *hooks;
	struct oci_map annotations;
	const struct oci_linux *linux_config;
};

/* The first entry of linux.namespaces of that type, which is the only one of a document without
 * faults; NULL: there is none. */
const struct oci_namespace *oci_config_namespace(const struct oci_config *c, const char *type);
/* By its type or by an option. */
bool oci_mount_is_bind(const struct oci_mount *m);

enum {
	OCI_SYSCTL_PATH_SIZE = 256
};

/*
 * The name of a kernel parameter as a path below /proc/sys. It has one of two spellings, told by
 * its first separator (sysctl(8)): "net.ipv4.conf.eth0/1.forwarding" is
 * "net/ipv4/conf/eth0.1/forwarding". False: it is too long.
 */
bool oci_sysctl_path(const char *name, char ret[static OCI_SYSCTL_PATH_SIZE]);

#endif
