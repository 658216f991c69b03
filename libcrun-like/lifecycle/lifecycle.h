/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of a container's life (lifecycle.c), and its rows' functions (steps_*.c).
 */
#ifndef DAVIT_LIFECYCLE_LIFECYCLE_H
#define DAVIT_LIFECYCLE_LIFECYCLE_H

#include "lifecycle/run.h"

/* The whole table; create does the rows before STEP_START, start those from it on, run both. */
extern const struct step life_steps[];
extern const size_t life_step_count;

/* The table of exec: another program in a container that is there. */
extern const struct step exec_steps[];
extern const size_t exec_step_count;

/* The table of restore: criu makes the first process and all others. */
extern const struct step restore_steps[];
extern const size_t restore_step_count;

/* steps_restore.c */
int step_find_criu(struct run *run, struct err *e);
int step_open_images(struct run *run, struct err *e);
int step_restore_place(struct run *run, struct err *e);
int step_restore_mount_points(struct run *run, struct err *e);
int step_criu_start(struct run *run, struct err *e);
int step_criu_unit(struct run *run, struct err *e);
int step_criu_begin(struct run *run, struct err *e);
void undo_criu_begin(struct run *run);
void undo_criu(struct run *run);
int step_criu_restore(struct run *run, struct err *e);
int step_criu_finish(struct run *run, struct err *e);

/* steps_exec.c */
int step_exec_decode(struct run *run, struct err *e);
int step_exec_check(struct run *run, struct err *e);
int step_exec_prepare(struct run *run, struct err *e);
int step_exec_cgroup(struct run *run, struct err *e);
int step_initial_cpus(struct run *run, struct err *e);
void undo_initial_cpus(struct run *run);
int step_own_cpus(struct run *run, struct err *e);
int step_exec_join_first(struct run *run, struct err *e);
int step_enter(struct run *run, struct err *e);
int step_final_cpus(struct run *run, struct err *e);

/* steps_plan.c: HOST, pure, and what the kernel has to answer first. */
int step_decode(struct run *run, struct err *e);
int step_check(struct run *run, struct err *e);
int step_prepare(struct run *run, struct err *e);
int step_filter(struct run *run, struct err *e);

/* steps_host.c */
int step_claim(struct run *run, struct err *e);
void undo_claim(struct run *run);
int step_open_namespaces(struct run *run, struct err *e);
int step_mount_maps(struct run *run, struct err *e);
int step_root_place(struct run *run, struct err *e);
void undo_root_place(struct run *run);
int step_console_socket(struct run *run, struct err *e);
int step_terminal_pair(struct run *run, struct err *e);
int step_terminal(struct run *run, struct err *e);
void undo_terminal(struct run *run);
int step_cgroup(struct run *run, struct err *e);
int step_unit(struct run *run, struct err *e);
void undo_cgroup(struct run *run);
int step_start_socket(struct run *run, struct err *e);
int step_spawn(struct run *run, struct err *e);
void undo_spawn(struct run *run);
int step_id_maps(struct run *run, struct err *e);
int step_oom_score(struct run *run, struct err *e);
int step_keep_config(struct run *run, struct err *e);
int step_device_filter(struct run *run, struct err *e);
int step_cgroup_owner(struct run *run, struct err *e);
int step_sub_cgroup(struct run *run, struct err *e);
int step_rdt(struct run *run, struct err *e);
void undo_rdt(struct run *run);
int step_rdt_process(struct run *run, struct err *e);
int step_net_devices(struct run *run, struct err *e);
void undo_net_devices(struct run *run);
int step_raise_rlimits(struct run *run, struct err *e);
int step_host_scheduling(struct run *run, struct err *e);
int step_hook_files(struct run *run, struct err *e);
int step_host_hooks(struct run *run, struct err *e);
int step_process_limit(struct run *run, struct err *e);
int step_pid_file(struct run *run, struct err *e);
void undo_pid_file(struct run *run);
int step_publish(struct run *run, struct err *e);
void undo_publish(struct run *run);
int step_poststart(struct run *run, struct err *e);

/* steps_sources.c */
int step_open_sources(struct run *run, struct err *e);
int step_lock_sources(struct run *run, struct err *e);
int step_take_sources(struct run *run, struct err *e);

/* steps_sockets.c */
int step_pidfd_socket(struct run *run, struct err *e);
int step_send_pidfd(struct run *run, struct err *e);
int step_notify_socket(struct run *run, struct err *e);
int step_agent(struct run *run, struct err *e);

/* steps_middle.c */
int step_middle(struct run *run, struct err *e);
void undo_middle(struct run *run);
int step_join_first(struct run *run, struct err *e);
int step_time_offsets(struct run *run, struct err *e);
int step_spawn_from_middle(struct run *run, struct err *e);
int step_adopt(struct run *run, struct err *e);

/* steps_pid.c */
int step_enter_pid_namespace(struct run *run, struct err *e);

/* steps_init.c */
int step_begin(struct run *run, struct err *e);
int step_join(struct run *run, struct err *e);
int step_cgroup_namespace(struct run *run, struct err *e);
int step_loopback(struct run *run, struct err *e);
int step_hostname(struct run *run, struct err *e);
int step_root(struct run *run, struct err *e);
int step_mounts(struct run *run, struct err *e);
int step_devices(struct run *run, struct err *e);
int step_console(struct run *run, struct err *e);
int step_own_terminal(struct run *run, struct err *e);
int step_sysctl(struct run *run, struct err *e);
int step_create_container(struct run *run, struct err *e);
int step_working_dir(struct run *run, struct err *e);
int step_masks(struct run *run, struct err *e);
int step_own_namespaces(struct run *run, struct err *e);
int step_pivot(struct run *run, struct err *e);
int step_keyring(struct run *run, struct err *e);
int step_program(struct run *run, struct err *e);
int step_await_start(struct run *run, struct err *e);
int step_start_container(struct run *run, struct err *e);
int step_stdio(struct run *run, struct err *e);
int step_terminal_size(struct run *run, struct err *e);
int step_rlimits(struct run *run, struct err *e);
int step_scheduling(struct run *run, struct err *e);
int step_memory_policy(struct run *run, struct err *e);
int step_personality(struct run *run, struct err *e);
int step_label_check(struct run *run, struct err *e);
int step_labels(struct run *run, struct err *e);
int step_credentials(struct run *run, struct err *e);
int step_exec(struct run *run, struct err *e);

#endif
