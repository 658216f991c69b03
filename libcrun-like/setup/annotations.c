/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See annotations.h. A name with a row here and no reader is a lie in the features document: the
 * row comes with the code that honours it.
 */
#include "setup/annotations.h"

#include <string.h>

static const char *const names[ANNOTATIONS] = {
	[ANNOTATION_CRIU_CONFIG] = "org.criu.config",
	[ANNOTATION_KEEP_GROUPS] = "run.oci.keep_original_groups",
	[ANNOTATION_MOUNT_CONTEXT] = "run.oci.mount_context_type",
	[ANNOTATION_DELEGATE_CGROUP] = "run.oci.delegate-cgroup",
	[ANNOTATION_HOOKS_STDOUT] = "run.oci.hooks.stdout",
	[ANNOTATION_HOOKS_STDERR] = "run.oci.hooks.stderr",
	[ANNOTATION_PIDFD_RECEIVER] = "run.oci.pidfd_receiver",
	[ANNOTATION_SECCOMP_RAW] = "run.oci.seccomp_bpf_data",
	[ANNOTATION_SECCOMP_FAIL_UNKNOWN] = "run.oci.seccomp_fail_unknown_syscall",
	[ANNOTATION_SECCOMP_RECEIVER] = "run.oci.seccomp.receiver",
	[ANNOTATION_SYSTEMD_SUBGROUP] = "run.oci.systemd.subgroup",
	[ANNOTATION_SYSTEMD_PROPERTY] = "org.systemd.property.",
};

const char *annotation_find(const struct oci_map *annotations, enum annotation which)
{
	for (size_t i = 0; i < annotations->count; i++)
		if (strcmp(annotations->items[i].key, names[which]) == 0)
			return annotations->items[i].value[0] ? annotations->items[i].value : NULL;
	return NULL;
}

bool annotation_is_there(const struct oci_map *annotations, enum annotation which)
{
	for (size_t i = 0; i < annotations->count; i++)
		if (strcmp(annotations->items[i].key, names[which]) == 0)
			return true;
	return false;
}

const char *annotation_name(size_t which)
{
	return which < ANNOTATIONS ? names[which] : NULL;
}
