/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See config.h: what more than one reader of the document asks of it.
 */
#include "oci-spec/config.h"

#include <string.h>

enum {
	NAMESPACE_TYPES = 8
};

/* A list without duplicates has no more entries; a longer one is refused, and must not cost time.
 */
const struct oci_namespace *oci_config_namespace(const struct oci_config *c, const char *type)
{
	const struct oci_linux *l = c->linux_config;

	for (size_t i = 0; l && i < l->namespaces.count && i < NAMESPACE_TYPES; i++)
		if (!strcmp(l->namespaces.items[i].type, type))
			return &l->namespaces.items[i];
	return NULL;
}

bool oci_sysctl_path(const char *name, char ret[static OCI_SYSCTL_PATH_SIZE])
{
	size_t len = strlen(name), first = strcspn(name, "./");

	if (len >= OCI_SYSCTL_PATH_SIZE)
		return false;
	memcpy(ret, name, len + 1);
	for (size_t i = 0; name[first] == '.' && i < len; i++) {
		if (name[i] == '.')
			ret[i] = '/';
		else if (name[i] == '/')
			ret[i] = '.';
	}
	return true;
}

bool oci_mount_is_bind(const struct oci_mount *m)
{
	if (m->type && strcmp(m->type, "bind") == 0)
		return true;
	for (size_t i = 0; i < m->options.count; i++)
		if (strcmp(m->options.items[i], "bind") == 0 ||
		    strcmp(m->options.items[i], "rbind") == 0)
			return true;
	return false;
}
