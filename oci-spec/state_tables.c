/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of the container's state, and of davit's own journal beside it; see state.h.
 */
#include "state.h"
#include "table.h"

/* clang-format off */

/* runtime.md#state; "paused" is one more, as the specification permits. */
static const char *const status_words[] = {
	"creating", "created", "running", "stopped", "paused", NULL
};

static const struct oci_field oci_state_fields[] = {
	ROW_STRING(oci_state, oci_version, "ociVersion", OCI_REQUIRED),
	ROW_STRING(oci_state, id, "id", OCI_REQUIRED),
	ROW_I64(oci_state, pid, "pid"), /* the order of runc's state and list */
	ROW_WORD(oci_state, status, "status", OCI_REQUIRED, status_words),
	ROW_STRING(oci_state, bundle, "bundle", OCI_REQUIRED),
	ROW_STRING(oci_state, rootfs, "rootfs", 0),
	ROW_STRING(oci_state, created, "created", 0),
	ROW_STRING(oci_state, systemd_scope, "systemd-scope", 0),
	ROW_STRING(oci_state, owner, "owner", 0),
	ROW_MAP(oci_state, annotations, "annotations"),
};
const struct oci_object oci_state_object = OCI_OBJECT_OF(oci_state);

static const struct oci_field oci_process_state_fields[] = {
	ROW_STRING(oci_process_state, oci_version, "ociVersion", OCI_REQUIRED),
	ROW_STRINGS(oci_process_state, fds, "fds", 0),
	ROW_I64_IN(oci_process_state, pid, "pid", OCI_REQUIRED),
	ROW_STRING(oci_process_state, metadata, "metadata", 0),
	ROW_OBJECT(oci_process_state, state, "state", oci_state),
};
const struct oci_object oci_process_state_object = OCI_OBJECT_OF(oci_process_state);

static const char *const phase_words[] = { "creating", "created", NULL };

static const struct oci_field davit_state_fields[] = {
	ROW_I64_IN(davit_state, version, "version", OCI_REQUIRED),
	ROW_WORD(davit_state, phase, "phase", OCI_REQUIRED, phase_words),
	ROW_STRING(davit_state, id, "id", OCI_REQUIRED),
	ROW_STRING(davit_state, oci_version, "ociVersion", 0),
	ROW_STRING(davit_state, bundle, "bundle", 0),
	ROW_STRING(davit_state, rootfs, "rootfs", 0),
	ROW_STRING(davit_state, created, "created", 0),
	ROW_STRING(davit_state, owner, "owner", 0),
	ROW_STRING(davit_state, boot_id, "bootId", 0),
	ROW_I64(davit_state, pid, "pid"),
	ROW_U64(davit_state, start_time, "startTime"),
	ROW_STRING(davit_state, cgroup_path, "cgroupPath", 0),
	ROW_STRING(davit_state, cgroup_owner, "cgroupOwner", 0),
	ROW_STRING(davit_state, systemd_scope, "systemdScope", 0),
	ROW_BOOL(davit_state, systemd_user, "systemdUser"),
	ROW_U64(davit_state, cgroup_inode, "cgroupInode"),
	ROW_BOOL(davit_state, cgroup_was_there, "cgroupWasThere"),
	ROW_STRING(davit_state, resctrl_group, "resctrlGroup", 0),
	ROW_STRING(davit_state, resctrl_monitor, "resctrlMonitor", 0),
	ROW_BOOL(davit_state, terminal, "terminal"),
	ROW_BOOL(davit_state, has_start_socket, "hasStartSocket"),
	ROW_BOOL(davit_state, shares_pid_ns, "sharesPidNamespace"),
	ROW_U64(davit_state, place_inode, "placeInode"),
	ROW_U64(davit_state, place_mount, "placeMount"),
	ROW_U64(davit_state, root_mount, "rootMount"),
	ROW_BOOL(davit_state, no_new_keyring, "noNewKeyring"),
	ROW_STRING(davit_state, seccomp_receiver, "seccompReceiver", 0),
	ROW_MAP(davit_state, annotations, "annotations"),
};
const struct oci_object davit_state_object = OCI_OBJECT_OF(davit_state);
