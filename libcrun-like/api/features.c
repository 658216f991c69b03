/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The features document (features.md): what this build does, from the tables that do it; never what
 * the host can do.
 */
#include "oci-spec/features.h"

#include <string.h>

#include "api/export.h"
#include "config-davit.h"
#include "oci-spec/json.h"
#include "oci-spec/words.h"
#include "setup/annotations.h"
#include "setup/filesystem/mount_options.h"
#include "setup/process/credentials.h"
#include "setup/process/memory_policy.h"
#include "setup/seccomp/seccomp.h"

enum {
	NAMES_MAX = 128
};

static const bool yes = true, no = false;

/* A list of names given by an indexed function; NULL ends it. */
static struct oci_strings names_of(struct arena *a, const char *(*name)(size_t i))
{
	struct oci_strings s = { arena_array(a, NAMES_MAX, sizeof(char *)), 0 };

	while (s.items && s.count < NAMES_MAX && name(s.count)) {
		s.items[s.count] = name(s.count);
		s.count++;
	}
	return s;
}

static const char *namespace_name(size_t i)
{
	return oci_namespace_words[i];
}

static struct oci_strings archs_of(struct arena *a)
{
	struct oci_strings s = { arena_array(a, NAMES_MAX, sizeof(char *)), 0 };

	for (size_t i = 0; s.items && oci_seccomp_arch_words[i]; i++)
		if (seccomp_has_arch(oci_seccomp_arch_words[i]))
			s.items[s.count++] = oci_seccomp_arch_words[i];
	return s;
}

static struct oci_strings cap_names(struct arena *a)
{
	struct oci_strings s = { 0 };

	credentials_cap_names(a, &s);
	return s;
}

#define STRINGS(...)                                                                               \
	{                                                                                          \
		(const char *[]){ __VA_ARGS__ },                                                   \
			sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)                   \
	}

static char *encode(struct arena *a, size_t *ret_len)
{
	static const struct oci_features_switch on = { &yes };
	const bool *const has_systemd = DAVIT_HAS_SYSTEMD ? &yes : &no;
	const bool has_seccomp = seccomp_built_version()[0] != '\0';
	const struct oci_strings caps = cap_names(a);
	const struct oci_features_cgroup cgroup = { &no, &yes, has_systemd, has_systemd, &yes };
	const struct oci_features_seccomp seccomp = {
		.enabled = has_seccomp ? &yes : &no,
		.actions = names_of(a, seccomp_action_name),
		.operators = names_of(a, seccomp_operator_name),
		.archs = archs_of(a),
		.known_flags = names_of(a, seccomp_flag_name),
		.supported_flags = names_of(a, seccomp_flag_name),
	};
	const struct oci_features_mount_extensions extensions = { &on };
	const struct oci_features_intel_rdt rdt = { &yes, &yes, &yes };
	const struct oci_features_memory_policy memory_policy = {
		.modes = names_of(a, memory_policy_mode_name),
		.flags = names_of(a, memory_policy_flag_name),
	};
	const struct oci_features_linux lin = {
		.namespaces = names_of(a, namespace_name),
		.capabilities = caps,
		.cgroup = &cgroup,
		.seccomp = &seccomp,
		.apparmor = &on,
		.selinux = &on,
		.intel_rdt = &rdt,
		.memory_policy = &memory_policy,
		.mount_extensions = &extensions,
		.net_devices = &on,
	};
	struct oci_pair annotations[] = {
		{ "org.davit.version", DAVIT_VERSION_TEXT },
		/* Engines ask for it by runc's name, as crun answers too. */
		{ "org.opencontainers.runc.checkpoint.enabled", "true" },
		{ "io.github.seccomp.libseccomp.version", seccomp_built_version() },
	};
	const struct oci_features f = {
		.oci_version_min = "1.0.0",
		.oci_version_max = OCI_VERSION,
		.hooks = STRINGS("prestart", "createRuntime", "createContainer", "startContainer",
				 "poststart", "poststop"),
		.mount_options = names_of(a, mount_option_name),
		.annotations = { annotations, has_seccomp ? 3 : 2 },
		.potentially_unsafe_config_annotations = names_of(a, annotation_name),
		.linux_features = &lin,
	};

	return oci_features_encode(a, &f, true, ret_len);
}

int davit_features(char **ret_json, struct davit_error *err)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	size_t len = 0;
	char *text = encode(&a, &len);

	export_json(text, len, ret_json, &e);
	arena_release(&a);
	return error_export(err, &e);
}

const char *const *davit_build_features(void)
{
	static const char *const all[] = { "SYSTEMD", "CAP", "SECCOMP", "EBPF", "CRIU", NULL };
	static const char *const no_seccomp[] = { "SYSTEMD", "CAP", "EBPF", "CRIU", NULL };
	const char *const *list = seccomp_built_version()[0] ? all : no_seccomp;

	return DAVIT_HAS_SYSTEMD ? list : list + 1;
}

const char *davit_seccomp_version(void)
{
	return seccomp_built_version();
}
