/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * oci-spec/: the strictness of the reader, what the decoder makes of values, and where errors are.
 */
#include <errno.h>

#include "base/arena.h"
#include "oci-spec/json.h"
#include "oci-spec/state.h"
#include "test.h"

/* Documents in which `process` has one more member. */
#define PROCESS(member) "{\"ociVersion\":\"1.0.0\",\"process\":{\"cwd\":\"/\"," member "}}"
#define UID(value)      PROCESS("\"user\":{\"uid\":" value "}")

/* Five mounts. */
#define M1 "{\"destination\":\"/a\"}"
#define M5 M1 "," M1 "," M1 "," M1 "," M1

struct refusal {
	const char *text;
	const char *kind, *pointer;
	const char *message;
};

/* clang-format off */
static const struct refusal refusals[] = {
	{ "", "json", "", "c.json:1:1: parse error: premature EOF" },
	{ " \n \n", "json", "", "c.json:3:1: parse error: premature EOF" },
	{ "{]", "json", "", "c.json:1:2: parse error: invalid object key (must be a string)" },
	{ "{,}", "json", "", "c.json:1:2: parse error: invalid object key (must be a string)" },
	{ "{\"a\" 1}", "json", "", "c.json:1:6: parse error: object key and value must be "
	  "separated by a colon (':')" },
	{ "{\"ociVersion\":\"1.0.0\",}", "json", "", "c.json:1:23: parse error: invalid object key "
	  "(must be a string)" },
	{ "{\"ociVersion\":\"1.0.0\"", "json", "", "c.json:1:22: parse error: premature EOF" },
	{ "{\"ociVersion\":\"1.0.0\"}\nx", "json", "", "c.json:2:1: parse error: trailing "
	  "garbage" },
	{ "{\"ociVersion\":\"1.0.0\"}}", "json", "", "c.json:1:23: parse error: trailing garbage" },
	{ "{\"ociVersion\":\"1.0.0\"}{}", "json", "", "c.json:1:23: parse error: trailing garbage" },
	{ "{\"ociVersion\":\"1.0.0\" /* x */}", "json", "", "c.json:1:23: lexical error: probable "
	  "comment found in input text, comments are not enabled." },
	{ "{\"ociVersion\":\"1\t0\"}", "json", "", "c.json:1:17: lexical error: invalid character "
	  "inside string." },
	{ "{\"ociVersion\":'1'}", "json", "", "c.json:1:15: lexical error: invalid char in json "
	  "text." },
	{ "[]", "json", "", "c.json:1:1: expected object, found array" },
	{ "null", "json", "", "c.json:1:1: expected object, found null" },
	{ "7", "json", "", "c.json:1:1: expected object, found number" },
	/* Duplicate keys: in objects, maps, unknown parts, and however they are spelt. */
	{ "{\"ociVersion\":\"1.0.0\",\n \"ociVersion\":\"1.1.0\"}", "json", "/ociVersion",
	  "c.json:2:2: duplicate key" },
	{ "{\"ociVersion\":\"1.0.0\",\"annotations\":{\"a\":\"b\",\"c\":\"d\",\"a\":\"b\"}}", "json",
	  "/annotations/a", "c.json:1:54: duplicate key" },
	{ "{\"x\":[1,{\"a/~b\":{\"q\":1,\"\\u0071\":2}}],\"ociVersion\":\"1.0.0\"}", "json",
	  "/x/1/a~1~0b/q", "c.json:1:24: duplicate key" },
	/* ... at once where a second value would be laid over the first, so that nothing of what
	 * follows is looked at; of a null, too, and of a list with room for 4. */
	{ "{\"ociVersion\":\"1.0.0\",\"mounts\":[" M5 "],\n\"mounts\":[" M5 ",0", "json", "/mounts",
	  "c.json:2:1: duplicate key" },
	{ "{\"ociVersion\":\"1.0.0\",\"mounts\":null,\n \"mo\\u0075nts\":[", "json", "/mounts",
	  "c.json:2:2: duplicate key" },
	{ "{\"linux\":{\"sysctl\":{}},\"linux\":{\"sysctl\":{", "json", "/linux",
	  "c.json:1:24: duplicate key" },
	{ PROCESS("\"args\":[\"a\",\"b\",\"c\",\"d\",\"e\"],\"\\u0061rgs\":[\"f\",0"), "json",
	  "/process/args", "c.json:1:73: duplicate key" },
	{ PROCESS("\"user\":{\"additionalGids\":[1,2,3,4,5],\"uid\":1,\"additionalGids\":[-1"),
	  "json", "/process/user/additionalGids", "c.json:1:89: duplicate key" },
	{ PROCESS("\"user\":{\"uid\":1},\"user\":{\"uid\":-1"), "json", "/process/user",
	  "c.json:1:61: duplicate key" },
	{ "{\"mounts\":[{\"options\":[\"a\"],\"options\":0", "json", "/mounts/0/options",
	  "c.json:1:29: duplicate key" },
	{ "{\"annotations\":{\"a\":\"\"},\"annotations\":{\"a\":0", "json", "/annotations",
	  "c.json:1:25: duplicate key" },
	{ "{\"linux\":{\"netDevices\":{\"a\":{},\"b\":{},\"c\":{},\"d\":{},\"e\":{},"
	  "\"\\u0061\":{\"name\":\"x\"}}", "json", "/linux/netDevices/a",
	  "c.json:1:60: duplicate key" },
	{ "{\"linux\":{\"netDevices\":{\"a\":{\"name\":\"x\",\"name\":0", "json",
	  "/linux/netDevices/a/name", "c.json:1:41: duplicate key" },
	/* NUL and UTF-8. */
	{ "{\"ociVersion\":\"1.0\\u0000.0\"}", "json", "/ociVersion",
	  "c.json:1:15: NUL in a string" },
	{ "{\"x\\u0000y\":1}", "json", "/x?y", "c.json:1:2: NUL in a string" },
	{ "{\"x\":[\"\\ud800\"]}", "json", "/x/0", "c.json:1:7: half of a surrogate pair in a "
	  "string" },
	{ "{\"x\":[\"\\udc00\"]}", "json", "/x/0", "c.json:1:7: half of a surrogate pair in a "
	  "string" },
	{ "{\"x\":[\"\\ud83d\\u0041\"]}", "json", "/x/0", "c.json:1:7: half of a surrogate pair in "
	  "a string" },
	{ "{\"x\":[\"\\\\\\uD83D\\n\"]}", "json", "/x/0", "c.json:1:7: half of a surrogate pair in "
	  "a string" },
	{ "{\"x\":\"\xc0\xaf\"}", "json", "", "c.json:1:7: invalid UTF-8" },
	{ "{\"x\":\"\xe0\x80\xaf\"}", "json", "", "c.json:1:7: invalid UTF-8" },
	{ "{\"x\":\"\xf0\x80\x80\xaf\"}", "json", "", "c.json:1:7: invalid UTF-8" },
	{ "{\"x\":\"\xed\xa0\x80\"}", "json", "", "c.json:1:7: invalid UTF-8" },
	{ "{\"x\":\"\xf4\x90\x80\x80\"}", "json", "", "c.json:1:7: invalid UTF-8" },
	{ "{\"x\":\"\xff\"}", "json", "", "c.json:1:7: invalid UTF-8" },
	{ "{\"x\":\"\xc3", "json", "", "c.json:1:7: invalid UTF-8" },
	{ "{\"x\":\"\xc3\xa4\",\"y\":\"\x80\"}", "json", "", "c.json:1:15: invalid UTF-8" },
	{ "\xef\xbb\xbf{\"ociVersion\":\"1.0.0\"}", "json", "", "c.json:1:1: byte order mark" },
	/* Numbers. */
	{ UID("-1"), "config", "/process/user/uid",
	  "c.json:1:58: expected integer from 0 to 4294967295, found -1" },
	{ UID("4294967296"), "config", "/process/user/uid",
	  "c.json:1:58: expected integer from 0 to 4294967295, found 4294967296" },
	{ UID("99999999999999999999999999"), "config", "/process/user/uid", "c.json:1:58: expected "
	  "integer from 0 to 4294967295, found 99999999999999999999999999" },
	{ UID("1.0"), "config", "/process/user/uid",
	  "c.json:1:58: expected integer from 0 to 4294967295, found 1.0" },
	{ UID("1e3"), "config", "/process/user/uid",
	  "c.json:1:58: expected integer from 0 to 4294967295, found 1e3" },
	{ UID("\"1\""), "config", "/process/user/uid",
	  "c.json:1:58: expected integer, found string" },
	{ UID("01"), "json", "", "c.json:1:59: parse error: after key and value, inside map, I "
	  "expect ',' or '}'" },
	{ PROCESS("\"oomScoreAdj\":9223372036854775808"), "config", "/process/oomScoreAdj",
	  "c.json:1:58: expected integer from -9223372036854775808 to 9223372036854775807, found "
	  "9223372036854775808" },
	/* The text ends with the number. */
	{ "{\"ociVersion\":\"1.0.0\",\"process\":{\"oomScoreAdj\":99999999999999999999", "config",
	  "/process/oomScoreAdj", "c.json:1:48: expected integer from -9223372036854775808 to "
	  "9223372036854775807, found 99999999999999999999" },
	{ "{\"ociVersion\":5", "config", "/ociVersion", "c.json:1:15: expected string, found number" },
	/* Types, words, members. */
	{ PROCESS("\"args\":\"sh\""), "config", "/process/args",
	  "c.json:1:51: expected array, found string" },
	{ PROCESS("\"args\":[\"sh\",null]"), "config", "/process/args/1",
	  "c.json:1:57: expected string, found null" },
	{ PROCESS("\"terminal\":0"), "config", "/process/terminal",
	  "c.json:1:55: expected boolean, found number" },
	{ PROCESS("\"rlimits\":[{\"type\":\"NOFILE\"}]"), "config", "/process/rlimits/0/type", NULL },
	{ "{\"ociVersion\":\"1.0.0\",\n\"process\":\n  {\"args\":[]}}", "config", "/process/cwd",
	  "c.json:3:3: required member \"cwd\" is missing" },
	{ "{}", "config", "/ociVersion",
	  "c.json:1:1: required member \"ociVersion\" is missing" },
	{ "{\"ociversion\": \"1.0.0\", \"root\": {\"path\": \"r\"}}", "config",
	  "/ociVersion", "c.json:1:1: required member \"ociVersion\" is missing (letters count: it is there in others)" },
	{ "{\"ociVersion\":null}", "config", "/ociVersion",
	  "c.json:1:15: expected string, found null" },
	{ "{\"ociVersion\":\"1.0.0\",\"annotations\":{\"a/b\\n\":null}}", "config",
	  "/annotations/a~1b?", "c.json:1:46: expected string, found null" },
	{ "{\"ociVersion\":\"1.0.0\",\"linux\":{\"namespaces\":[{\"type\":\"net\"}]}}", "config",
	  "/linux/namespaces/0/type", "c.json:1:54: expected one of pid, network, mount, ipc, uts, "
	  "user, cgroup, time, found \"net\"" },
	{ "{\"ociVersion\":\"1.0.0\",\"linux\":{\"rootfsPropagation\":\"none\"}}", "config",
	  "/linux/rootfsPropagation", NULL },
	{ "{\"ociVersion\":\"1.0.0\",\"linux\":{\"personality\":{\"domain\":\"linux\"}}}", "config",
	  "/linux/personality/domain", "c.json:1:56: expected one of LINUX, LINUX32, found "
	  "\"linux\"" },
};
/* clang-format on */

TEST(what_is_refused_and_where)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct oci_config *c = NULL;
		struct arena a = { 0 };
		struct err e = { 0 };

		if (oci_config_decode(&a, r->text, strlen(r->text), "c.json", &c, &e) >= 0)
			printf("# accepted: %s\n", r->text);
		CHECK(!c && e.code);
		CHECK_STR(err_kind_word(e.kind), r->kind);
		CHECK_STR(e.pointer, r->pointer);
		CHECK(e.line && e.column);
		if (r->message)
			CHECK_STR(e.msg, r->message);
		arena_release(&a);
	}
}

static int decode(struct arena *a, const char *text, size_t len, struct oci_config **ret,
		  struct err *e)
{
	return oci_config_decode(a, text, len, "c.json", ret, e);
}

TEST(a_nul_byte_is_refused_and_the_length_counts)
{
	static const char text[] = "{\"ociVersion\":\"1.0.0\"}\0{}";
	struct arena a = { 0 };
	struct err e = { 0 }, none = { 0 };
	struct oci_config *c;

	CHECK(decode(&a, text, sizeof(text) - 1, &c, &e) < 0);
	CHECK_STR(e.msg, "c.json:1:23: NUL byte");
	CHECK_INT(decode(&a, text, strlen(text), &c, &none), 0);
	arena_release(&a);
}

/* @depth objects or lists within each other, beside ociVersion. */
static char *nest(unsigned depth, const char *open, const char *close)
{
	char *text = calloc(1, 100 + (size_t)depth * (strlen(open) + strlen(close)));
	char *p = stpcpy(text, "{\"ociVersion\":\"1.0.0\",\"x\":");

	for (unsigned i = 1; i < depth; i++)
		p = stpcpy(p, open);
	p = stpcpy(p, "1");
	for (unsigned i = 1; i < depth; i++)
		p = stpcpy(p, close);
	strcpy(p, "}");
	return text;
}

TEST(the_depth_is_limited)
{
	static const char *const kinds[][2] = { { "[", "]" }, { "{\"a\":", "}" } };

	for (size_t i = 0; i < 4; i++) {
		char *text = nest(i < 2    ? 64
				  : i == 2 ? 65
					   : 100000,
				  kinds[i % 2][0], kinds[i % 2][1]);
		struct arena a = { 0 };
		struct err e = { 0 };
		struct oci_config *c;

		CHECK_INT(decode(&a, text, strlen(text), &c, &e), i < 2 ? 0 : -EINVAL);
		CHECK(i < 2 || strstr(e.msg, "nested deeper than 64 levels"));
		arena_release(&a);
		free(text);
	}
}

TEST(the_size_is_limited)
{
	size_t len = OCI_JSON_SIZE_MAX + OCI_STATE_ROOM + 1;
	char *text = malloc(len);
	struct arena a = { 0 };
	struct err e = { 0 }, none = { 0 };
	struct oci_config *c;

	memset(text, ' ', len);
	memcpy(text, "{\"ociVersion\":\"1.0.0\"}", 22);
	CHECK_INT(decode(&a, text, len, &c, &e), -EFBIG);
	CHECK_INT(decode(&a, text, len - 1, &c, &none), 0);
	arena_release(&a);
	free(text);
}

TEST(absent_null_empty_and_zero_differ)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.0\",\"hooks\":null,\"mounts\":[],\"annotations\":{},"
		"\"x\":{\"a\":[{\"b\":[]}]},"
		"\"process\":{\"cwd\":\"/\",\"terminal\":false,\"env\":null,\"user\":"
		"{\"uid\":4294967295,\"umask\":0,\"additionalGids\":[5,6,7,8,9,10]},"
		"\"args\":[\"a\",\"b\",\"c\",\"\xf0\x9f\x98\x80\",\"\\ud83d\\ude00\\n\",\"f\"]},"
		"\"linux\":{\"resources\":{\"memory\":{\"limit\":-9223372036854775808,\"swap\":-0,"
		"\"swappiness\":18446744073709551615}},\"netDevices\":{\"eth0\":{},"
		"\"eth1\":{\"name\":\"x\"}}}}";
	struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_config *c = NULL;
	const struct oci_memory *m;

	CHECK_INT(decode(&a, text, strlen(text), &c, &e), 0);
	if (!c)
		return;
	CHECK(!c->hooks && !c->root && !c->hostname);
	CHECK(c->mounts.items && !c->mounts.count && c->annotations.items && !c->annotations.count);
	CHECK(!c->process->env.items && !c->process->no_new_privileges);
	CHECK(c->process->terminal && !*c->process->terminal);
	CHECK_INT(c->process->user.uid, UINT32_MAX);
	CHECK_INT(c->process->user.gid, 0);
	CHECK(c->process->user.umask && !*c->process->user.umask);
	CHECK_INT(c->process->user.additional_gids.count, 6);
	CHECK_INT(c->process->user.additional_gids.items[5], 10);
	CHECK_INT(c->process->args.count, 6);
	CHECK_STR(c->process->args.items[3], "\xf0\x9f\x98\x80");
	CHECK_STR(c->process->args.items[4], "\xf0\x9f\x98\x80\n");
	m = c->linux_config->resources->memory;
	CHECK(*m->limit == INT64_MIN && *m->swap == 0 && *m->swappiness == UINT64_MAX);
	CHECK(!m->reservation);
	CHECK_INT(c->linux_config->net_devices.count, 2);
	CHECK_STR(c->linux_config->net_devices.items[0].host_name, "eth0");
	CHECK(!c->linux_config->net_devices.items[0].name);
	CHECK_STR(c->linux_config->net_devices.items[1].name, "x");
	arena_release(&a);
}

TEST(the_first_error_stays)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_config *c;

	err_set(&e, EPERM, "earlier");
	CHECK_INT(decode(&a, "{", 1, &c, &e), -EPERM);
	CHECK_STR(e.msg, "earlier");
	arena_release(&a);
}

TEST(parts_are_documents_too)
{
	static const char process[] = "{\"cwd\":\"/\",\"args\":[\"sh\"]}";
	static const char resources[] = "{\"pids\":{\"limit\":5}}";
	struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_process *p = NULL;
	struct oci_resources *r = NULL;

	CHECK_INT(oci_process_decode(&a, process, strlen(process), "p", &p, &e), 0);
	CHECK_STR(p ? p->args.items[0] : NULL, "sh");
	CHECK_INT(oci_resources_decode(&a, resources, strlen(resources), "r", &r, &e), 0);
	CHECK(r && r->pids && *r->pids->limit == 5);
	CHECK(oci_resources_decode(&a, "[]", 2, "r", &r, &e) < 0);
	arena_release(&a);
}

TEST(a_pointer_finds_its_line_again)
{
	static const char text[] =
		"{\n\t\"ociVersion\": \"1.0.0\",\n\t\"process\": {\n\t\t\"args\": "
		"[\n\t\t\t\"a\",\n\t\t\t\"b\"\n\t\t]\n\t},\n\t\"linux\": "
		"{\"sysctl\": {\"a/b~\": \"c\"}}\n}\n";
	static const struct {
		const char *pointer;
		unsigned line, column;
	} rows[] = {
		{ "/ociVersion", 2, 16 },
		{ "/process/args/1", 6, 4 },
		{ "/process/args", 4, 11 },
		{ "/process/cwd", 3, 13 }, /* not there: what should have it */
		{ "/process/arg", 3, 13 },
		{ "/linux/sysctl/a~1b~0", 9, 31 },
		{ "/root", 1, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err e = { 0 };

		err_field(&e, EINVAL, rows[i].pointer, "x");
		oci_find_line(text, strlen(text), &e);
		CHECK_INT(e.line, rows[i].line);
		CHECK_INT(e.column, rows[i].column);
	}
}

TEST(a_long_pointer_is_cut_and_finds_its_line)
{
	char text[700] = "{\"ociVersion\":\"1.0.0\",\n\"annotations\":{\"a\":\"b\",\n\"", *p;
	struct err e = { 0 }, again = { 0 };
	struct arena a = { 0 };
	struct oci_config *c;

	p = text + strlen(text);
	for (int i = 0; i < 100; i++)
		p = stpcpy(p, "\xf0\x9f\x98\x80");
	strcpy(p, "\":1}}");
	CHECK(decode(&a, text, strlen(text), &c, &e) < 0);
	CHECK_INT(strlen(e.pointer), sizeof(e.pointer) - 1);
	CHECK(strstr(e.pointer, "\x80..."));
	err_field(&again, EINVAL, e.pointer, "x");
	oci_find_line(text, strlen(text), &again);
	CHECK_INT(again.line, 3);
	CHECK_INT(again.column, e.column);
	arena_release(&a);
}

struct unknown {
	size_t count;
	char last[128];
	unsigned line;
};

static void on_unknown(void *arg, const char *pointer, unsigned line)
{
	struct unknown *u = arg;

	u->count++;
	u->line = line;
	snprintf(u->last, sizeof(u->last), "%s", pointer);
}

TEST(unknown_keys_are_listed)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.0\",\"x\":{\"y\":1},\"annotations\":{\"free\":\"\"},\n"
		"\"mounts\":[{\"destination\":\"/a\",\"dest/\":\"\"}]}";
	struct unknown u = { 0 };
	struct err e = { 0 };

	CHECK_INT(oci_config_unknown_keys(text, strlen(text), "c", on_unknown, &u, &e), 0);
	CHECK_INT(u.count, 2);
	CHECK_STR(u.last, "/mounts/0/dest~1");
	CHECK_INT(u.line, 2);
	CHECK(oci_config_unknown_keys("{", 1, "c", on_unknown, &u, &e) < 0);
}

TEST(state_documents)
{
	static const char text[] = "{\"version\":1,\"phase\":\"created\",\"id\":\"x\",\"pid\":5,"
				   "\"startTime\":18446744073709551615,\"cgroupWasThere\":true}";
	struct arena a = { 0 };
	struct err e = { 0 };
	struct davit_state *s = NULL;
	struct oci_state *o = NULL;

	CHECK_INT(davit_state_decode(&a, text, strlen(text), "s", &s, &e), 0);
	CHECK(s && s->version == 1 && *s->pid == 5 && *s->start_time == UINT64_MAX);
	CHECK(s && *s->cgroup_was_there && !s->terminal && !s->annotations.items);
	CHECK(davit_state_decode(&a, text, strlen(text) - 1, "s", &s, &e) < 0);
	e = (struct err){ 0 };
	CHECK(oci_state_decode(&a, text, strlen(text), "s", &o, &e) < 0);
	CHECK_STR(e.pointer, "/ociVersion");
	arena_release(&a);
}

static bool add_fault(void *arg, const struct err *fault)
{
	char *list = arg;
	size_t len = strlen(list);

	snprintf(list + len, 1000 - len, "%s%s %u:%u", len ? "|" : "", fault->pointer, fault->line,
		 fault->column);
	return true;
}

TEST(all_faults_of_values_are_told)
{
	static const char text[] =
		"{\"process\":{\"cwd\":5,\"user\":[1,{\"uid\":2}],\"args\":[\"a\",7,\"b\"],\n"
		"\"rlimits\":[5,{\"type\":\"NOFILE\",\"soft\":1}],\"env\":{\"x\":[]}},\n"
		"\"annotations\":{\"a\":[[]],\"b\":\"c\"},\"mounts\":[{\"source\":{}}],\n"
		"\"linux\":{\"namespaces\":[{\"type\":\"pidd\"},{\"type\":\"uts\"}],"
		"\"netDevices\":{\"e\":5},\"resources\":\"x\"}}";
	const struct oci_text doc = { text, strlen(text), "c.json" };
	struct oci_config *c = NULL;
	char list[1000] = "", rules[1000] = "";
	struct arena a = { 0 };
	struct err e = { 0 };

	CHECK_INT(oci_config_decode_all(&a, &doc, add_fault, list, &c, &e), 0);
	CHECK_STR(list, "/process/cwd 1:19|/process/user 1:28|/process/args/1 1:54|"
			"/process/rlimits/0 2:12|/process/rlimits/1/type 2:22|"
			"/process/rlimits/1/hard 2:14|/process/env 2:48|/annotations/a 3:20|"
			"/mounts/0/source 3:54|/mounts/0/destination 3:44|"
			"/linux/namespaces/0/type 4:32|/linux/netDevices/e 4:74|"
			"/linux/resources 4:89|/ociVersion 1:1");
	CHECK(c && c->process && c->process->args.count == 3 && c->mounts.count == 1);
	CHECK_STR(c->process->args.items[1], "");
	CHECK_STR(c->process->args.items[2], "b");
	CHECK_STR(c->annotations.items[1].value, "c");
	CHECK_STR(c->linux_config->namespaces.items[1].type, "uts");
	CHECK_STR(c->oci_version, "");
	CHECK(oci_config_check(c, add_fault, rules) > 0);
	arena_release(&a);
}

TEST(what_is_no_json_ends_the_list)
{
	static const char text[] = "{\"ociVersion\":5,\"root\":[],\"root\":{}}";
	const struct oci_text doc = { text, strlen(text), "c.json" };
	struct oci_config *c = NULL;
	char list[1000] = "";
	struct arena a = { 0 };
	struct err e = { 0 };

	CHECK(oci_config_decode_all(&a, &doc, add_fault, list, &c, &e) < 0);
	CHECK_STR(list, "/ociVersion 1:15|/root 1:24");
	CHECK_STR(e.msg, "c.json:1:27: duplicate key");
	CHECK(!c);
	arena_release(&a);
}
