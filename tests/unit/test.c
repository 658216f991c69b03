/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs the tests of one program and prints TAP.
 */
#include "test.h"

struct test *test_first, **test_last = &test_first;
int test_failures;
const char *test_skip_reason;

int main(void)
{
	int n = 0, failed = 0;

	setvbuf(stdout, NULL, _IONBF, 0);
	for (const struct test *t = test_first; t; t = t->next) {
		test_failures = 0;
		test_skip_reason = NULL;
		t->run();
		n++;
		if (test_failures)
			failed++;
		printf("%sok %d - %s%s%s\n", test_failures ? "not " : "", n, t->name,
		       test_skip_reason ? " # SKIP " : "",
		       test_skip_reason ? test_skip_reason : "");
	}
	printf("1..%d\n", n);
	return failed ? 1 : 0;
}
