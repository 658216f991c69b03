/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The unit tests' harness: each TEST() is one TAP line. A failed CHECK prints where and goes on.
 */
#ifndef DAVIT_TESTS_UNIT_TEST_H
#define DAVIT_TESTS_UNIT_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

extern struct test *test_first, **test_last;
extern int test_failures;
extern const char *test_skip_reason;

#define TEST(ident)                                                                                \
	static void test_##ident(void);                                                            \
	static struct test test_row_##ident = { #ident, test_##ident, NULL };                      \
	__attribute__((constructor)) static void test_add_##ident(void)                            \
	{                                                                                          \
		*test_last = &test_row_##ident;                                                    \
		test_last = &test_row_##ident.next;                                                \
	}                                                                                          \
	static void test_##ident(void)

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			test_failures++;                                                           \
			printf("# %s:%d: not true: %s\n", __FILE__, __LINE__, #cond);              \
		}                                                                                  \
	} while (0)
#define CHECK_INT(got, want)                                                                       \
	do {                                                                                       \
		long long got_ = (long long)(got), want_ = (long long)(want);                      \
		if (got_ != want_) {                                                               \
			test_failures++;                                                           \
			printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, got_,  \
			       want_);                                                             \
		}                                                                                  \
	} while (0)
#define CHECK_STR(got, want)                                                                       \
	do {                                                                                       \
		const char *got_ = (got), *want_ = (want);                                         \
		if (!got_ || strcmp(got_, want_) != 0) {                                           \
			test_failures++;                                                           \
			printf("# %s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #got,    \
			       got_ ? got_ : "(null)", want_);                                     \
		}                                                                                  \
	} while (0)
/* The rest of the test cannot run here; the reason names what is missing. */
#define SKIP(reason)                                                                               \
	do {                                                                                       \
		test_skip_reason = (reason);                                                       \
		return;                                                                            \
	} while (0)

#endif
