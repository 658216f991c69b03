/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Check of linux.sysctl: a parameter that no namespace isolates would change the host.
 */
#include <string.h>

#include "base/path.h"
#include "check.h"

struct parameter {
	const char *path;
	bool is_prefix;
	const char *ns;
};

static const struct parameter parameters[] = {
	{ "net/", true, "network" },       { "fs/mqueue/", true, "ipc" },
	{ "user/", true, "user" },         { "kernel/domainname", false, "uts" },
	{ "kernel/msgmax", false, "ipc" }, { "kernel/msgmnb", false, "ipc" },
	{ "kernel/msgmni", false, "ipc" }, { "kernel/sem", false, "ipc" },
	{ "kernel/shmall", false, "ipc" }, { "kernel/shmmax", false, "ipc" },
	{ "kernel/shmmni", false, "ipc" }, { "kernel/shm_rmid_forced", false, "ipc" },
};

static bool is_sound(const char *path)
{
	return path_is_plain(path) && !strchr(path, '\n');
}

static const struct parameter *find(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		const struct parameter *p = &parameters[i];

		if (p->is_prefix ? !strncmp(path, p->path, strlen(p->path))
				 : !strcmp(path, p->path))
			return p;
	}
	return NULL;
}

static void check_one(struct check *k, const struct oci_config *c, const struct oci_pair *pair)
{
	const char *name = pair->key;
	const char *pointer = BELOW("/linux/sysctl", name);
	char path[OCI_SYSCTL_PATH_SIZE];
	const struct parameter *p;

	if (!oci_sysctl_path(name, path) || !is_sound(path)) {
		check_fail(k, pointer, "no name for a kernel parameter: %s", name);
		return;
	}
	p = find(path);
	if (!strcmp(path, "kernel/hostname"))
		check_fail(k, pointer, "%s is set by the member \"hostname\"", name);
	else if (!p)
		check_fail(k, pointer, "not a parameter of a namespace: %s", name);
	else if (!oci_config_namespace(c, p->ns))
		check_fail(k, pointer, "%s needs %s %s namespace in /linux/namespaces", name,
			   p->ns[0] == 'i' ? "an" : "a", p->ns);
	else if (!strcmp(path, "kernel/domainname") && c->domainname &&
		 strcmp(c->domainname, pair->value) != 0)
		check_fail(k, pointer, "%s is set by the member \"domainname\" to another value",
			   name);
}

void check_sysctl(struct check *k, const struct oci_config *c)
{
	for (size_t i = 0; c->linux_config && i < c->linux_config->sysctl.count; i++)
		check_one(k, c, &c->linux_config->sysctl.items[i]);
}
