/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * base/: formatter, errors, arena.
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/fmt.h"
#include "base/path.h"
#include "test.h"

TEST(fmt_prints_what_printf_prints)
{
	char got[128], want[128];

	fmt(got, sizeof(got), "%s %d %u %05d %-4s| %lld %zu %x %o %c %% %.*s", "a", -5, 7u, 42, "b",
	    -9000000000LL, (size_t)12, 255u, 8u, 'z', 2, "xyz");
	snprintf(want, sizeof(want), "%s %d %u %05d %-4s| %lld %zu %x %o %c %% %.*s", "a", -5, 7u,
		 42, "b", -9000000000LL, (size_t)12, 255u, 8u, 'z', 2, "xyz");
	CHECK_STR(got, want);
}

TEST(fmt_is_bounded_and_tells_the_whole_length)
{
	char buf[4];

	CHECK_INT(fmt(buf, sizeof(buf), "%s", "abcdef"), 6);
	CHECK_STR(buf, "abc");
	CHECK_INT(fmt(NULL, 0, "%d", 1234), 4);
}

TEST(err_keeps_the_first)
{
	struct err e = { 0 };
	char text[256];

	CHECK_INT(err_set(&e, ENOENT, "open %s", "/x"), -ENOENT);
	CHECK_INT(err_set(&e, EPERM, "close"), -ENOENT);
	err_format(&e, text, sizeof(text));
	CHECK_STR(text, "open /x: no such file or directory");
}

TEST(err_field_names_the_pointer)
{
	struct err e = { 0 };

	CHECK_INT(err_field(&e, EINVAL, POINTER("/mounts/%zu/type", (size_t)3), "bad"), -EINVAL);
	CHECK_STR(e.pointer, "/mounts/3/type");
	CHECK_STR(err_kind_word(e.kind), "config");
}

/* What an image chose (the #! line of a script, a key of its configuration) reaches whoever asks
 * the library for the message. */
TEST(err_of_another_process_is_one)
{
	struct err bytes, e;

	memset(&bytes, 0x41, sizeof(bytes));
	bytes.code = 0;
	err_import(&e, &bytes);
	CHECK_INT(e.code, EPROTO);
	CHECK_INT(e.kind, ERR_SYSTEM);
	CHECK_INT(strnlen(e.step, sizeof(e.step)), sizeof(e.step) - 1);
	CHECK_INT(strnlen(e.proc, sizeof(e.proc)), sizeof(e.proc) - 1);
	CHECK_INT(strnlen(e.pointer, sizeof(e.pointer)), sizeof(e.pointer) - 1);
	CHECK_INT(strnlen(e.msg, sizeof(e.msg)), sizeof(e.msg) - 1);
	CHECK_INT(strnlen(e.hint, sizeof(e.hint)), sizeof(e.hint) - 1);
	bytes.code = -1;
	err_import(&e, &bytes);
	CHECK_INT(e.code, EPROTO);
}

TEST(err_has_no_control_characters_and_no_half_characters)
{
	struct err e = { 0 };
	char text[512];

	err_set(&e, ENOENT, "exec %s", "a\nb\x1b[1m\x7f\xc2\x9b\xc2\x85\xff\xc3\xa9\\n");
	CHECK_STR(e.msg, "exec a\\nb\\x1b[1m\\x7f\\u009b\\u0085\\xff\xc3\xa9\\n");
	err_hint(&e, "its #! line is \"%s\"", "/x\xc2\x9b\r");
	CHECK_STR(e.hint, "its #! line is \"/x\\u009b\\r\"");
	err_at(&e, "/annotations/a\x7f");
	CHECK_STR(e.pointer, "/annotations/a\x7f");
	err_format(&e, text, sizeof(text));
	CHECK(strstr(text, "(at /annotations/a\\x7f)") != NULL);
	CHECK(!strpbrk(text, "\n\r\x1b\x7f"));
}

TEST(a_long_message_is_elided_between_characters)
{
	char path[3000], whole[3100];
	struct err e = { 0 };

	for (size_t i = 0; i + 1 < sizeof(path); i += 2)
		memcpy(path + i, "\xc3\xa9", 2);
	path[sizeof(path) - 2] = '\0';
	err_set(&e, ENOENT, "open %s: tail\x1b", path);
	CHECK(strlen(e.msg) < sizeof(e.msg) && strlen(e.msg) > sizeof(e.msg) - 10);
	CHECK(strstr(e.msg, "...") != NULL);
	CHECK(strcmp(e.msg + strlen(e.msg) - 10, ": tail\\x1b") == 0);
	CHECK_INT(escape(whole, sizeof(whole), e.msg), (long long)strlen(e.msg));
	CHECK_STR(whole, e.msg);
}

TEST(paths_are_taken_apart_as_text)
{
	static const char *const plain[] = { "a", "a/b", "...", ".a/b..", "a/.b" };
	static const char *const other[] = { "",    "/",   "/a", "a/",     "a//b",
					     "./a", "a/.", "..", "a/../b", "a/b/.." };
	static const struct {
		const char *path, *left;
	} cuts[] = { { "/a/b", "/a" }, { "/a", "" },      { "a", "" }, { "", "" },
		     { "a//b", "a" },  { "a/b/", "a/b" }, { "/", "" }, { "a/b/c", "a/b" } };
	char path[16];

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		CHECK(path_is_plain(plain[i]));
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		CHECK(!path_is_plain(other[i]));
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		fmt(path, sizeof(path), "%s", cuts[i].path);
		CHECK_INT(path_cut_last(path), (long long)strlen(cuts[i].left));
		CHECK_STR(path, cuts[i].left);
	}
	CHECK(path_has_dotdot("a/../b") && path_has_dotdot("..") && path_has_dotdot("a/.."));
	CHECK(!path_has_dotdot("a/...") && !path_has_dotdot("./a") && !path_has_dotdot("a..b"));
	CHECK_INT(path_longest("/a/bcd//ef/"), 3);
	CHECK_INT(path_longest("//"), 0);
}

TEST(times_are_those_of_rfc_3339)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000000007Z" },
		{ 951782399, "2000-02-28T23:59:59.000000007Z" },
		{ 951782400, "2000-02-29T00:00:00.000000007Z" },
		{ 951868800, "2000-03-01T00:00:00.000000007Z" },
		{ 1735689599, "2024-12-31T23:59:59.000000007Z" },
		{ 1735689600, "2025-01-01T00:00:00.000000007Z" },
		{ 4107542400, "2100-03-01T00:00:00.000000007Z" }, /* not a leap year */
	};
	char text[CLOCK_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		clock_text(cases[i].seconds * 1000000000u + 7, text);
		CHECK_STR(text, cases[i].text);
	}
}

TEST(escape_is_bounded)
{
	char buf[6];

	CHECK_INT(escape(buf, sizeof(buf), "ab\x1bx"), 7);
	CHECK_STR(buf, "ab");
	CHECK_INT(escape(NULL, 0, "\xff"), 4);
	CHECK_INT(escape(buf, sizeof(buf), ""), 0);
	CHECK_STR(buf, "");
}

TEST(arena_pieces_are_zeroed_aligned_and_apart)
{
	struct arena a = { 0 };
	char *p = arena_alloc(&a, 3), *q = arena_alloc(&a, 100000), *s = arena_printf(&a, "%d", 42);

	CHECK((uintptr_t)p % 16 == 0 && (uintptr_t)q % 16 == 0);
	CHECK(q[0] == 0 && q[99999] == 0);
	CHECK_STR(s, "42");
	CHECK(!arena_array(&a, SIZE_MAX, 16));
	arena_release(&a);
}

/* A test of sanitizer builds alone; gcc and clang say differently that this is one. */
#if defined(__has_feature)
#define HAS_RED_ZONES __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_RED_ZONES 1
#else
#define HAS_RED_ZONES 0
#endif

#if HAS_RED_ZONES
/* Does a child that does so end well? Its report is not ours to show. */
static bool survives(void (*sin)(struct arena *a))
{
	struct arena a = { 0 };
	int status, null;
	pid_t pid = fork();

	if (pid == 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(null, STDERR_FILENO);
		sin(&a);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void write_behind(struct arena *a)
{
	volatile char *p = arena_alloc(a, 3);

	arena_alloc(a, 3);
	p[3] = 1;
}

static void write_in_front(struct arena *a)
{
	arena_alloc(a, 3);
	((volatile char *)arena_alloc(a, 3))[-1] = 1;
}

static void read_late(struct arena *a)
{
	volatile char *p = arena_alloc(a, 3);

	arena_release(a);
	(void)p[0];
}

static void do_nothing_wrong(struct arena *a)
{
	((volatile char *)arena_alloc(a, 3))[2] = 1;
	arena_alloc(a, 0);
	arena_release(a);
}

TEST(arena_pieces_have_red_zones_in_sanitizer_builds)
{
	CHECK(survives(do_nothing_wrong));
	CHECK(!survives(write_behind));
	CHECK(!survives(write_in_front));
	CHECK(!survives(read_late));
}
#endif
