/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * src/options: every spelling of an option that engines and scripts use, and the refusals.
 */
#include "src/options.h"

#include "test.h"

struct target {
	const char *bundle, *format;
	unsigned fds;
	bool all, quiet, version;
	struct cli_strings env;
};

static const struct cli_option rows[] = {
	{ "bundle", 'b', CLI_STRING, "DIR", "x", offsetof(struct target, bundle) },
	{ "format", 'f', CLI_WORD, "text|json", "x", offsetof(struct target, format) },
	{ "preserve-fds", 0, CLI_UINT, "N", "x", offsetof(struct target, fds) },
	{ "all", 'a', CLI_FLAG, NULL, "x", offsetof(struct target, all) },
	{ "quiet", 'q', CLI_FLAG, NULL, "x", offsetof(struct target, quiet) },
	{ "no-subreaper", 0, CLI_IGNORED, NULL, "x", 0 },
	{ "env", 'e', CLI_STRINGS, "NAME=VALUE", "x", offsetof(struct target, env) },
	{ NULL, 'V', CLI_FLAG, NULL, NULL, offsetof(struct target, version) },
	{ 0 }
};

struct parsed {
	int r;
	struct target target;
	struct cli_result result;
	struct cli_error error;
};

static struct parsed parse(char **argv, size_t max_words)
{
	struct parsed p = { 0 };

	p.r = cli_parse(rows, argv, max_words, &p.target, &p.result, &p.error);
	return p;
}

#define ARGV(...) ((char *[]){ __VA_ARGS__, NULL })

TEST(options_stand_before_and_after_words)
{
	char **argvs[] = {
		ARGV("--bundle", "B", "--all", "ID"),
		ARGV("ID", "--all", "--bundle", "B"),
		ARGV("--bundle=B", "ID", "--all"),
		ARGV("-bundle", "B", "-all", "ID"),
		ARGV("-bundle=B", "-all", "ID"),
		ARGV("-b", "B", "ID", "-a"),
		ARGV("-bB", "-a", "ID"),
		ARGV("-b=B", "ID", "--all=true"),
		ARGV("-aqbB", "ID"),
		ARGV("-b", "A", "-bB", "-a", "-a", "ID"),
	};

	for (size_t i = 0; i < sizeof(argvs) / sizeof(argvs[0]); i++) {
		struct parsed p = parse(argvs[i], 1);

		CHECK_INT(p.r, 0);
		CHECK_STR(p.target.bundle, "B");
		CHECK(p.target.all);
		CHECK_INT(p.result.count, 1);
		CHECK_STR(p.result.words[0], "ID");
		CHECK(!p.result.rest);
	}
}

TEST(argv_is_left_alone)
{
	char *argv[] = { "ID", "--all", "more", NULL };

	CHECK_INT(parse(argv, 1).r, 0);
	CHECK_STR(argv[0], "ID");
	CHECK_STR(argv[1], "--all");
	CHECK_STR(argv[2], "more");
}

TEST(two_dashes_end_the_options)
{
	struct parsed p = parse(ARGV("-a", "--", "--bundle", "-q"), 2);

	CHECK_INT(p.r, 0);
	CHECK(p.target.all && !p.target.quiet && !p.target.bundle);
	CHECK_INT(p.result.count, 2);
	CHECK_STR(p.result.words[0], "--bundle");
	CHECK_STR(p.result.words[1], "-q");
}

TEST(one_dash_is_a_word_and_a_value)
{
	struct parsed p = parse(ARGV("-", "--bundle", "-"), 1);

	CHECK_INT(p.r, 0);
	CHECK_STR(p.result.words[0], "-");
	CHECK_STR(p.target.bundle, "-");
}

TEST(parsing_stops_at_the_first_word_too_many)
{
	struct parsed p = parse(ARGV("-a", "create", "-x", "--bundle"), 0);

	CHECK_INT(p.r, 0);
	CHECK(p.target.all);
	CHECK(p.result.rest != NULL);
	CHECK_STR(p.result.rest ? p.result.rest[0] : NULL, "create");
	p = parse(ARGV("ID", "-a", "sh", "-q"), 1);
	CHECK_INT(p.r, 0);
	CHECK(p.target.all && !p.target.quiet);
	CHECK_STR(p.result.rest ? p.result.rest[1] : NULL, "-q");
}

TEST(help_needs_no_row_and_wins)
{
	CHECK(parse(ARGV("-h"), 1).result.help);
	CHECK(parse(ARGV("ID", "--help", "--unknown"), 1).result.help);
	CHECK(parse(ARGV("-help"), 1).result.help);
	CHECK(parse(ARGV("-ah"), 1).result.help);
	CHECK(!parse(ARGV("--", "-h"), 1).result.help);
}

TEST(values_are_typed)
{
	CHECK_INT(parse(ARGV("--preserve-fds", "17"), 0).target.fds, 17);
	CHECK_INT(parse(ARGV("--preserve-fds=2147483647"), 0).target.fds, 2147483647);
	CHECK_STR(parse(ARGV("-fjson"), 0).target.format, "json");
	CHECK(!parse(ARGV("-a", "--all=false"), 0).target.all);
	CHECK(parse(ARGV("-V"), 0).target.version);
	CHECK_INT(parse(ARGV("-no-subreaper", "--no-subreaper"), 0).r, 0);
}

TEST(refusals_name_the_option)
{
	const struct {
		char **argv;
		const char *text;
	} cases[] = {
		{ ARGV("--bundle"), "option '--bundle' requires an argument" },
		{ ARGV("-b"), "option '--bundle' requires an argument" },
		{ ARGV("--nope=1"), "unknown option '--nope=1'" },
		{ ARGV("--bund", "x"), "unknown option '--bund'" },
		{ ARGV("-ax"), "unknown option '-ax'" },
		{ ARGV("-all-of-it"), "unknown option '-all-of-it'" },
		{ ARGV("--preserve-fds", "-1"),
		  "option '--preserve-fds' takes a number, not '-1'" },
		{ ARGV("--preserve-fds="), "option '--preserve-fds' takes a number, not ''" },
		{ ARGV("--preserve-fds", "2147483648"),
		  "option '--preserve-fds' takes a number, not '2147483648'" },
		{ ARGV("-f", "tex"), "option '--format' takes text|json, not 'tex'" },
		{ ARGV("-f", ""), "option '--format' takes text|json, not ''" },
		{ ARGV("-f", "text|json"), "option '--format' takes text|json, not 'text|json'" },
		{ ARGV("--all=maybe"), "option '--all' takes true or false, not 'maybe'" },
		{ ARGV("-V=1"), "option '-V' takes true or false, not '1'" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed p = parse(cases[i].argv, 1);

		CHECK(p.r < 0);
		CHECK_STR(p.error.text, cases[i].text);
	}
}

TEST(repeatable_options_keep_all_values_in_order)
{
	struct parsed p = parse(ARGV("-e", "A=1", "--env=B=2", "-eC=3", "-a", "--env", "D=", "-e",
				     "-x", "ID", "-e", "E"),
				1);
	static const char *const values[] = { "A=1", "B=2", "C=3", "D=", "-x", "E" };

	CHECK_INT(p.r, 0);
	CHECK_INT(p.target.env.count, 6);
	for (size_t i = 0; i < 6; i++)
		CHECK_STR(p.target.env.items[i], values[i]);
	CHECK(p.target.env.items[6] == NULL);
	free(p.target.env.items);
	CHECK(!parse(ARGV("ID"), 1).target.env.items);
	CHECK_STR(parse(ARGV("-e"), 1).error.text, "option '--env' requires an argument");
}

TEST(a_number_is_digits_and_nothing_else)
{
	static const char *const bad[] = { "",    "-1",         "+1",
					   " 1",  "1 ",         "0x1",
					   "1.0", "4294967295", "99999999999999999999999",
					   "root" };
	uint64_t n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(cli_parse_number(bad[i], strlen(bad[i]), 4294967294, &n) < 0);
	CHECK_INT(cli_parse_number("4294967294", 10, 4294967294, &n), 0);
	CHECK_INT(n, 4294967294);
	CHECK_INT(cli_parse_number("01:2", 2, 10, &n), 0);
	CHECK_INT(n, 1);
}
