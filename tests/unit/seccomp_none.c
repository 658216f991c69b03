/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/seccomp/seccomp in a build without libseccomp, in place of seccomp.c's tests: a profile is
 * refused, a ready program is still taken, and no word of profiles is called known.
 */
#include "setup/seccomp/seccomp.h"
#include "test.h"

TEST(no_profile_is_no_filter)
{
	const struct seccomp_source source = { 0 };
	struct seccomp_filter f = { .count = 3 };
	struct err e = { 0 };

	CHECK_INT(seccomp_prepare(NULL, &source, -1, &f, &e), 0);
	CHECK_INT(f.count, 0);
}

TEST(a_profile_is_refused)
{
	const struct oci_seccomp profile = { .default_action = "SCMP_ACT_ALLOW" };
	const struct seccomp_source source = { .config = &profile };
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	CHECK_INT(seccomp_prepare(&a, &source, -1, &f, &e), -ENOTSUP);
	CHECK_STR(e.msg, "linux.seccomp in a build without seccomp");
	CHECK_STR(e.pointer, "/linux/seccomp");
	CHECK_INT(f.count, 0);
	arena_release(&a);
}

TEST(a_ready_program_needs_no_compiler)
{
	const struct seccomp_source source = { .raw = "IAAAAAAAAAAGAAAAAAD/fw==" };
	struct arena a = { 0 };
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	CHECK_INT(seccomp_prepare(&a, &source, -1, &f, &e), 0);
	CHECK_STR(e.msg, "");
	CHECK_INT(f.count, 2);
	arena_release(&a);
}

TEST(no_word_of_profiles_is_known)
{
	CHECK_STR(seccomp_built_version(), "");
	CHECK(!seccomp_action_name(0));
	CHECK(!seccomp_operator_name(0));
	CHECK(!seccomp_has_arch("SCMP_ARCH_X86_64"));
}
