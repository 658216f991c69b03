/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See labels.h. Labels are written through our own procfs: the container may have covered its own
 * (CVE-2019-16884, CVE-2025-52881). A label that was not taken whole is an error.
 */
#include "setup/process/labels.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/fmt.h"
#include "kernel/procfs.h"

bool labels_has_apparmor(void)
{
	_cleanup_fd_ int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char c = 'N';

	return fd >= 0 && read(fd, &c, 1) == 1 && c == 'Y';
}

bool labels_has_selinux(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 && fs.f_type == SELINUX_MAGIC;
}

static int prepare_apparmor(struct arena *a, const char *profile, struct labels *ret, struct err *e)
{
	if (!profile || !profile[0])
		return 0;
	if (!labels_has_apparmor()) {
		/* The whole word: "unconfined_x" is a profile of its own. */
		if (strcmp(profile, "unconfined") == 0)
			return 0;
		err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP,
			 "apparmor is not enabled on this host, but profile \"%s\" is asked for",
			 profile);
		return err_at(e, "/process/apparmorProfile");
	}
	ret->apparmor = arena_printf(a, "exec %s", profile);
	ret->apparmor_test = arena_printf(a, "permprofile %s", profile);
	return ret->apparmor && ret->apparmor_test
		       ? 0
		       : err_set(e, ENOMEM, "prepare the AppArmor profile");
}

static int prepare_selinux(const char *label, struct labels *ret, struct err *e)
{
	if (!label || !label[0])
		return 0;
	if (!labels_has_selinux()) {
		err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP,
			 "selinux is not enabled on this host, but label \"%s\" is asked for",
			 label);
		return err_at(e, "/process/selinuxLabel");
	}
	ret->selinux = label;
	return 0;
}

int labels_prepare(struct arena *a, const struct oci_process *process, struct labels *ret,
		   struct err *e)
{
	struct labels labels = { 0 };
	int r;

	if (process) {
		r = prepare_apparmor(a, process->apparmor_profile, &labels, e);
		if (r < 0)
			return r;
		r = prepare_selinux(process->selinux_label, &labels, e);
		if (r < 0)
			return r;
	}
	*ret = labels;
	return 0;
}

/* The file of its own came with stacked modules (5.1 and the option CONFIG_LSM); the other belongs
 * to the first module alone. */
static int write_apparmor(const struct labels *labels, int procfd, pid_t self, const char *file,
			  const char *command, struct err *e)
{
	char name[32];
	int r;

	fmt(name, sizeof(name), "attr/apparmor/%s", file);
	r = procfs_write_pid_file(procfd, self, name, command);
	if (r == -ENOENT) {
		fmt(name, sizeof(name), "attr/%s", file);
		r = procfs_write_pid_file(procfd, self, name, command);
	}
	if (r == 0)
		return 0;
	err_set(e, -r, "set AppArmor profile %s", labels->apparmor + strlen("exec "));
	return err_at(e, "/process/apparmorProfile");
}

static int write_selinux(const struct labels *labels, int procfd, pid_t self, const char *name,
			 struct err *e)
{
	int r = procfs_write_pid_file(procfd, self, name, labels->selinux);

	if (r == 0)
		return 0;
	err_set(e, -r, "set SELinux label %s", labels->selinux);
	return err_at(e, "/process/selinuxLabel");
}

/* @is_test: the kernel only says what it thinks of them; else the program has them. */
static int write_both(const struct labels *labels, bool is_test, int procfd, pid_t self,
		      struct err *e)
{
	const char *profile = is_test ? labels->apparmor_test : labels->apparmor;
	int r = 0;

	if (profile)
		r = write_apparmor(labels, procfd, self, is_test ? "current" : "exec", profile, e);
	if (r == 0 && labels->selinux)
		r = write_selinux(labels, procfd, self, is_test ? "attr/keycreate" : "attr/exec",
				  e);
	return r;
}

int labels_check(const struct labels *labels, int procfd, pid_t self, struct err *e)
{
	return write_both(labels, true, procfd, self, e);
}

int labels_apply(const struct labels *labels, int procfd, pid_t self, struct err *e)
{
	return write_both(labels, false, procfd, self, e);
}

void labels_describe(const struct labels *labels, const struct describe *d)
{
	if (labels->apparmor)
		describe(d, "apparmor profile %s", labels->apparmor + strlen("exec "));
	if (labels->selinux)
		describe(d, "selinux label %s", labels->selinux);
}
