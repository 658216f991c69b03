/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of checks share; the table of all checks is in check.c. A check looks at the
 * document only, never at the host, and reports every violation that it sees.
 */
#ifndef DAVIT_OCI_CHECK_H
#define DAVIT_OCI_CHECK_H

#include "base/numbers.h"
#include "json.h"
#include "json_pointer.h"

struct check;
typedef void check_fn(struct check *k, const struct oci_config *c);

struct check_row {
	const char *name;
	check_fn *run;
	const char *clause;
	unsigned documents;
};

/* One walk of the table. */
struct check {
	oci_check_fn *found;
	void *arg;
	const struct check_row *row;
	const char *prefix; /* of the pointers in the whole document: where this one begins */
	size_t count;
	bool is_stopped;
};

/* check_tools.c */
void check_fail(struct check *k, const char *pointer, const char *format, ...) PRINTF_LIKE(3, 4);

/* Whether @text is one of the words, which end with NULL. */
bool check_is_one_of(const char *text, const char *const *words);
/* A list as of cpuset(7), "0-3,7", of numbers up to @most; NULL and "" are none. */
bool check_is_numbers(const char *list, unsigned most);
/* A list of id mappings: sizes, overlaps, number. */
void check_mappings(struct check *k, const char *pointer, const struct oci_id_mappings *m);

/* No file system has a longer name (NAME_MAX), no call takes a longer path (PATH_MAX). */
bool check_is_path_short(const char *path);
void check_fail_long_path(struct check *k, const char *pointer, const char *path);

/* check_process.c */
check_fn check_args, check_cwd, check_env, check_user, check_rlimits, check_oom_score,
	check_scheduler, check_io_priority, check_console_size, check_cpu_affinity;
/* check_linux.c */
check_fn check_host_names, check_namespaces, check_id_mappings, check_time_offsets, check_devices,
	check_net_devices, check_masked_paths, check_readonly_paths, check_intel_rdt,
	check_memory_policy, check_mount_label, check_personality;
/* check_cgroup.c */
check_fn check_cgroups_path, check_memory, check_cpu, check_device_rules, check_hugepages,
	check_block_io, check_rdma, check_unified;
/* check_sysctl.c */
check_fn check_sysctl;
/* check_seccomp.c */
check_fn check_seccomp;

#endif
