/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * src/text: whatever the string is, the JSON is valid and the line is one line.
 */
#include "src/text.h"

#include "test.h"

struct out {
	char text[128];
};

static struct out written(void (*writer)(FILE *, const char *), const char *text)
{
	struct out o = { "" };
	FILE *out = fmemopen(o.text, sizeof(o.text), "w");

	if (out) {
		writer(out, text);
		fclose(out);
	}
	return o;
}

TEST(json_escapes)
{
	CHECK_STR(written(text_write_json, "").text, "\"\"");
	CHECK_STR(written(text_write_json, "a\"b\\c/").text, "\"a\\\"b\\\\c/\"");
	CHECK_STR(written(text_write_json, "\n\r\t\x01\x7f").text, "\"\\n\\r\\t\\u0001\\u007f\"");
	CHECK_STR(written(text_write_json, "\xc2\x9b\xc2\xa0").text, "\"\\u009b\xc2\xa0\"");
}

TEST(json_keeps_utf8_and_nothing_else)
{
	const struct {
		const char *in, *out;
	} cases[] = {
		{ "\xc3\xa9", "\"\xc3\xa9\"" },
		{ "\xe2\x82\xac", "\"\xe2\x82\xac\"" },
		{ "\xf0\x9f\x90\xa7", "\"\xf0\x9f\x90\xa7\"" },
		{ "\xff", "\"\\ufffd\"" },
		{ "a\x80z", "\"a\\ufffdz\"" },
		{ "\xc3", "\"\\ufffd\"" },                                  /* cut off */
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },                       /* cut off */
		{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },                       /* overlong */
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },            /* surrogate */
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" }, /* too large */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_STR(written(text_write_json, cases[i].in).text, cases[i].out);
}

TEST(line_has_no_controls)
{
	CHECK_STR(written(text_write_line, "a\nb\x1b[1m\t\xc3\xa9").text,
		  "a\\nb\\x1b[1m\\t\xc3\xa9");
	CHECK_STR(written(text_write_line, "\x7f\xc2\x9b\xc2\xa0\x9b").text,
		  "\\x7f\\u009b\xc2\xa0\\x9b");
}
