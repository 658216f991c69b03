/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of config.json: every property that the runtime specification defines for Linux, in
 * the order in which `spec` prints them. Only what a single value can get wrong is said here; the
 * rules between values are in check*.c. Words are those of the schema, and a few more that engines
 * write and peers accept (said where they are).
 */
#include "table.h"
#include "words.h"

/* clang-format off */

/* config-linux.md#namespaces */
const char *const oci_namespace_words[] = {
	"pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time", NULL
};

/* getrlimit(2). config.md: any other value MUST be an error. */
static const char *const rlimit_words[] = {
	"RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_LOCKS",
	"RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_NOFILE", "RLIMIT_NPROC",
	"RLIMIT_RSS", "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK", NULL
};

static const char *const scheduler_policy_words[] = {
	"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE",
	"SCHED_DEADLINE", NULL
};

static const char *const scheduler_flag_words[] = {
	"SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN",
	"SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN",
	"SCHED_FLAG_UTIL_CLAMP_MAX", NULL
};

static const char *const io_class_words[] = {
	"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE", NULL
};

static const char *const device_words[] = { "c", "b", "u", "p", NULL };
static const char *const device_rule_words[] = { "a", "c", "b", NULL };

/* The r forms are not in the specification; Docker and Podman write them. */
static const char *const propagation_words[] = {
	"private", "shared", "slave", "unbindable", "rprivate", "rshared", "rslave", "runbindable",
	NULL
};

static const char *const seccomp_action_words[] = {
	"SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
	"SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY",
	NULL
};

static const char *const seccomp_operator_words[] = {
	"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
	"SCMP_CMP_MASKED_EQ", NULL
};

const char *const oci_seccomp_arch_words[] = {
	"SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64",
	"SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64",
	"SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32",
	"SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390",
	"SCMP_ARCH_S390X", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB", "SCMP_ARCH_PARISC",
	"SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64", NULL
};

static const char *const seccomp_flag_words[] = {
	"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL
};

static const char *const personality_words[] = { "LINUX", "LINUX32", NULL };

static const char *const memory_policy_words[] = {
	"MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
	"MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL", NULL
};

static const char *const memory_policy_flag_words[] = {
	"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES", NULL
};

/* config.md: root, mounts, process, hooks */

static const struct oci_field oci_root_fields[] = {
	ROW_STRING(oci_root, path, "path", OCI_REQUIRED | OCI_NONEMPTY),
	ROW_BOOL(oci_root, readonly, "readonly"),
};
static const struct oci_object oci_root_object = OCI_OBJECT_OF(oci_root);

static const struct oci_field oci_id_mapping_fields[] = {
	ROW_U32_IN(oci_id_mapping, container_id, "containerID", OCI_REQUIRED),
	ROW_U32_IN(oci_id_mapping, host_id, "hostID", OCI_REQUIRED),
	ROW_U32_IN(oci_id_mapping, size, "size", OCI_REQUIRED),
};
static const struct oci_object oci_id_mapping_object = OCI_OBJECT_OF(oci_id_mapping);

static const struct oci_field oci_mount_fields[] = {
	ROW_STRING(oci_mount, destination, "destination", OCI_REQUIRED | OCI_NONEMPTY),
	ROW_STRING(oci_mount, type, "type", 0),
	ROW_STRING(oci_mount, source, "source", 0),
	ROW_STRINGS(oci_mount, options, "options", 0),
	ROW_LIST(oci_mount, uid_mappings, "uidMappings", oci_id_mappings, oci_id_mapping),
	ROW_LIST(oci_mount, gid_mappings, "gidMappings", oci_id_mappings, oci_id_mapping),
};
static const struct oci_object oci_mount_object = OCI_OBJECT_OF(oci_mount);

static const struct oci_field oci_console_size_fields[] = {
	ROW_U64_IN(oci_console_size, height, "height", 0),
	ROW_U64_IN(oci_console_size, width, "width", 0),
};
static const struct oci_object oci_console_size_object = OCI_OBJECT_OF(oci_console_size);

static const struct oci_field oci_user_fields[] = {
	ROW_U32_IN(oci_user, uid, "uid", 0),
	ROW_U32_IN(oci_user, gid, "gid", 0),
	ROW_U32(oci_user, umask, "umask"),
	ROW_GIDS(oci_user, additional_gids, "additionalGids"),
	ROW_STRING(oci_user, username, "username", 0),
};
static const struct oci_object oci_user_object = OCI_OBJECT_OF(oci_user);

/* Words are free: config.md wants a warning for capabilities that are unknown. */
static const struct oci_field oci_capabilities_fields[] = {
	ROW_STRINGS(oci_capabilities, bounding, "bounding", 0),
	ROW_STRINGS(oci_capabilities, effective, "effective", 0),
	ROW_STRINGS(oci_capabilities, permitted, "permitted", 0),
	ROW_STRINGS(oci_capabilities, inheritable, "inheritable", 0),
	ROW_STRINGS(oci_capabilities, ambient, "ambient", 0),
};
static const struct oci_object oci_capabilities_object = OCI_OBJECT_OF(oci_capabilities);

static const struct oci_field oci_rlimit_fields[] = {
	ROW_WORD(oci_rlimit, type, "type", OCI_REQUIRED, rlimit_words),
	ROW_U64_IN(oci_rlimit, soft, "soft", OCI_REQUIRED),
	ROW_U64_IN(oci_rlimit, hard, "hard", OCI_REQUIRED),
};
static const struct oci_object oci_rlimit_object = OCI_OBJECT_OF(oci_rlimit);

static const struct oci_field oci_scheduler_fields[] = {
	ROW_WORD(oci_scheduler, policy, "policy", OCI_REQUIRED, scheduler_policy_words),
	ROW_I32(oci_scheduler, nice, "nice"),
	ROW_I32(oci_scheduler, priority, "priority"),
	ROW_WORDS(oci_scheduler, flags, "flags", scheduler_flag_words),
	ROW_U64(oci_scheduler, runtime, "runtime"),
	ROW_U64(oci_scheduler, deadline, "deadline"),
	ROW_U64(oci_scheduler, period, "period"),
};
static const struct oci_object oci_scheduler_object = OCI_OBJECT_OF(oci_scheduler);

static const struct oci_field oci_io_priority_fields[] = {
	ROW_WORD(oci_io_priority, class_name, "class", OCI_REQUIRED, io_class_words),
	ROW_I32(oci_io_priority, priority, "priority"),
};
static const struct oci_object oci_io_priority_object = OCI_OBJECT_OF(oci_io_priority);

static const struct oci_field oci_exec_cpu_affinity_fields[] = {
	ROW_STRING(oci_exec_cpu_affinity, initial, "initial", 0),
	ROW_STRING(oci_exec_cpu_affinity, final, "final", 0),
};
static const struct oci_object oci_exec_cpu_affinity_object = OCI_OBJECT_OF(oci_exec_cpu_affinity);

static const struct oci_field oci_process_fields[] = {
	ROW_BOOL(oci_process, terminal, "terminal"),
	ROW_OBJECT(oci_process, console_size, "consoleSize", oci_console_size),
	ROW_OBJECT_IN(oci_process, user, "user", oci_user),
	ROW_STRINGS(oci_process, args, "args", 0),
	ROW_STRING(oci_process, command_line, "commandLine", 0),
	ROW_STRINGS(oci_process, env, "env", 0),
	ROW_STRING(oci_process, cwd, "cwd", OCI_REQUIRED | OCI_NONEMPTY),
	ROW_OBJECT(oci_process, capabilities, "capabilities", oci_capabilities),
	ROW_LIST(oci_process, rlimits, "rlimits", oci_rlimits, oci_rlimit),
	ROW_BOOL(oci_process, no_new_privileges, "noNewPrivileges"),
	ROW_STRING(oci_process, apparmor_profile, "apparmorProfile", 0),
	ROW_STRING(oci_process, selinux_label, "selinuxLabel", 0),
	ROW_I64(oci_process, oom_score_adj, "oomScoreAdj"),
	ROW_OBJECT(oci_process, scheduler, "scheduler", oci_scheduler),
	ROW_OBJECT(oci_process, io_priority, "ioPriority", oci_io_priority),
	ROW_OBJECT(oci_process, exec_cpu_affinity, "execCPUAffinity", oci_exec_cpu_affinity),
};
const struct oci_object oci_process_object = OCI_OBJECT_OF(oci_process);

static const struct oci_field oci_hook_fields[] = {
	ROW_STRING(oci_hook, path, "path", OCI_REQUIRED | OCI_NONEMPTY),
	ROW_STRINGS(oci_hook, args, "args", 0),
	ROW_STRINGS(oci_hook, env, "env", 0),
	ROW_I64(oci_hook, timeout, "timeout"),
};
static const struct oci_object oci_hook_object = OCI_OBJECT_OF(oci_hook);

static const struct oci_field oci_hooks_fields[] = {
	ROW_LIST(oci_hooks, prestart, "prestart", oci_hook_list, oci_hook),
	ROW_LIST(oci_hooks, create_runtime, "createRuntime", oci_hook_list, oci_hook),
	ROW_LIST(oci_hooks, create_container, "createContainer", oci_hook_list, oci_hook),
	ROW_LIST(oci_hooks, start_container, "startContainer", oci_hook_list, oci_hook),
	ROW_LIST(oci_hooks, poststart, "poststart", oci_hook_list, oci_hook),
	ROW_LIST(oci_hooks, poststop, "poststop", oci_hook_list, oci_hook),
};
static const struct oci_object oci_hooks_object = OCI_OBJECT_OF(oci_hooks);

/* config-linux.md */

static const struct oci_field oci_device_fields[] = {
	ROW_WORD(oci_device, type, "type", OCI_REQUIRED, device_words),
	ROW_STRING(oci_device, path, "path", OCI_REQUIRED | OCI_NONEMPTY),
	ROW_I64(oci_device, major, "major"),
	ROW_I64(oci_device, minor, "minor"),
	ROW_U32(oci_device, file_mode, "fileMode"),
	ROW_U32(oci_device, uid, "uid"),
	ROW_U32(oci_device, gid, "gid"),
};
static const struct oci_object oci_device_object = OCI_OBJECT_OF(oci_device);

static const struct oci_field oci_net_device_fields[] = {
	ROW_STRING(oci_net_device, name, "name", 0),
};
static const struct oci_object oci_net_device_object = OCI_OBJECT_OF(oci_net_device);

static const struct oci_field oci_namespace_fields[] = {
	ROW_WORD(oci_namespace, type, "type", OCI_REQUIRED, oci_namespace_words),
	ROW_STRING(oci_namespace, path, "path", OCI_UNSET),
};
static const struct oci_object oci_namespace_object = OCI_OBJECT_OF(oci_namespace);

static const struct oci_field oci_device_rule_fields[] = {
	ROW_BOOL_IN(oci_device_rule, allow, "allow", OCI_REQUIRED),
	ROW_WORD(oci_device_rule, type, "type", OCI_UNSET, device_rule_words),
	ROW_I64(oci_device_rule, major, "major"),
	ROW_I64(oci_device_rule, minor, "minor"),
	ROW_STRING(oci_device_rule, access, "access", 0),
};
static const struct oci_object oci_device_rule_object = OCI_OBJECT_OF(oci_device_rule);

static const struct oci_field oci_memory_fields[] = {
	ROW_I64(oci_memory, limit, "limit"),
	ROW_I64(oci_memory, reservation, "reservation"),
	ROW_I64(oci_memory, swap, "swap"),
	ROW_I64(oci_memory, kernel, "kernel"),
	ROW_I64(oci_memory, kernel_tcp, "kernelTCP"),
	ROW_U64(oci_memory, swappiness, "swappiness"),
	ROW_BOOL(oci_memory, disable_oom_killer, "disableOOMKiller"),
	ROW_BOOL(oci_memory, use_hierarchy, "useHierarchy"),
	ROW_BOOL(oci_memory, check_before_update, "checkBeforeUpdate"),
};
static const struct oci_object oci_memory_object = OCI_OBJECT_OF(oci_memory);

static const struct oci_field oci_cpu_fields[] = {
	ROW_U64(oci_cpu, shares, "shares"),
	ROW_I64(oci_cpu, quota, "quota"),
	ROW_U64(oci_cpu, burst, "burst"),
	ROW_U64(oci_cpu, period, "period"),
	ROW_I64(oci_cpu, realtime_runtime, "realtimeRuntime"),
	ROW_U64(oci_cpu, realtime_period, "realtimePeriod"),
	ROW_STRING(oci_cpu, cpus, "cpus", 0),
	ROW_STRING(oci_cpu, mems, "mems", 0),
	ROW_I64(oci_cpu, idle, "idle"),
};
static const struct oci_object oci_cpu_object = OCI_OBJECT_OF(oci_cpu);

/* The schema requires `limit`; engines write {} for "no limit". */
static const struct oci_field oci_pids_fields[] = {
	ROW_I64(oci_pids, limit, "limit"),
};
static const struct oci_object oci_pids_object = OCI_OBJECT_OF(oci_pids);

static const struct oci_field oci_weight_device_fields[] = {
	ROW_I64_IN(oci_weight_device, major, "major", OCI_REQUIRED),
	ROW_I64_IN(oci_weight_device, minor, "minor", OCI_REQUIRED),
	ROW_U16(oci_weight_device, weight, "weight"),
	ROW_U16(oci_weight_device, leaf_weight, "leafWeight"),
};
static const struct oci_object oci_weight_device_object = OCI_OBJECT_OF(oci_weight_device);

static const struct oci_field oci_throttle_device_fields[] = {
	ROW_I64_IN(oci_throttle_device, major, "major", OCI_REQUIRED),
	ROW_I64_IN(oci_throttle_device, minor, "minor", OCI_REQUIRED),
	ROW_U64(oci_throttle_device, rate, "rate"),
};
static const struct oci_object oci_throttle_device_object = OCI_OBJECT_OF(oci_throttle_device);

#define ROW_THROTTLE(m, json)                                                                      \
	ROW_LIST(oci_block_io, m, json, oci_throttle_devices, oci_throttle_device)
static const struct oci_field oci_block_io_fields[] = {
	ROW_U16(oci_block_io, weight, "weight"),
	ROW_U16(oci_block_io, leaf_weight, "leafWeight"),
	ROW_LIST(oci_block_io, weight_device, "weightDevice", oci_weight_devices, oci_weight_device),
	ROW_THROTTLE(throttle_read_bps_device, "throttleReadBpsDevice"),
	ROW_THROTTLE(throttle_write_bps_device, "throttleWriteBpsDevice"),
	ROW_THROTTLE(throttle_read_iops_device, "throttleReadIOPSDevice"),
	ROW_THROTTLE(throttle_write_iops_device, "throttleWriteIOPSDevice"),
};
static const struct oci_object oci_block_io_object = OCI_OBJECT_OF(oci_block_io);

static const struct oci_field oci_hugepage_limit_fields[] = {
	ROW_STRING(oci_hugepage_limit, page_size, "pageSize", OCI_REQUIRED),
	ROW_U64_IN(oci_hugepage_limit, limit, "limit", OCI_REQUIRED),
};
static const struct oci_object oci_hugepage_limit_object = OCI_OBJECT_OF(oci_hugepage_limit);

static const struct oci_field oci_interface_priority_fields[] = {
	ROW_STRING(oci_interface_priority, name, "name", OCI_REQUIRED | OCI_NONEMPTY),
	ROW_U32_IN(oci_interface_priority, priority, "priority", OCI_REQUIRED),
};
static const struct oci_object oci_interface_priority_object = OCI_OBJECT_OF(oci_interface_priority);

static const struct oci_field oci_network_fields[] = {
	ROW_U32(oci_network, class_id, "classID"),
	ROW_LIST(oci_network, priorities, "priorities", oci_interface_priorities,
		 oci_interface_priority),
};
static const struct oci_object oci_network_object = OCI_OBJECT_OF(oci_network);

static const struct oci_field oci_rdma_limit_fields[] = {
	ROW_U32(oci_rdma_limit, hca_handles, "hcaHandles"),
	ROW_U32(oci_rdma_limit, hca_objects, "hcaObjects"),
};
static const struct oci_object oci_rdma_limit_object = OCI_OBJECT_OF(oci_rdma_limit);

static const struct oci_field oci_resources_fields[] = {
	ROW_LIST(oci_resources, devices, "devices", oci_device_rules, oci_device_rule),
	ROW_OBJECT(oci_resources, memory, "memory", oci_memory),
	ROW_OBJECT(oci_resources, cpu, "cpu", oci_cpu),
	ROW_OBJECT(oci_resources, pids, "pids", oci_pids),
	ROW_OBJECT(oci_resources, block_io, "blockIO", oci_block_io),
	ROW_LIST(oci_resources, hugepage_limits, "hugepageLimits", oci_hugepage_limits,
		 oci_hugepage_limit),
	ROW_OBJECT(oci_resources, network, "network", oci_network),
	ROW_OBJECT_MAP(oci_resources, rdma, "rdma", oci_rdma_limits, oci_rdma_limit),
	ROW_MAP(oci_resources, unified, "unified"),
};
const struct oci_object oci_resources_object = OCI_OBJECT_OF(oci_resources);

static const struct oci_field oci_seccomp_arg_fields[] = {
	ROW_U32_IN(oci_seccomp_arg, index, "index", OCI_REQUIRED),
	ROW_U64_IN(oci_seccomp_arg, value, "value", OCI_REQUIRED),
	ROW_U64(oci_seccomp_arg, value_two, "valueTwo"),
	ROW_WORD(oci_seccomp_arg, op, "op", OCI_REQUIRED, seccomp_operator_words),
};
static const struct oci_object oci_seccomp_arg_object = OCI_OBJECT_OF(oci_seccomp_arg);

static const struct oci_field oci_seccomp_syscall_fields[] = {
	ROW_STRINGS(oci_seccomp_syscall, names, "names", OCI_REQUIRED | OCI_NONEMPTY),
	ROW_WORD(oci_seccomp_syscall, action, "action", OCI_REQUIRED, seccomp_action_words),
	ROW_U32(oci_seccomp_syscall, errno_ret, "errnoRet"),
	ROW_LIST(oci_seccomp_syscall, args, "args", oci_seccomp_args, oci_seccomp_arg),
};
static const struct oci_object oci_seccomp_syscall_object = OCI_OBJECT_OF(oci_seccomp_syscall);

static const struct oci_field oci_seccomp_fields[] = {
	ROW_WORD(oci_seccomp, default_action, "defaultAction", OCI_REQUIRED, seccomp_action_words),
	ROW_U32(oci_seccomp, default_errno_ret, "defaultErrnoRet"),
	ROW_WORDS(oci_seccomp, architectures, "architectures", oci_seccomp_arch_words),
	ROW_WORDS(oci_seccomp, flags, "flags", seccomp_flag_words),
	ROW_STRING(oci_seccomp, listener_path, "listenerPath", OCI_UNSET),
	ROW_STRING(oci_seccomp, listener_metadata, "listenerMetadata", OCI_UNSET),
	ROW_LIST(oci_seccomp, syscalls, "syscalls", oci_seccomp_syscalls, oci_seccomp_syscall),
};
static const struct oci_object oci_seccomp_object = OCI_OBJECT_OF(oci_seccomp);

static const struct oci_field oci_intel_rdt_fields[] = {
	ROW_STRING(oci_intel_rdt, clos_id, "closID", OCI_UNSET),
	ROW_STRINGS(oci_intel_rdt, schemata, "schemata", 0),
	ROW_STRING(oci_intel_rdt, l3_cache_schema, "l3CacheSchema", OCI_UNSET),
	ROW_STRING(oci_intel_rdt, mem_bw_schema, "memBwSchema", OCI_UNSET),
	ROW_BOOL(oci_intel_rdt, enable_monitoring, "enableMonitoring"),
};
static const struct oci_object oci_intel_rdt_object = OCI_OBJECT_OF(oci_intel_rdt);

static const struct oci_field oci_memory_policy_fields[] = {
	OCI_ROW_(oci_memory_policy, mode, "mode", OCI_STRING, const char *, OCI_REQUIRED,
		 .words = memory_policy_words, .fault = "invalid memory policy mode: "),
	ROW_STRING(oci_memory_policy, nodes, "nodes", 0),
	OCI_ROW_(oci_memory_policy, flags, "flags", OCI_STRINGS, struct oci_strings, 0,
		 .words = memory_policy_flag_words, .fault = "invalid memory policy flag: "),
};
static const struct oci_object oci_memory_policy_object = OCI_OBJECT_OF(oci_memory_policy);

static const struct oci_field oci_personality_fields[] = {
	ROW_WORD(oci_personality, domain, "domain", OCI_REQUIRED, personality_words),
	ROW_STRINGS(oci_personality, flags, "flags", 0),
};
static const struct oci_object oci_personality_object = OCI_OBJECT_OF(oci_personality);

static const struct oci_field oci_time_offset_fields[] = {
	ROW_I64(oci_time_offset, secs, "secs"),
	ROW_U32(oci_time_offset, nanosecs, "nanosecs"),
};
static const struct oci_object oci_time_offset_object = OCI_OBJECT_OF(oci_time_offset);

static const struct oci_field oci_time_offsets_fields[] = {
	ROW_OBJECT(oci_time_offsets, boottime, "boottime", oci_time_offset),
	ROW_OBJECT(oci_time_offsets, monotonic, "monotonic", oci_time_offset),
};
static const struct oci_object oci_time_offsets_object = OCI_OBJECT_OF(oci_time_offsets);

static const struct oci_field oci_linux_fields[] = {
	ROW_LIST(oci_linux, uid_mappings, "uidMappings", oci_id_mappings, oci_id_mapping),
	ROW_LIST(oci_linux, gid_mappings, "gidMappings", oci_id_mappings, oci_id_mapping),
	ROW_MAP(oci_linux, sysctl, "sysctl"),
	ROW_OBJECT(oci_linux, resources, "resources", oci_resources),
	ROW_STRING(oci_linux, cgroups_path, "cgroupsPath", OCI_UNSET),
	ROW_LIST(oci_linux, namespaces, "namespaces", oci_namespaces, oci_namespace),
	ROW_LIST(oci_linux, devices, "devices", oci_devices, oci_device),
	ROW_OBJECT_MAP(oci_linux, net_devices, "netDevices", oci_net_devices, oci_net_device),
	ROW_OBJECT(oci_linux, seccomp, "seccomp", oci_seccomp),
	ROW_WORD(oci_linux, rootfs_propagation, "rootfsPropagation", OCI_UNSET, propagation_words),
	ROW_STRINGS(oci_linux, masked_paths, "maskedPaths", 0),
	ROW_STRINGS(oci_linux, readonly_paths, "readonlyPaths", 0),
	ROW_STRING(oci_linux, mount_label, "mountLabel", 0),
	ROW_OBJECT(oci_linux, intel_rdt, "intelRdt", oci_intel_rdt),
	ROW_OBJECT(oci_linux, memory_policy, "memoryPolicy", oci_memory_policy),
	ROW_OBJECT(oci_linux, personality, "personality", oci_personality),
	ROW_OBJECT(oci_linux, time_offsets, "timeOffsets", oci_time_offsets),
};
static const struct oci_object oci_linux_object = OCI_OBJECT_OF(oci_linux);

static const struct oci_field oci_config_fields[] = {
	ROW_STRING(oci_config, oci_version, "ociVersion", OCI_REQUIRED),
	ROW_OBJECT(oci_config, process, "process", oci_process),
	ROW_OBJECT(oci_config, root, "root", oci_root),
	ROW_STRING(oci_config, hostname, "hostname", 0),
	ROW_STRING(oci_config, domainname, "domainname", 0),
	ROW_LIST(oci_config, mounts, "mounts", oci_mounts, oci_mount),
	ROW_OBJECT(oci_config, hooks, "hooks", oci_hooks),
	ROW_MAP(oci_config, annotations, "annotations"),
	ROW_OBJECT(oci_config, linux_config, "linux", oci_linux),
};
const struct oci_object oci_config_object = OCI_OBJECT_OF(oci_config);
