/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The configuration that `davit spec` writes: what people know from runc, with a cgroup namespace,
 * which belongs to an isolated container on cgroup v2. It goes through the same decoder and encoder
 * as everybody's.
 */
#include <string.h>
#include <unistd.h>

#include "api/export.h"
#include "oci-spec/json.h"

static const char default_config[] =
	"{\"ociVersion\":\"1.3.0\","
	"\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],"
	"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\"TERM=xterm\"],"
	"\"cwd\":\"/\","
	"\"capabilities\":{"
	"\"bounding\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
	"\"effective\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
	"\"permitted\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],"
	"\"noNewPrivileges\":true},"
	"\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
	"\"hostname\":\"davit\","
	"\"mounts\":["
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
	"\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
	"\"linux\":{"
	"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},"
	"{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
	"\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
	"\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\",\"/proc/latency_stats\","
	"\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\",\"/sys/firmware\",\"/proc/scsi\"],"
	"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/sysrq-trigger\"]}}";

/* An ordinary user: a user namespace for the caller's own ids, and no limits, for which there may
 * be no cgroup. */
static int make_rootless(struct arena *a, struct oci_config *c)
{
	struct oci_linux *l = arena_new(a, struct oci_linux);
	struct oci_id_mapping *ids = arena_array(a, 2, sizeof(*ids));
	struct oci_namespace *spaces;

	if (!l || !ids)
		return -ENOMEM;
	*l = *c->linux_config;
	spaces = arena_array(a, l->namespaces.count + 1, sizeof(*spaces));
	if (!spaces)
		return -ENOMEM;
	memcpy(spaces, l->namespaces.items, l->namespaces.count * sizeof(*spaces));
	spaces[l->namespaces.count++] = (struct oci_namespace){ .type = "user" };
	l->namespaces.items = spaces;
	ids[0] = (struct oci_id_mapping){ 0, geteuid(), 1 };
	ids[1] = (struct oci_id_mapping){ 0, getegid(), 1 };
	l->uid_mappings = (struct oci_id_mappings){ &ids[0], 1 };
	l->gid_mappings = (struct oci_id_mappings){ &ids[1], 1 };
	l->resources = NULL;
	c->linux_config = l;
	return 0;
}

int davit_spec(bool rootless, char **ret_json, struct davit_error *err)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_config *c;
	size_t len = 0;
	char *text = NULL;

	if (oci_config_decode(&a, default_config, sizeof(default_config) - 1, "spec", &c, &e) ==
	    0) {
		if (!rootless || make_rootless(&a, c) == 0)
			text = oci_config_encode(&a, c, true, &len);
		export_json(text, len, ret_json, &e);
	}
	arena_release(&a);
	return error_export(err, &e);
}
