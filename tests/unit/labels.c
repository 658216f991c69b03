/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/process/labels: what is asked for is in force, or it is an error.
 */
#include "setup/process/labels.h"

#include "test.h"

static int prepare(const char *apparmor, const char *selinux, struct labels *ret, struct err *e)
{
	struct oci_process p = { .apparmor_profile = apparmor, .selinux_label = selinux };
	struct arena a = { 0 };
	int r = labels_prepare(&a, &p, ret, e);

	arena_release(&a);
	return r;
}

TEST(no_label_is_no_work)
{
	struct labels labels = { .selinux = "x" };
	struct err e = { 0 };

	CHECK_INT(prepare("", "", &labels, &e), 0);
	CHECK(!labels.apparmor && !labels.selinux);
	CHECK_INT(labels_check(&labels, -1, 1, &e), 0);
	CHECK_INT(labels_apply(&labels, -1, 1, &e), 0);
}

TEST(apparmor_that_is_off_is_an_error)
{
	struct labels labels = { 0 };
	struct err e = { 0 };

	if (labels_has_apparmor())
		SKIP("AppArmor is on");
	CHECK_INT(prepare("unconfined", NULL, &labels, &e), 0);
	CHECK(!labels.apparmor);
	CHECK_INT(prepare("unconfined_x", NULL, &labels, &e), -EOPNOTSUPP);
	CHECK_STR(e.pointer, "/process/apparmorProfile");
	CHECK(strstr(e.msg, "apparmor is not enabled on this host") == e.msg);
}

TEST(selinux_that_is_off_is_an_error)
{
	struct labels labels = { 0 };
	struct err e = { 0 };

	if (labels_has_selinux())
		SKIP("SELinux is on");
	CHECK_INT(prepare(NULL, "system_u:system_r:container_t:s0", &labels, &e), -EOPNOTSUPP);
	CHECK_STR(e.pointer, "/process/selinuxLabel");
}
