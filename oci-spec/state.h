/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The state of a container (runtime.md#state) as C types, and davit's own members of its
 * state.json. Decoded and encoded by the same tables as config.json.
 */
#ifndef DAVIT_OCI_STATE_H
#define DAVIT_OCI_STATE_H

#include "json.h"

/* What `state` prints, hooks get on stdin, and `list` shows. */
struct oci_state {
	const char *oci_version, *id;
	const char *status; /* "creating", "created", "running", "stopped", "paused" */
	const int64_t *pid;
	const char *bundle;
	const char *rootfs, *created, *owner; /* members that runc and crun add */
	const char *systemd_scope;            /* crun */
	struct oci_map annotations;
};

char *oci_state_encode(struct arena *a, const struct oci_state *s, bool pretty, size_t *ret_len);
int oci_state_decode(struct arena *a, const char *text, size_t len, const char *name,
		     struct oci_state **ret, struct err *e);

/* What a seccomp agent gets with a listener (config-linux.md, "The Container Process State"). */
struct oci_process_state {
	const char *oci_version;
	struct oci_strings fds; /* names of the descriptors that go with it */
	int64_t pid;            /* of the process with the filter */
	const char *metadata;
	const struct oci_state *state; /* of its container */
};

char *oci_process_state_encode(struct arena *a, const struct oci_process_state *s, size_t *ret_len);

/* The journal that the state directory holds (state.json of davit): version 1. */
struct davit_state {
	int64_t version;
	const char *phase; /* "creating": before the commit; "created": after it */
	const char *id, *oci_version, *bundle, *rootfs, *created, *owner;
	const char *boot_id;
	const int64_t *pid; /* of the container's first process, in the runtime's pid namespace */
	const uint64_t
		*start_time; /* of that process: /proc/PID/stat field 22, clock ticks after boot */
	const char *cgroup_path;   /* below the cgroup root; absent: no cgroup */
	const char *cgroup_owner;  /* the mark that its directory carries */
	const char *systemd_scope; /* the unit of it; absent: the cgroup is davit's alone */
	const bool *systemd_user;  /* of the user's own manager */
	const uint64_t *cgroup_inode;
	const bool *cgroup_was_there; /* the cgroup existed before create: delete leaves it */
	/* Below the root of resctrl, to be removed by delete; absent: nothing was made. */
	const char *resctrl_group, *resctrl_monitor;
	const bool *terminal, *has_start_socket;
	const bool
		*shares_pid_ns; /* no pid namespace of its own: others outlive the first process */
	/* Without a mount namespace of its own: see setup/root_place.h. */
	const uint64_t *place_inode, *place_mount, *root_mount;
	const bool *no_new_keyring;   /* exec keeps its caller's, too */
	const char *seccomp_receiver; /* of a filter with a listener; absent: it has none */
	struct oci_map annotations;
};

char *davit_state_encode(struct arena *a, const struct davit_state *s, size_t *ret_len);
int davit_state_decode(struct arena *a, const char *text, size_t len, const char *name,
		       struct davit_state **ret, struct err *e);

#endif
