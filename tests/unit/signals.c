/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * davit_signal_parse(): the names and numbers that people and engines write.
 */
#include "base/signals.h"

#include <errno.h>
#include <signal.h>

#include "davit.h"
#include "test.h"

TEST(names_and_numbers)
{
	CHECK_INT(davit_signal_parse("TERM"), SIGTERM);
	CHECK_INT(davit_signal_parse("SIGTERM"), SIGTERM);
	CHECK_INT(davit_signal_parse("sigkill"), SIGKILL);
	CHECK_INT(davit_signal_parse("9"), 9);
	CHECK_INT(davit_signal_parse("0"), 0);
	CHECK_INT(davit_signal_parse("64"), 64);
	CHECK_INT(davit_signal_parse("RTMIN"), SIGRTMIN);
	CHECK_INT(davit_signal_parse("SIGRTMIN+3"), SIGRTMIN + 3);
	CHECK_INT(davit_signal_parse("RTMAX-1"), SIGRTMAX - 1);
	CHECK_INT(davit_signal_parse("CLD"), SIGCHLD);
	CHECK_INT(davit_signal_parse("SIGIOT"), SIGABRT);
	CHECK_INT(davit_signal_parse("SIGIO"), SIGIO);
	CHECK_INT(davit_signal_parse("SIGPOLL"), SIGIO);
}

TEST(every_signal_has_a_name_that_leads_back)
{
	for (int n = 1; n < SIGSYS; n++) {
		CHECK(signal_name(n));
		CHECK_INT(davit_signal_parse(signal_name(n)), n);
	}
	CHECK_STR(signal_name(SIGSYS), "SYS");
	CHECK(!signal_name(0));
	CHECK(!signal_name(-1));
	CHECK(!signal_name(SIGRTMIN));
	CHECK(!signal_name(NSIG + 1000));
}

TEST(everything_else)
{
	static const char *const bad[] = { "",         "SIG",      "SIGFOO",      "65",
					   "-1",       "9x",       "99999999999", " 9",
					   "RTMIN+99", "RTMAX-99", "RTMIN-1",     "TERM " };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(davit_signal_parse(bad[i]), -EINVAL);
}
