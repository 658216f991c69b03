/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of the features document; see features.h. Words are free: the document lists what
 * another build may know.
 */
#include "features.h"
#include "table.h"

/* clang-format off */

static const struct oci_field oci_features_cgroup_fields[] = {
	ROW_BOOL(oci_features_cgroup, v1, "v1"),
	ROW_BOOL(oci_features_cgroup, v2, "v2"),
	ROW_BOOL(oci_features_cgroup, systemd, "systemd"),
	ROW_BOOL(oci_features_cgroup, systemd_user, "systemdUser"),
	ROW_BOOL(oci_features_cgroup, rdma, "rdma"),
};
static const struct oci_object oci_features_cgroup_object = OCI_OBJECT_OF(oci_features_cgroup);

static const struct oci_field oci_features_seccomp_fields[] = {
	ROW_BOOL(oci_features_seccomp, enabled, "enabled"),
	ROW_STRINGS(oci_features_seccomp, actions, "actions", 0),
	ROW_STRINGS(oci_features_seccomp, operators, "operators", 0),
	ROW_STRINGS(oci_features_seccomp, archs, "archs", 0),
	ROW_STRINGS(oci_features_seccomp, known_flags, "knownFlags", 0),
	ROW_STRINGS(oci_features_seccomp, supported_flags, "supportedFlags", 0),
};
static const struct oci_object oci_features_seccomp_object = OCI_OBJECT_OF(oci_features_seccomp);

static const struct oci_field oci_features_switch_fields[] = {
	ROW_BOOL(oci_features_switch, enabled, "enabled"),
};
static const struct oci_object oci_features_switch_object = OCI_OBJECT_OF(oci_features_switch);

static const struct oci_field oci_features_intel_rdt_fields[] = {
	ROW_BOOL(oci_features_intel_rdt, enabled, "enabled"),
	ROW_BOOL(oci_features_intel_rdt, schemata, "schemata"),
	ROW_BOOL(oci_features_intel_rdt, monitoring, "monitoring"),
};
static const struct oci_object oci_features_intel_rdt_object = OCI_OBJECT_OF(oci_features_intel_rdt);

static const struct oci_field oci_features_memory_policy_fields[] = {
	ROW_STRINGS(oci_features_memory_policy, modes, "modes", 0),
	ROW_STRINGS(oci_features_memory_policy, flags, "flags", 0),
};
static const struct oci_object oci_features_memory_policy_object =
	OCI_OBJECT_OF(oci_features_memory_policy);

static const struct oci_field oci_features_mount_extensions_fields[] = {
	ROW_OBJECT(oci_features_mount_extensions, idmap, "idmap", oci_features_switch),
};
static const struct oci_object oci_features_mount_extensions_object =
	OCI_OBJECT_OF(oci_features_mount_extensions);

static const struct oci_field oci_features_linux_fields[] = {
	ROW_STRINGS(oci_features_linux, namespaces, "namespaces", 0),
	ROW_STRINGS(oci_features_linux, capabilities, "capabilities", 0),
	ROW_OBJECT(oci_features_linux, cgroup, "cgroup", oci_features_cgroup),
	ROW_OBJECT(oci_features_linux, seccomp, "seccomp", oci_features_seccomp),
	ROW_OBJECT(oci_features_linux, apparmor, "apparmor", oci_features_switch),
	ROW_OBJECT(oci_features_linux, selinux, "selinux", oci_features_switch),
	ROW_OBJECT(oci_features_linux, intel_rdt, "intelRdt", oci_features_intel_rdt),
	ROW_OBJECT(oci_features_linux, memory_policy, "memoryPolicy", oci_features_memory_policy),
	ROW_OBJECT(oci_features_linux, mount_extensions, "mountExtensions",
		   oci_features_mount_extensions),
	ROW_OBJECT(oci_features_linux, net_devices, "netDevices", oci_features_switch),
};
static const struct oci_object oci_features_linux_object = OCI_OBJECT_OF(oci_features_linux);

static const struct oci_field oci_features_fields[] = {
	ROW_STRING(oci_features, oci_version_min, "ociVersionMin", OCI_REQUIRED),
	ROW_STRING(oci_features, oci_version_max, "ociVersionMax", OCI_REQUIRED),
	ROW_STRINGS(oci_features, hooks, "hooks", 0),
	ROW_STRINGS(oci_features, mount_options, "mountOptions", 0),
	ROW_OBJECT(oci_features, linux_features, "linux", oci_features_linux),
	ROW_MAP(oci_features, annotations, "annotations"),
	ROW_STRINGS(oci_features, potentially_unsafe_config_annotations,
		    "potentiallyUnsafeConfigAnnotations", 0),
};
const struct oci_object oci_features_object = OCI_OBJECT_OF(oci_features);
