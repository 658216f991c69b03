/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * oci-spec/: what the encoder writes, byte for byte.
 */
#include "base/arena.h"
#include "oci-spec/features.h"
#include "oci-spec/json.h"
#include "oci-spec/state.h"
#include "test.h"

TEST(compact)
{
	struct arena a = { 0 };
	const char *args[] = { "sh", "" };
	const uint64_t shares = UINT64_MAX;
	const struct oci_process p = { .cwd = "/", .args = { args, 2 }, .env = { args, 0 } };
	const struct oci_cpu cpu = { .shares = &shares };
	const struct oci_resources r = { .cpu = &cpu };
	const struct oci_linux l = { .resources = &r };
	const struct oci_config c = { .oci_version = "1.2.1", .process = &p, .linux_config = &l };
	size_t len = 0;
	char *text = oci_config_encode(&a, &c, false, &len);

	CHECK_STR(text, "{\"ociVersion\":\"1.2.1\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},"
			"\"args\":[\"sh\",\"\"],\"env\":[],\"cwd\":\"/\"},\"linux\":{\"resources\":"
			"{\"cpu\":{\"shares\":18446744073709551615}}}}");
	CHECK_INT(len, strlen(text));
	CHECK_STR(oci_process_encode(&a, &p, false, NULL),
		  "{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\",\"\"],\"env\":[],\"cwd\":"
		  "\"/\"}");
	arena_release(&a);
}

TEST(pretty)
{
	struct arena a = { 0 };
	struct oci_pair pairs[] = { { "a", "b" } };
	const int64_t pid = -1;
	const struct oci_state s = { .oci_version = "1.2.1",
				     .id = "x",
				     .status = "running",
				     .pid = &pid,
				     .bundle = "/b",
				     .annotations = { pairs, 1 } };
	struct oci_state empty = s;

	CHECK_STR(oci_state_encode(&a, &s, true, NULL), "{\n"
							"    \"ociVersion\": \"1.2.1\",\n"
							"    \"id\": \"x\",\n"
							"    \"pid\": -1,\n"
							"    \"status\": \"running\",\n"
							"    \"bundle\": \"/b\",\n"
							"    \"annotations\": {\n"
							"        \"a\": \"b\"\n"
							"    }\n"
							"}\n");
	empty.annotations.count = 0;
	CHECK(strstr(oci_state_encode(&a, &empty, true, NULL), "\"annotations\": {}\n}\n"));
	arena_release(&a);
}

TEST(strings_are_escaped)
{
	struct arena a = { 0 };
	const struct oci_config c = { .oci_version = "\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa4" };

	CHECK_STR(oci_config_encode(&a, &c, false, NULL),
		  "{\"ociVersion\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa4\"}");
	arena_release(&a);
}

TEST(bytes_that_are_no_utf8_are_replaced)
{
	struct arena a = { 0 };
	const struct oci_config c = { .oci_version = "\xff\n\xc3\xa4\xc2\"\xed\xa0\x80" };

	CHECK_STR(
		oci_config_encode(&a, &c, false, NULL),
		"{\"ociVersion\":\"\xef\xbf\xbd\\n\xc3\xa4\xef\xbf\xbd\\\"\xef\xbf\xbd\xef\xbf\xbd"
		"\xef\xbf\xbd\"}");
	arena_release(&a);
}

TEST(the_buffer_grows)
{
	struct arena a = { 0 };
	char *long_text = calloc(1, 300001);
	struct oci_config c = { .oci_version = long_text }, *back = NULL;
	struct err e = { 0 };
	size_t len;
	char *text;

	memset(long_text, '\n', 300000);
	text = oci_config_encode(&a, &c, false, &len);
	CHECK_INT(len, 600000 + strlen("{\"ociVersion\":\"\"}"));
	CHECK_INT(oci_config_decode(&a, text, len, "x", &back, &e), 0);
	CHECK_STR(back ? back->oci_version : NULL, long_text);
	free(long_text);
	arena_release(&a);
}

TEST(the_journal_survives)
{
	struct arena a = { 0 };
	const int64_t pid = 42;
	const uint64_t start_time = 1ULL << 63;
	const bool yes = true;
	const struct davit_state s = { .version = 1,
				       .phase = "created",
				       .id = "x",
				       .pid = &pid,
				       .start_time = &start_time,
				       .terminal = &yes };
	struct davit_state *back = NULL;
	struct err e = { 0 };
	size_t len;
	char *text = davit_state_encode(&a, &s, &len);

	CHECK_INT(davit_state_decode(&a, text, len, "state.json", &back, &e), 0);
	CHECK(back && *back->pid == 42 && *back->start_time == start_time && *back->terminal);
	CHECK(back && !back->cgroup_path && !back->has_start_socket);
	arena_release(&a);
}

TEST(features)
{
	struct arena a = { 0 };
	const char *names[] = { "prestart" };
	const bool yes = true, no = false;
	const struct oci_features_switch on = { &yes }, off = { &no };
	const struct oci_features_mount_extensions m = { &on };
	const struct oci_features_linux l = { .selinux = &off, .mount_extensions = &m };
	const struct oci_features f = { .oci_version_min = "1.0.0",
					.oci_version_max = "1.3.0",
					.hooks = { names, 1 },
					.linux_features = &l };

	CHECK_STR(oci_features_encode(&a, &f, false, NULL),
		  "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.3.0\",\"hooks\":"
		  "[\"prestart\"],\"linux\":{\"selinux\":{\"enabled\":false},\"mountExtensions\":"
		  "{\"idmap\":{\"enabled\":true}}}}");
	arena_release(&a);
}
