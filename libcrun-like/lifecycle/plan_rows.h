/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the step tables ask of a plan: whether a row is active, and what it would do.
 */
#ifndef DAVIT_LIFECYCLE_PLAN_ROWS_H
#define DAVIT_LIFECYCLE_PLAN_ROWS_H

#include "base/describe.h"
#include "lifecycle/plan.h"

bool plan_has_seccomp(const struct plan *p);
bool plan_has_agent(const struct plan *p);
bool plan_has_joined(const struct plan *p);
bool plan_joins_in_init(const struct plan *p);
bool plan_has_mount_maps(const struct plan *p);
bool plan_has_host_sources(const struct plan *p);
bool plan_locks_sources(const struct plan *p);
bool plan_has_root_place(const struct plan *p);
bool plan_has_console_socket(const struct plan *p);
bool plan_has_pidfd_socket(const struct plan *p);
bool plan_has_notify_socket(const struct plan *p);
bool plan_has_terminal(const struct plan *p);
bool plan_shows_terminal(const struct plan *p);
bool plan_has_no_terminal(const struct plan *p);
bool plan_waits_for_size(const struct plan *p);
bool plan_has_cgroup(const struct plan *p);
bool plan_has_unit(const struct plan *p);
bool plan_is_any(const struct plan *p);
bool plan_has_device_filter(const struct plan *p);
bool plan_opens_no_device(const struct plan *p);
bool plan_has_cgroup_owner(const struct plan *p);
bool plan_has_sub_cgroup(const struct plan *p);
bool plan_has_process_limit(const struct plan *p);
bool plan_is_resumable(const struct plan *p);
bool plan_hands_out_namespaces(const struct plan *p);
bool plan_has_middle(const struct plan *p);
bool plan_enters_pid_ns_late(const struct plan *p);
bool plan_has_no_middle(const struct plan *p);
bool plan_has_id_maps(const struct plan *p);
bool plan_has_rdt(const struct plan *p);
bool plan_has_net_devices(const struct plan *p);
bool plan_has_oom_score(const struct plan *p);
bool plan_has_new_cgroup_ns(const struct plan *p);
bool plan_has_new_net_ns(const struct plan *p);
bool plan_has_hostname(const struct plan *p);
bool plan_has_create_container(const struct plan *p);
bool plan_has_start_container(const struct plan *p);
bool plan_has_poststart(const struct plan *p);
bool plan_has_hook_files(const struct plan *p);
bool plan_has_sysctl(const struct plan *p);
bool plan_has_masks(const struct plan *p);
bool plan_has_process(const struct plan *p);
bool plan_has_limits(const struct plan *p);
bool plan_has_host_limits(const struct plan *p);
bool plan_has_time_offsets(const struct plan *p);
bool plan_has_host_scheduling(const struct plan *p);
bool plan_has_own_scheduling(const struct plan *p);
bool plan_has_memory_policy(const struct plan *p);
bool plan_has_personality(const struct plan *p);
bool plan_has_labels(const struct plan *p);
bool plan_has_keyring(const struct plan *p);
bool plan_has_pid_file(const struct plan *p);
bool plan_has_initial_cpus(const struct plan *p);
bool plan_has_final_cpus(const struct plan *p);

void plan_describe_config(const struct plan *p, const struct describe *d);
void plan_describe_joined(const struct plan *p, const struct describe *d);
void plan_describe_new(const struct plan *p, const struct describe *d);
void plan_describe_time_offsets(const struct plan *p, const struct describe *d);
void plan_describe_cgroup(const struct plan *p, const struct describe *d);
void plan_describe_cgroup_owner(const struct plan *p, const struct describe *d);
void plan_describe_sub_cgroup(const struct plan *p, const struct describe *d);
void plan_describe_root(const struct plan *p, const struct describe *d);
void plan_describe_mounts(const struct plan *p, const struct describe *d);
void plan_describe_devices(const struct plan *p, const struct describe *d);
void plan_describe_rdt(const struct plan *p, const struct describe *d);
void plan_describe_net_devices(const struct plan *p, const struct describe *d);
void plan_describe_pidfd_socket(const struct plan *p, const struct describe *d);
void plan_describe_console(const struct plan *p, const struct describe *d);
void plan_describe_sysctl(const struct plan *p, const struct describe *d);
void plan_describe_masks(const struct plan *p, const struct describe *d);
void plan_describe_scheduling(const struct plan *p, const struct describe *d);
void plan_describe_memory_policy(const struct plan *p, const struct describe *d);
void plan_describe_personality(const struct plan *p, const struct describe *d);
void plan_describe_credentials(const struct plan *p, const struct describe *d);
void plan_describe_program(const struct plan *p, const struct describe *d);
void plan_describe_labels(const struct plan *p, const struct describe *d);
void plan_describe_hostname(const struct plan *p, const struct describe *d);
void plan_describe_hook_files(const struct plan *p, const struct describe *d);
void plan_describe_filter(const struct plan *p, const struct describe *d);

#endif
