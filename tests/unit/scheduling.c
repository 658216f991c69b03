/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/process/scheduling, setup/process/personality and setup/time_offsets: words become what the
 * kernel takes, and the kernel has it afterwards.
 */
#include "setup/process/scheduling.h"

#include <linux/ioprio.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "setup/process/personality.h"
#include "setup/time_offsets.h"
#include "test.h"

static const int32_t ten = 10, four = 4;
static const int64_t minus_one = -1, million = 1000000;
static const uint32_t seven = 7;

static int status_of(int (*child)(const void *arg), const void *arg)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(child(arg));
	waitpid(pid, &status, 0);
	return status;
}

static int is_batch_of_ten(const void *arg)
{
	struct err e = { 0 };

	if (scheduling_apply(arg, 0, &e) < 0)
		return 1;
	if (sched_getscheduler(0) != (SCHED_BATCH | SCHED_RESET_ON_FORK))
		return 2;
	if (getpriority(PRIO_PROCESS, 0) != 10)
		return 3;
	return syscall(SYS_ioprio_get, 1, 0) == IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4) ? 0 : 4;
}

TEST(the_kernel_has_policy_and_priority)
{
	const char *flag = "SCHED_FLAG_RESET_ON_FORK";
	const struct oci_scheduler batch = { "SCHED_BATCH", &ten, NULL, { &flag, 1 } };
	const struct oci_io_priority io = { "IOPRIO_CLASS_BE", &four };
	const struct oci_process process = { .scheduler = &batch, .io_priority = &io };
	struct scheduling s = { 0 };
	struct err e = { 0 };

	CHECK_INT(scheduling_prepare(&process, &s, &e), 0);
	CHECK(scheduling_is_asked(&s));
	CHECK_INT(status_of(is_batch_of_ten, &s), 0);
}

TEST(nothing_asked_and_words_that_are_none)
{
	const char *flag = "SCHED_FLAG_NONE";
	struct oci_scheduler scheduler = { "SCHED_ISO", NULL, NULL, { NULL, 0 } };
	const struct oci_io_priority io = { "IOPRIO_CLASS_NONE", NULL };
	const struct oci_process empty = { 0 }, iso = { .scheduler = &scheduler },
				 disk = { .io_priority = &io };
	struct scheduling s = { 0 };
	struct err e = { 0 };

	CHECK_INT(scheduling_prepare(NULL, &s, &e), 0);
	CHECK_INT(scheduling_prepare(&empty, &s, &e), 0);
	CHECK(!scheduling_is_asked(&s));
	CHECK_INT(scheduling_apply(&s, 0, &e), 0);
	CHECK_INT(scheduling_prepare(&iso, &s, &e), -EOPNOTSUPP);
	CHECK_INT(e.kind, ERR_UNSUPPORTED);
	CHECK_STR(e.pointer, "/process/scheduler/policy");
	e = (struct err){ 0 };
	scheduler = (struct oci_scheduler){ "SCHED_IDLE", NULL, NULL, { &flag, 1 } };
	CHECK_INT(scheduling_prepare(&iso, &s, &e), -EOPNOTSUPP);
	CHECK_STR(e.pointer, "/process/scheduler/flags/0");
	e = (struct err){ 0 };
	CHECK_INT(scheduling_prepare(&disk, &s, &e), -EOPNOTSUPP);
	CHECK_STR(e.pointer, "/process/ioPriority/class");
}

static int is_linux32(const void *arg)
{
	struct err e = { 0 };

	(void)!personality(ADDR_NO_RANDOMIZE);
	if (personality_apply(arg, &e) < 0)
		return 1;
	return personality(0xffffffff) == PER_LINUX32 ? 0 : 2;
}

TEST(the_personality_is_the_domain_alone)
{
	struct oci_personality asked = { "LINUX32", { NULL, 0 } };
	const struct oci_linux lin = { .personality = &asked }, none = { 0 };
	struct personality p = { 0 };
	struct err e = { 0 };

	CHECK_INT(personality_prepare(&lin, &p, &e), 0);
	CHECK_INT(status_of(is_linux32, &p), 0);
	CHECK_INT(personality_prepare(&none, &p, &e), 0);
	CHECK(!p.domain);
	asked.domain = "BSD";
	CHECK_INT(personality_prepare(&lin, &p, &e), -EOPNOTSUPP);
	CHECK_STR(e.pointer, "/linux/personality/domain");
}

TEST(the_offsets_are_the_named_clocks)
{
	const struct oci_time_offset back = { &minus_one, &seven }, on = { &million, NULL },
				     zero = { 0 };
	struct oci_time_offsets asked = { &on, &back };
	const struct oci_linux lin = { .time_offsets = &asked };
	struct time_offsets t;

	time_offsets_prepare(&lin, &t);
	CHECK_STR(t.text, "monotonic -1 7\nboottime 1000000 0\n");
	/* Zero is an offset too: the caller's namespace may have another. */
	asked = (struct oci_time_offsets){ &zero, NULL };
	time_offsets_prepare(&lin, &t);
	CHECK_STR(t.text, "boottime 0 0\n");
	CHECK(time_offsets_are_asked(&t));
	asked = (struct oci_time_offsets){ NULL, NULL };
	time_offsets_prepare(&lin, &t);
	CHECK(!time_offsets_are_asked(&t));
	time_offsets_prepare(NULL, &t);
	CHECK(!time_offsets_are_asked(&t));
}
