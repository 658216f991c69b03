/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * info: what this host and its kernel offer, and what davit makes of it. features tells what is
 * built and is the same everywhere; this is asked of the kernel each time.
 */
#include <string.h>
#include <sys/utsname.h>

#include "api/export.h"
#include "base/fmt.h"
#include "kernel/cgroupfs.h"
#include "kernel/file.h"
#include "kernel/probe.h"
#include "oci-spec/json_paths.h"
#include "oci-spec/words.h"
#include "operation/operation.h"

enum {
	TEXT_SIZE = 4096,
	PATH_SIZE = 160
};

/* Each fact goes to the document and to the callback, whichever is wanted. */
struct info {
	struct json_paths *json;
	davit_info_fn *each; /* may be NULL */
	void *arg;
	bool *has_stopped; /* the callback wants no more */
};

static void tell(const struct info *i, const char *name, const char *value)
{
	if (i->each && !*i->has_stopped)
		*i->has_stopped = i->each(i->arg, name, value) != 0;
}

static void add_text(const struct info *i, const char *name, const char *value)
{
	json_paths_string(i->json, name, value);
	tell(i, name, value);
}

static void add_bool(const struct info *i, const char *name, bool value)
{
	json_paths_bool(i->json, name, value);
	tell(i, name, value ? "yes" : "no");
}

/* A list of words between blanks or commas. */
static void add_words(const struct info *i, const char *name, const char *words)
{
	char path[PATH_SIZE], word[64];
	size_t count = 0, len;

	for (const char *at = words; *(at += strspn(at, " ,\n")); at += len) {
		len = strcspn(at, " ,\n");
		fmt(path, sizeof(path), "%s/%zu", name, count++);
		fmt(word, sizeof(word), "%.*s", (int)len, at);
		json_paths_string(i->json, path, word);
	}
	if (!count)
		json_paths_raw(i->json, name, "[]");
	tell(i, name, words);
}

/* A number that a file of procfs holds. */
static void add_file(const struct info *i, const char *name, const char *path)
{
	char text[64];

	if (probe_read(path, text, sizeof(text)) > 0)
		add_text(i, name, text);
}

static void add_probes(const struct info *i, const char *section,
		       const char *(*probe)(size_t, bool *))
{
	char path[PATH_SIZE];
	const char *name;
	bool has = false;

	for (size_t n = 0; (name = probe(n, &has)); n++) {
		fmt(path, sizeof(path), "%s/%s", section, name);
		add_bool(i, path, has);
	}
}

static void add_kernel(const struct info *i)
{
	struct utsname name;

	if (uname(&name) == 0) {
		add_text(i, "kernel/release", name.release);
		add_text(i, "kernel/machine", name.machine);
	}
	add_probes(i, "kernel/syscalls", probe_syscall);
}

static void add_cgroup(const struct info *i, const struct davit_context *ctx)
{
	/* Those of v2; a hybrid host has bound some of them to v1. */
	static const char *const known[] = { "cpu", "cpuset", "io", "memory", "pids", "hugetlb" };
	char controllers[TEXT_SIZE], on_v1[128] = "", own[TEXT_SIZE];
	const char *root = "";
	_cleanup_fd_ int fd = cgroupfs_open_root(&root);

	add_text(i, "cgroup/manager", ctx->cgroup_manager ? ctx->cgroup_manager : "cgroupfs");
	add_bool(i, "cgroup/v2", fd >= 0);
	if (fd < 0)
		return;
	for (size_t n = 0; n < ARRAY_SIZE(known); n++)
		if (cgroupfs_is_on_v1(known[n]))
			fmt(on_v1 + strlen(on_v1), sizeof(on_v1) - strlen(on_v1), "%s%s",
			    *on_v1 ? " " : "", known[n]);
	add_text(i, "cgroup/path", root);
	if (cgroupfs_get_own_path(own, sizeof(own)) == 0)
		add_text(i, "cgroup/own", own);
	if (file_read(fd, "cgroup.controllers", controllers, sizeof(controllers)) >= 0)
		add_words(i, "cgroup/controllers", controllers);
	add_words(i, "cgroup/boundToV1", on_v1);
}

static void add_namespaces(const struct info *i)
{
	char path[PATH_SIZE];

	for (size_t n = 0; oci_namespace_words[n]; n++) {
		const char *word = oci_namespace_words[n];
		const char *file = strcmp(word, "mount") == 0     ? "mnt"
				   : strcmp(word, "network") == 0 ? "net"
								  : word;

		fmt(path, sizeof(path), "namespaces/%s", word);
		add_bool(i, path, probe_has_namespace(file));
	}
	add_file(i, "userNamespaces/max", "/proc/sys/user/max_user_namespaces");
	add_file(i, "userNamespaces/unprivileged", "/proc/sys/kernel/unprivileged_userns_clone");
	add_file(i, "userNamespaces/restrictedByAppArmor",
		 "/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
}

static void add_security(const struct info *i)
{
	char text[TEXT_SIZE];

	if (probe_read("/sys/kernel/security/lsm", text, sizeof(text)) >= 0)
		add_words(i, "security/lsm", text);
	if (probe_read("/proc/sys/kernel/seccomp/actions_avail", text, sizeof(text)) >= 0)
		add_words(i, "security/seccompActions", text);
	add_probes(i, "security/seccompFlags", probe_seccomp_flag);
}

/* What follows from it: how davit works here. */
static void add_use(const struct info *i, const struct davit_context *ctx)
{
	const char *criu = probe_find_criu();
	const char *const *features = davit_build_features();
	char words[TEXT_SIZE] = "";

	for (; *features; features++)
		fmt(words + strlen(words), sizeof(words) - strlen(words), "%s%s", *words ? " " : "",
		    *features);
	add_text(i, "davit/version", davit_version());
	add_text(i, "davit/ociVersion", davit_oci_version());
	add_text(i, "davit/libseccomp", davit_seccomp_version());
	add_words(i, "davit/builtWith", words);
	add_text(i, "davit/stateRoot", davit_context_root(ctx));
	add_bool(i, "davit/rootless", ctx->is_rootless);
	add_text(i, "davit/criu", criu ? criu : "");
}

int davit_info(struct davit_context *ctx, davit_info_fn *each, void *arg, char **ret_json,
	       struct davit_error *err)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	bool has_stopped = false;
	struct info i = { json_paths_new(&a, true), each, arg, &has_stopped };
	size_t len = 0;

	if (!i.json) {
		err_set(&e, ENOMEM, "look at the host");
		return error_export(err, &e);
	}
	add_kernel(&i);
	add_cgroup(&i, ctx);
	add_namespaces(&i);
	add_security(&i);
	add_use(&i, ctx);
	if (ret_json) {
		const char *text = json_paths_end(i.json, &len);

		export_json(text, len, ret_json, &e);
	}
	arena_release(&a);
	return error_export(err, &e);
}
