/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The features document (features.md, features-linux.md) as C types: what the runtime implements,
 * whatever the host can do. Encoded by the same tables as config.json; the rules for absent members
 * are those of config.h.
 */
#ifndef DAVIT_OCI_FEATURES_H
#define DAVIT_OCI_FEATURES_H

#include "json.h"

struct oci_features_cgroup {
	const bool *v1, *v2, *systemd, *systemd_user, *rdma;
};

struct oci_features_seccomp {
	const bool *enabled;
	struct oci_strings actions, operators, archs, known_flags, supported_flags;
};

/* apparmor, selinux, idmap, netDevices */
struct oci_features_switch {
	const bool *enabled;
};

struct oci_features_intel_rdt {
	const bool *enabled, *schemata, *monitoring;
};

struct oci_features_memory_policy {
	struct oci_strings modes, flags;
};

struct oci_features_mount_extensions {
	const struct oci_features_switch *idmap;
};

struct oci_features_linux {
	struct oci_strings namespaces, capabilities;
	const struct oci_features_cgroup *cgroup;
	const struct oci_features_seccomp *seccomp;
	const struct oci_features_switch *apparmor, *selinux;
	const struct oci_features_intel_rdt *intel_rdt;
	const struct oci_features_memory_policy *memory_policy;
	const struct oci_features_mount_extensions *mount_extensions;
	const struct oci_features_switch *net_devices;
};

struct oci_features {
	const char *oci_version_min, *oci_version_max;
	struct oci_strings hooks, mount_options;
	struct oci_map annotations;
	struct oci_strings potentially_unsafe_config_annotations;
	const struct oci_features_linux *linux_features;
};

char *oci_features_encode(struct arena *a, const struct oci_features *f, bool pretty,
			  size_t *ret_len);
int oci_features_decode(struct arena *a, const char *text, size_t len, const char *name,
			struct oci_features **ret, struct err *e);

#endif
