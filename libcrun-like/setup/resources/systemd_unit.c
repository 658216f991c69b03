/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See systemd_unit.h.
 */
#include "setup/resources/systemd_unit.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/environment.h"
#include "base/fmt.h"
#include "config-davit.h"
#include "kernel/cgroupfs.h"
#include "kernel/helper.h"
#include "kernel/namespace.h"
#include "setup/resources/systemd_properties.h"
#include "setup/resources/systemd_protocol.h"

/* --- where it is ----------------------------------------------------------------------------- */

/* ".../user@1000.service/..." up to the end of that component; 0: it has none. */
static size_t manager_len(const char *path)
{
	static const char prefix[] = "/user@", suffix[] = ".service";
	const char *at = strstr(path, prefix), *end;

	if (!at)
		return 0;
	at += sizeof(prefix) - 1;
	end = at + strspn(at, "0123456789");
	if (end == at || strncmp(end, suffix, sizeof(suffix) - 1) != 0)
		return 0;
	end += sizeof(suffix) - 1;
	return *end == '/' || !*end ? (size_t)(end - path) : 0;
}

int systemd_find_manager(struct arena *a, bool is_user, const char **ret_path, struct err *e)
{
	char own[PATH_MAX / 2];
	size_t len = 0;
	unsigned uid;

	*ret_path = "";
	if (!is_user)
		return 0;
	if (cgroupfs_get_own_path(own, sizeof(own)) == 0)
		len = manager_len(own);
	uid = idmap_outside_uid(geteuid());
	*ret_path = len ? arena_strndup(a, own, len)
			: arena_printf(a, "/user.slice/user-%u.slice/user@%u.service", uid, uid);
	return *ret_path ? 0 : err_set(e, ENOMEM, "plan the cgroup");
}

struct systemd_unit systemd_unit_of(struct arena *a, const char *name, bool is_user,
				    const char *cgroup_path, const struct systemd_host *host)
{
	size_t len = strlen(name);
	const char *at = cgroup_path;

	while ((at = strstr(at, name)) &&
	       ((at > cgroup_path && at[-1] != '/') || (at[len] && at[len] != '/')))
		at++;
	return (struct systemd_unit){
		.name = at ? name : NULL,
		.is_user = is_user,
		.path = at ? arena_strndup(a, cgroup_path, (size_t)(at + len - cgroup_path)) : NULL,
		.host = host,
	};
}

/* --- the helper ------------------------------------------------------------------------------ */

static int open_helper(const struct systemd_host *host, int *ret_fd, struct err *e)
{
	int r;

	if (!DAVIT_HAS_SYSTEMD) {
		err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP,
			 "this davit has no support for the systemd cgroup manager");
		return err_hint(e, "build it with -Dsystemd=enabled, which needs libsystemd-dev");
	}
	r = helper_open(host ? host->helper_dir : NULL, SYSTEMD_HELPER, ret_fd);
	if (r == 0)
		return 0;
	if (r == -EPERM) {
		err_kind(e, ERR_UNSUPPORTED, EPERM,
			 "the helper " SYSTEMD_HELPER " may be written to by others");
		return err_hint(e, "it and its folder have to belong to root");
	}
	if (r != -ENOENT)
		return err_set(e, -r, "open the helper " SYSTEMD_HELPER);
	err_kind(e, ERR_UNSUPPORTED, ENOENT,
		 "the systemd cgroup manager needs the helper " SYSTEMD_HELPER
		 ", which is not there");
	return err_hint(e, "it belongs into " DAVIT_LIBEXECDIR ", or beside davit");
}

int systemd_check(const struct systemd_host *host, struct err *e)
{
	_cleanup_fd_ int fd = -1;

	if (open_helper(host, &fd, e) < 0)
		return -e->code;
	/* sd_booted(3) */
	if (faccessat(AT_FDCWD, "/run/systemd/system", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP,
		 "systemd does not run on this host (there is no /run/systemd/system)");
	return err_hint(e, "use --cgroup-manager cgroupfs, without --systemd-cgroup");
}

/* Nothing of the caller's environment for root's own manager. */
static char **make_environment(struct arena *a, const struct systemd_unit *unit)
{
	const struct systemd_host *host = unit->host;
	char **env = arena_array(a, 3, sizeof(*env));
	size_t n = 0;

	if (!env || !unit->is_user)
		return env;
	if (host && host->runtime_dir)
		env[n++] = arena_printf(a, "XDG_RUNTIME_DIR=%s", host->runtime_dir);
	else
		env[n++] = arena_printf(a, "XDG_RUNTIME_DIR=/run/user/%u",
					idmap_outside_uid(geteuid()));
	if (host)
		env[n] = environment_find(host->environment, "DBUS_SESSION_BUS_ADDRESS");
	return env[0] ? env : NULL;
}

struct answer {
	const char *name, *words;
	int code;
};

/* False: it is none. */
static bool read_answer(const char *text, size_t len, struct answer *ret)
{
	const char *fields[4], *at = text, *end = text + len;
	size_t count = 0;
	unsigned code = 0;

	if (!len || end[-1])
		return false;
	for (; at < end && count < ARRAY_SIZE(fields); at += strlen(at) + 1)
		fields[count++] = at;
	if (at != end)
		return false;
	*ret = (struct answer){ 0 };
	if (count == 1 && strcmp(fields[0], "ok") == 0)
		return true;
	if (count != 4 || strcmp(fields[0], "error") != 0)
		return false;
	for (const char *c = fields[1]; *c >= '0' && *c <= '9' && code < 4096; c++)
		code = code * 10 + (unsigned)(*c - '0');
	*ret = (struct answer){ fields[2], fields[3], code && code < 4096 ? (int)code : EIO };
	return true;
}

static int report(const struct systemd_unit *unit, const char *doing, const struct answer *a,
		  struct err *e)
{
	bool is_no_bus = !*a->name && strncmp(a->words, "connect to", 10) == 0;

	if (*a->name)
		return err_kind(e, ERR_CGROUP, a->code, "%s the unit %.80s: %.140s", doing,
				unit->name, a->words);
	err_kind(e, ERR_CGROUP, a->code, "%s the unit %.80s%s%.100s: %s", doing, unit->name,
		 *a->words ? ": " : "", a->words, errno_words(a->code));
	if (is_no_bus && unit->is_user)
		return err_hint(e, "a user's containers need the user's own systemd: a session, or "
				   "`loginctl enable-linger`; and XDG_RUNTIME_DIR");
	return -e->code;
}

static int call(struct arena *a, const struct systemd_unit *unit, const char *doing,
		const struct systemd_message *m, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	char text[SYSTEMD_ANSWER_MAX + 1];
	struct answer answer;
	struct helper_call c = { .name = SYSTEMD_HELPER,
				 .envp = make_environment(a, unit),
				 .message = m->text,
				 .len = m->len,
				 .deadline_ms = unit->host && unit->host->patience_ms
							? unit->host->patience_ms
							: SYSTEMD_HELPER_MSEC };
	int r;

	if (m->has_failed || !c.envp)
		return err_set(e, ENOMEM, "%s the unit %.80s", doing, unit->name);
	if (m->len >= SYSTEMD_REQUEST_MAX)
		return err_set(e, E2BIG, "%s the unit %.80s", doing, unit->name);
	if (open_helper(unit->host, &fd, e) < 0)
		return -e->code;
	c.fd = fd;
	r = helper_run(&c, text, sizeof(text));
	if (r < 0) {
		err_kind(e, r == -ETIMEDOUT ? ERR_TIMEOUT : ERR_CGROUP, -r,
			 "%s the unit %.80s by the helper " SYSTEMD_HELPER, doing, unit->name);
		return r == -EPIPE || r == -ENOENT
			       ? err_hint(e, "it may lack a library: libsystemd0")
			       : -e->code;
	}
	if (!read_answer(text, (size_t)r, &answer))
		return err_kind(e, ERR_CGROUP, EBADMSG, "%s the unit %.80s: the answer of %s",
				doing, unit->name, SYSTEMD_HELPER);
	return answer.code ? report(unit, doing, &answer, e) : 0;
}

static void begin(struct systemd_message *m, const char *verb, const struct systemd_unit *unit)
{
	systemd_add_token(m, SYSTEMD_GREETING);
	systemd_add_token(m, "%s", verb);
	systemd_add_token(m, "%s", unit->is_user ? "user" : "system");
	systemd_add_token(m, "%s", unit->name);
}

/* --- its life -------------------------------------------------------------------------------- */

/* What the other runtimes set. All controllers for the unit, counted and delegated; and nothing of
 * it is left when it has ended, not even that it failed. */
static void add_usual(struct systemd_message *m, const struct systemd_unit *unit,
		      const struct systemd_start *start, pid_t pid)
{
	static const char *const yes[] = { "Delegate", "MemoryAccounting", "CPUAccounting",
					   "IOAccounting", "TasksAccounting" };
	char description[300];

	fmt(description, sizeof(description), "davit container %s", start->id);
	if (!systemd_has_annotation(start->annotations, "Description"))
		systemd_add_text(m, "Description", description);
	systemd_add_text(m, "Slice", unit->slice);
	systemd_add_token(m, "PIDs");
	systemd_add_token(m, "au");
	systemd_add_token(m, "[");
	systemd_add_token(m, "=%d", (int)pid);
	systemd_add_token(m, "]");
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (!systemd_has_annotation(start->annotations, yes[i]))
			systemd_add_bool(m, yes[i], true);
	if (!systemd_has_annotation(start->annotations, "DefaultDependencies"))
		systemd_add_bool(m, "DefaultDependencies", false);
}

int systemd_unit_start(const struct systemd_unit *unit, const struct systemd_start *start,
		       pid_t pid, struct err *e)
{
	struct arena a = { 0 };
	struct systemd_message m = { .arena = &a };

	begin(&m, SYSTEMD_START, unit);
	add_usual(&m, unit, start, pid);
	systemd_add_limits(&m, start->writes, start->annotations);
	if (systemd_add_annotations(&m, start->annotations, e) == 0)
		(void)call(&a, unit, "start", &m, e); /* in e */
	arena_release(&a);
	return -e->code;
}

int systemd_unit_check(struct arena *a, const struct oci_map *annotations, struct err *e)
{
	struct systemd_message m = { .arena = a };

	return systemd_add_annotations(&m, annotations, e);
}

int systemd_unit_set(const struct systemd_unit *unit, const struct cgroup_write *writes,
		     struct err *e)
{
	struct arena a = { 0 };
	struct systemd_message m = { .arena = &a };
	size_t before;

	begin(&m, SYSTEMD_SET, unit);
	before = m.len;
	systemd_add_limits(&m, writes, NULL);
	if (m.len > before || m.has_failed)
		(void)call(&a, unit, "change", &m, e); /* in e */
	arena_release(&a);
	return -e->code;
}

static int end(const struct systemd_unit *unit, const char *verb, const char *doing, struct err *e)
{
	struct arena a = { 0 };
	struct systemd_message m = { .arena = &a };

	begin(&m, verb, unit);
	(void)call(&a, unit, doing, &m, e); /* in e */
	arena_release(&a);
	return -e->code;
}

int systemd_unit_stop(const struct systemd_unit *unit, struct err *e)
{
	return end(unit, SYSTEMD_STOP, "stop", e);
}

int systemd_unit_forget(const struct systemd_unit *unit, struct err *e)
{
	return end(unit, SYSTEMD_FORGET, "forget", e);
}
