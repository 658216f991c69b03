/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See namespaces.h.
 */
#include "setup/namespaces.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>

#include "base/fmt.h"
#include "base/words.h"
#include "kernel/caps.h"
#include "kernel/execve.h"
#include "setup/namespaces_explain.h"

static const struct word types[] = {
	{ "user", CLONE_NEWUSER }, { "mount", CLONE_NEWNS },      { "network", CLONE_NEWNET },
	{ "ipc", CLONE_NEWIPC },   { "uts", CLONE_NEWUTS },       { "pid", CLONE_NEWPID },
	{ "time", CLONE_NEWTIME }, { "cgroup", CLONE_NEWCGROUP },
};

static const struct words namespace_types = WORDS("namespace of the type", types);

const struct namespace_join *namespaces_find_joined(const struct namespaces *ns, int flag)
{
	for (size_t i = 0; i < ns->joined_count; i++)
		if (ns->joined[i].flag == flag)
			return &ns->joined[i];
	return NULL;
}

bool namespaces_is_private(const struct namespaces *ns, int flag)
{
	return namespaces_has_new(ns, flag) || namespaces_find_joined(ns, flag);
}

void namespaces_forget(struct namespaces *ns, int flag)
{
	size_t count = 0;

	for (size_t i = 0; i < ns->joined_count; i++) {
		if (ns->joined[i].flag == flag)
			close_fdp(&ns->joined[i].fd);
		else
			ns->joined[count++] = ns->joined[i];
	}
	ns->joined_count = count;
}

bool namespaces_is_own(const struct namespaces *ns, int flag)
{
	const struct namespace_join *joined = namespaces_find_joined(ns, flag);
	_cleanup_fd_ int own = -1;

	return joined && namespace_open_own(flag, &own) == 0 && namespace_is_same(own, joined->fd);
}

bool namespaces_need_middle(const struct namespaces *ns)
{
	bool joins_others =
		ns->joined_count > (namespaces_find_joined(ns, CLONE_NEWUSER) ? 1u : 0u);

	if (namespaces_find_joined(ns, CLONE_NEWUSER))
		return true;
	return namespaces_has_new(ns, CLONE_NEWUSER) && joins_others;
}

bool namespaces_may_enter_pid_late(const struct namespaces *ns)
{
	const struct namespace_join *pid = namespaces_find_joined(ns, CLONE_NEWPID);
	const struct namespace_join *user = namespaces_find_joined(ns, CLONE_NEWUSER);
	_cleanup_fd_ int owner = -1;

	if (!pid || namespaces_has_new(ns, CLONE_NEWUSER))
		return false;
	if (!user || user->fd < 0)
		return true;
	return namespace_open_owner(pid->fd, &owner) == 0 && namespace_is_same(owner, user->fd);
}

static int copy_map(struct arena *a, const struct oci_id_mappings *from, struct idmap_line **ret,
		    size_t *ret_count)
{
	struct idmap_line *lines = arena_array(a, from->count + 1, sizeof(*lines));

	if (!lines)
		return -ENOMEM;
	for (size_t i = 0; i < from->count; i++)
		lines[i] = (struct idmap_line){ from->items[i].container_id, from->items[i].host_id,
						from->items[i].size };
	*ret = lines;
	*ret_count = from->count;
	return 0;
}

static int prepare_maps(struct arena *a, const struct oci_linux *lin, struct namespaces *ns,
			struct err *e)
{
	if (!namespaces_has_new(ns, CLONE_NEWUSER))
		return 0;
	if (copy_map(a, &lin->uid_mappings, &ns->uid_map, &ns->uid_map_count) < 0 ||
	    copy_map(a, &lin->gid_mappings, &ns->gid_map, &ns->gid_map_count) < 0)
		return err_set(e, ENOMEM, "copy the id mappings");
	if (ns->uid_map_count || ns->gid_map_count)
		return 0;
	/* As crun does, for root as well. */
	ns->uid_map[0] = (struct idmap_line){ 0, ns->euid, 1 };
	ns->gid_map[0] = (struct idmap_line){ 0, ns->egid, 1 };
	ns->uid_map_count = ns->gid_map_count = 1;
	return 0;
}

/* An ordinary user may make namespaces in a user namespace of its own only, and so may root of a
 * container without privileges. */
static int check_rights(const struct namespaces *ns, struct err *e)
{
	struct caps now;

	if (namespaces_is_private(ns, CLONE_NEWUSER))
		return 0;
	if (caps_get(&now) == 0 && now.effective & 1ULL << CAP_SYS_ADMIN)
		return 0;
	if (!ns->is_rootless) {
		err_field(e, EPERM, "/linux/namespaces",
			  "there is no user namespace, and without CAP_SYS_ADMIN root may make no "
			  "others");
		return err_hint(e,
				"add { \"type\": \"user\" } with uidMappings and gidMappings, or "
				"give davit the capability (--cap-add SYS_ADMIN)");
	}
	err_field(e, EPERM, "/linux/namespaces",
		  "there is no user namespace, and user %u may make no others without one",
		  ns->euid);
	return err_hint(e, "add { \"type\": \"user\" } to linux.namespaces (`spec --rootless` "
			   "writes such a config.json), or run as root");
}

/* The process of "/proc/PID/ns/user"; 0: another path. */
static pid_t process_of(const char *path)
{
	uint64_t pid = 0;
	const char *at = path + 6;

	if (strncmp(path, "/proc/", 6) != 0)
		return 0;
	for (; *at >= '0' && *at <= '9' && pid < INT_MAX; at++)
		pid = pid * 10 + (uint64_t)(*at - '0');
	return pid <= INT_MAX && !strcmp(at, "/ns/user") ? (pid_t)pid : 0;
}

/*
 * Whether the path of the mount namespace is that of the runtime's own. Then it is as if the type
 * were not listed, which means the same namespace: joined and pivoted, it would have the
 * container's root for each process that is in it, the host's. That of process 1, where it is
 * another, must not have that either.
 */
static int look_at_mounts(const struct oci_namespace *n, size_t index, bool *ret_is_own,
			  struct err *e)
{
	_cleanup_fd_ int fd = -1, own = -1, first = -1;

	*ret_is_own = false;
	if (namespace_open(n->path, CLONE_NEWNS, &fd) < 0)
		return 0; /* told where it is to be joined */
	if (namespace_open_own(CLONE_NEWNS, &own) == 0 && namespace_is_same(own, fd)) {
		*ret_is_own = true;
		return 0;
	}
	if (namespace_open("/proc/1/ns/mnt", CLONE_NEWNS, &first) < 0 ||
	    !namespace_is_same(first, fd))
		return 0;
	err_field(e, EINVAL, POINTER("/linux/namespaces/%zu/path", index),
		  "%s is the mount namespace of process 1, whose root would become the container's",
		  n->path);
	return err_hint(e, "leave { \"type\": \"mount\" } out of linux.namespaces for a container "
			   "in the runtime's own mount namespace");
}

static int add_joined(struct namespaces *ns, const struct oci_namespace *n, int flag, size_t index,
		      struct err *e)
{
	bool is_own = false;

	if (flag == CLONE_NEWUSER)
		ns->map_pid = process_of(n->path);
	if (flag == CLONE_NEWNS && look_at_mounts(n, index, &is_own, e) < 0)
		return -e->code;
	if (!is_own)
		ns->joined[ns->joined_count++] =
			(struct namespace_join){ flag, n->type, n->path, index, -1 };
	return 0;
}

/* oci_config_check() knows it where the mount namespace is not listed. */
static int check_mounts(const struct namespaces *ns, struct err *e)
{
	if (!namespaces_is_private(ns, CLONE_NEWUSER) || namespaces_is_private(ns, CLONE_NEWNS))
		return 0;
	return err_field(e, EINVAL, "/linux/namespaces",
			 "there is a user namespace, and the mount namespace is the runtime's own");
}

int namespaces_prepare(struct arena *a, const struct oci_config *c, struct namespaces *ret,
		       struct err *e)
{
	const struct oci_linux *lin = c->linux_config;
	struct namespaces ns = { .euid = geteuid(), .egid = getegid() };

	ns.is_rootless = ns.euid != 0;
	for (size_t i = 0; lin && i < lin->namespaces.count && ns.joined_count < NAMESPACES_MAX;
	     i++) {
		const struct oci_namespace *n = &lin->namespaces.items[i];
		unsigned value;
		int flag;

		if (words_value(&namespace_types, n->type, POINTER("/linux/namespaces/%zu/type", i),
				&value, e) < 0)
			return -e->code;
		flag = (int)value;
		if (!n->path)
			ns.new_flags |= (unsigned)flag;
		else if (add_joined(&ns, n, flag, i, e) < 0)
			return -e->code;
	}
	if (check_mounts(&ns, e) < 0 || check_rights(&ns, e) < 0)
		return -e->code;
	if (lin && prepare_maps(a, lin, &ns, e) < 0)
		return -e->code;
	*ret = ns;
	return 0;
}

int namespaces_open(struct namespaces *ns, struct err *e)
{
	for (size_t i = 0; i < ns->joined_count; i++) {
		struct namespace_join *j = &ns->joined[i];
		const char *pointer = POINTER("/linux/namespaces/%zu/path", j->index);
		int r = namespace_open(j->path, j->flag, &j->fd);

		if (r == -EINVAL)
			return err_field(e, EINVAL, pointer, "%s is not a namespace file", j->path);
		if (r == -EMEDIUMTYPE)
			return err_field(e, EINVAL, pointer,
					 "%s is a namespace of another type than \"%s\"", j->path,
					 j->type);
		if (r < 0) {
			err_set(e, -r, "open the %s namespace %s", j->type, j->path);
			return err_at(e, pointer);
		}
	}
	return 0;
}

unsigned namespaces_listed(const struct oci_config *c)
{
	unsigned flags = 0;

	for (size_t i = 0; c->linux_config && i < c->linux_config->namespaces.count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(types); k++)
			if (!strcmp(types[k].text, c->linux_config->namespaces.items[i].type))
				flags |= types[k].value;
	return flags;
}

/* What is known is not looked up again: the kernel makes two files of /proc for each look. */
static int differs(pid_t pid, int flag, unsigned known)
{
	return known & (unsigned)flag ? 1 : namespace_differs(pid, flag);
}

int namespaces_of_process(pid_t pid, unsigned known, struct namespaces *ret, struct err *e)
{
	struct namespaces ns = { .euid = geteuid(), .egid = getegid() };

	ns.is_rootless = ns.euid != 0;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct namespace_join *j = &ns.joined[ns.joined_count];
		int r = differs(pid, (int)types[i].value, known);

		if (r < 0) {
			err_set(e, -r, "look at the %s namespace of process %d", types[i].text,
				(int)pid);
			if (r == -EACCES)
				err_hint(e, "an ordinary user may not look into a container that "
					    "is not started yet");
			return -e->code;
		}
		if (r == 0)
			continue;
		*j = (struct namespace_join){ (int)types[i].value, types[i].text,
					      "of the container", 0, -1 };
		ns.joined_count++;
	}
	*ret = ns;
	return 0;
}

int namespaces_of_fds(int *fds, size_t count, struct namespaces *ret, struct err *e)
{
	struct namespaces ns = { .euid = geteuid(), .egid = getegid() };

	ns.is_rootless = ns.euid != 0;
	for (size_t i = 0; i < count && ns.joined_count < NAMESPACES_MAX; i++) {
		int flag = namespace_type(fds[i]);
		_cleanup_fd_ int own = -1;

		for (size_t k = 0; k < ARRAY_SIZE(types); k++)
			if ((int)types[k].value == flag && namespace_open_own(flag, &own) == 0 &&
			    !namespace_is_same(own, fds[i]))
				ns.joined[ns.joined_count++] = (struct namespace_join){
					flag, types[k].text, "of the container", 0, take_fd(&fds[i])
				};
	}
	*ret = ns;
	return ns.joined_count ? 0 : err_set(e, ENODATA, "get the namespaces of the container");
}

int namespaces_open_own(int *fds, size_t max, struct err *e)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(types) && count < max; i++) {
		int r = namespace_open_own((int)types[i].value, &fds[count]);

		if (r < 0 && r != -ENOENT)
			return err_set(e, -r, "open the container's own %s namespace",
				       types[i].text);
		count += r == 0;
	}
	return 0;
}

int namespaces_join_process(const struct namespaces *ns, int pidfd, struct err *e)
{
	int flags = 0, r;

	for (size_t i = 0; i < ns->joined_count; i++)
		flags |= ns->joined[i].flag;
	r = flags ? namespace_join(pidfd, flags) : 0;
	if (r == -ESRCH)
		return err_kind(e, ERR_STATUS, ESRCH, "container not running");
	return r < 0 ? err_set(e, -r, "join the namespaces of the container") : 0;
}

void namespaces_close(struct namespaces *ns)
{
	for (size_t i = 0; i < ns->joined_count; i++)
		close_fdp(&ns->joined[i].fd);
}

/* One pass over the namespaces that are left; @ret_error keeps the first refusal. */
static unsigned join_pass(const struct namespaces *ns, unsigned left, size_t *ret_failed,
			  int *ret_error)
{
	*ret_error = 0;
	for (size_t i = 0; i < ns->joined_count; i++) {
		int r;

		if (!(left & 1u << i))
			continue;
		r = namespace_join(ns->joined[i].fd, ns->joined[i].flag);
		if (r == 0) {
			left &= ~(1u << i);
		} else if (!*ret_error) {
			*ret_error = r;
			*ret_failed = i;
		}
	}
	return left;
}

int namespaces_join(const struct namespaces *ns, bool with_pid, struct err *e)
{
	unsigned left = 0, user = 0;
	size_t failed = 0;
	int error = 0;

	for (size_t i = 0; i < ns->joined_count; i++) {
		if (ns->joined[i].flag == CLONE_NEWUSER)
			user |= 1u << i;
		else if (with_pid || ns->joined[i].flag != CLONE_NEWPID)
			left |= 1u << i;
	}
	left = join_pass(ns, left, &failed, &error);
	if (user && join_pass(ns, user, &failed, &error) == 0)
		left = join_pass(ns, left, &failed, &error);
	else
		left |= user;
	if (!left)
		return 0;
	err_set(e, -error, "join the %s namespace %s", ns->joined[failed].type,
		ns->joined[failed].path);
	return err_at(e, POINTER("/linux/namespaces/%zu/path", ns->joined[failed].index));
}

/* An unprivileged writer may map its own id alone, and the gid only when setgroups is denied
 * (user_namespaces(7)). */
static bool is_own_single(const struct idmap_line *map, size_t count, uint32_t own)
{
	return count == 1 && map[0].count == 1 && map[0].outside == own;
}

/* The helpers refuse what /etc/subuid and /etc/subgid do not list; the largest range is the one
 * that was meant to be. A user may be named by number there. */
static int hint_range(const struct namespaces *ns, const struct idmap_line *map, size_t count,
		      bool is_uid, struct err *e)
{
	const struct idmap_line *largest = map;

	for (size_t i = 1; i < count; i++)
		if (map[i].count > largest->count)
			largest = &map[i];
	return err_hint(e, "unless the range is listed, as root: echo %u:%u:%u >>/etc/sub%s",
			ns->euid, largest->outside, largest->count, is_uid ? "uid" : "gid");
}

static int write_map(const struct namespaces *ns, pid_t pid, bool is_uid, struct err *e)
{
	const struct idmap_line *map = is_uid ? ns->uid_map : ns->gid_map;
	size_t count = is_uid ? ns->uid_map_count : ns->gid_map_count;
	const char *file = is_uid ? "uid_map" : "gid_map";
	const char *helper = is_uid ? "newuidmap" : "newgidmap";
	bool is_single = is_own_single(map, count, is_uid ? ns->euid : ns->egid);
	char words[160] = "";
	int r;

	if (!ns->is_rootless || is_single) {
		if (ns->is_rootless && !is_uid && (r = idmap_deny_setgroups(pid)) < 0)
			return err_set(e, -r, "deny setgroups in the user namespace");
		r = idmap_write(pid, file, map, count);
		if (r == 0)
			return 0;
		err_set(e, -r, "write the %s of the user namespace", file);
		if (r == -EPERM)
			namespaces_explain_map(map, count, file, e);
		else if (r == -E2BIG)
			err_hint(e, "the kernel takes less text than a page: make fewer mappings");
		return -e->code;
	}
	r = idmap_run_helper(helper, pid, map, count, words, sizeof(words));
	if (r == -ENOENT) {
		err_kind(e, ERR_UNSUPPORTED, ENOENT, "map subordinate ids: %s is not installed",
			 helper);
		return err_hint(e, "as root: apt-get install uidmap (elsewhere the package is "
				   "shadow-utils or shadow); or map your own id alone");
	}
	if (r < 0) {
		err_kind(e, ERR_SYSTEM, -r, "write the %s of the user namespace: %s", file,
			 words[0] ? words : helper);
		/* The helper could not be started: the ranges have nothing to do with it. */
		if (r == -EAGAIN || r == -ENOMEM)
			return -e->code;
		return hint_range(ns, map, count, is_uid, e);
	}
	return 0;
}

int namespaces_write_maps(const struct namespaces *ns, pid_t pid, struct err *e)
{
	if (write_map(ns, pid, true, e) < 0)
		return -e->code;
	return write_map(ns, pid, false, e);
}

/*
 * Raw calls: the C library's wrappers would signal the other threads of a process that has none.
 * EINVAL means that id 0 is not mapped: the process keeps the overflow id, and has the capabilities
 * all the same.
 */
int namespaces_become_root(const struct namespaces *ns, struct err *e)
{
	bool may_fail = !ns->uid_map_count; /* joined: we do not know its maps */
	int r;

	r = ns->keep_groups ? 0 : execve_set_groups(NULL, 0);
	if (r < 0 && r != -EPERM && r != -EINVAL)
		return err_set(e, -r, "drop the runtime's groups");
	r = execve_set_gid(0);
	if (r < 0 && r != -EINVAL && !may_fail)
		return err_set(e, -r, "become group 0 of the user namespace");
	r = execve_set_uid(0);
	if (r < 0 && r != -EINVAL && !may_fail)
		return err_set(e, -r, "become user 0 of the user namespace");
	return 0;
}

void namespaces_describe_new(const struct namespaces *ns, const struct describe *d)
{
	char text[128] = "new:";
	size_t at = 4;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (namespaces_has_new(ns, (int)types[i].value))
			at += fmt(text + at, sizeof(text) - at, " %s", types[i].text);
	describe(d, "%s", text);
}

void namespaces_describe_joined(const struct namespaces *ns, const struct describe *d)
{
	for (size_t i = 0; i < ns->joined_count; i++)
		describe(d, "%s %s", ns->joined[i].type, ns->joined[i].path);
}

static bool is_mapped(const struct idmap_line *lines, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (id >= lines[i].inside && id - lines[i].inside < lines[i].count)
			return true;
	return false;
}

/* Of a joined namespace the kernel is asked, where it can be; else, of the runtime's own. */
static bool has_id(const struct namespaces *ns, bool is_uid, uint32_t id)
{
	size_t count = is_uid ? ns->uid_map_count : ns->gid_map_count;

	if (count)
		return is_mapped(is_uid ? ns->uid_map : ns->gid_map, count, id);
	if (namespaces_find_joined(ns, CLONE_NEWUSER) && !ns->map_pid)
		return true;
	return id == 0 || idmap_range_of(ns->map_pid, is_uid ? "uid_map" : "gid_map", id) > 0;
}

static int check_id(const struct namespaces *ns, bool is_uid, uint32_t id, const char *pointer,
		    const struct err_sink *faults, struct err *e)
{
	const char *what = is_uid ? "uid" : "gid";

	if (has_id(ns, is_uid, id))
		return 0;
	err_field(e, EINVAL, pointer, "%s %u has no mapping in the user namespace", what, id);
	if (ns->uid_map_count)
		err_hint(e, "add one to linux.%sMappings, from the ranges in /etc/sub%s", what,
			 what);
	return err_pass(faults, e) ? 0 : -e->code;
}

int namespaces_check_user(const struct namespaces *ns, const struct oci_user *user,
			  const struct err_sink *faults, struct err *e)
{
	if (check_id(ns, true, user->uid, "/process/user/uid", faults, e) < 0 ||
	    check_id(ns, false, user->gid, "/process/user/gid", faults, e) < 0)
		return -e->code;
	for (size_t i = 0; i < user->additional_gids.count; i++)
		if (check_id(ns, false, user->additional_gids.items[i],
			     POINTER("/process/user/additionalGids/%zu", i), faults, e) < 0)
			return -e->code;
	return 0;
}
