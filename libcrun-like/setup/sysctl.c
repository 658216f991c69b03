/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See sysctl.h.
 */
#include "setup/sysctl.h"

#include <sched.h>
#include <string.h>

#include "kernel/procfs.h"
#include "oci-spec/json_pointer.h"

static char *key_to_path(struct arena *a, const char *key)
{
	char path[OCI_SYSCTL_PATH_SIZE];

	/* What is longer is refused by oci-spec/check_sysctl.c. */
	return arena_printf(a, "sys/%s", oci_sysctl_path(key, path) ? path : key);
}

static int item_prepare(struct arena *a, const struct oci_pair *pair, struct sysctl_item *item,
			struct err *e)
{
	item->key = pair->key;
	/* write(2) of nothing never reaches the kernel; an empty line does: it empties a string,
	 * and a number refuses it. */
	item->value = pair->value && pair->value[0] ? pair->value : "\n";
	item->path = key_to_path(a, pair->key);
	item->pointer = arena_strdup(a, BELOW("/linux/sysctl", pair->key));
	if (!item->path || !item->pointer)
		return err_set(e, ENOMEM, "prepare the sysctls");
	return 0;
}

int sysctl_prepare(struct arena *a, const struct oci_config *config, struct sysctls *ret,
		   struct err *e)
{
	struct sysctls sysctls = { 0 };
	const struct oci_map *map = config->linux_config ? &config->linux_config->sysctl : NULL;

	if (map && map->count > 0) {
		sysctls.items = arena_array(a, map->count, sizeof(*sysctls.items));
		if (!sysctls.items)
			return err_set(e, ENOMEM, "prepare the sysctls");
		sysctls.count = map->count;
		for (size_t i = 0; i < map->count; i++) {
			int r = item_prepare(a, &map->items[i], &sysctls.items[i], e);

			if (r < 0)
				return r;
		}
	}
	*ret = sysctls;
	return 0;
}

/* Which names there are is checked already (oci-spec/check_sysctl.c). */
static int namespace_of(const char *path)
{
	if (strncmp(path, "sys/net/", 8) == 0)
		return CLONE_NEWNET;
	if (strncmp(path, "sys/user/", 9) == 0)
		return CLONE_NEWUSER;
	return strcmp(path, "sys/kernel/domainname") == 0 ? CLONE_NEWUTS : CLONE_NEWIPC;
}

int sysctl_check_joined(const struct sysctls *sysctls, const struct namespaces *ns, struct err *e)
{
	for (size_t i = 0; ns->joined_count && i < sysctls->count; i++)
		if (namespaces_is_own(ns, namespace_of(sysctls->items[i].path)))
			return err_field(
				e, EINVAL, sysctls->items[i].pointer,
				"sysctl %s would change the host: the namespace to be joined "
				"is the runtime's own",
				sysctls->items[i].key);
	return 0;
}

int sysctl_apply(const struct sysctls *sysctls, int procfd, struct err *e)
{
	for (size_t i = 0; i < sysctls->count; i++) {
		const struct sysctl_item *item = &sysctls->items[i];
		int r = procfs_write(procfd, item->path, item->value);

		if (r < 0) {
			err_set(e, -r, "write \"%s\" to sysctl %s", item->value, item->key);
			err_at(e, item->pointer);
			if (r == -EACCES || r == -EPERM)
				err_hint(e, "the kernel lets this namespace read it at most");
			return -e->code;
		}
	}
	return 0;
}

void sysctl_describe(const struct sysctls *sysctls, const struct describe *d)
{
	for (size_t i = 0; i < sysctls->count; i++)
		describe(d, "sysctl %s = %s", sysctls->items[i].key, sysctls->items[i].value);
}
