/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * base/protobuf, kernel/criu, setup/criu/streams, lifecycle/criu_log and criu_files: what is
 * written to criu and what is made of its words, and of the files beside the images, whoever wrote
 * them.
 */
#include "kernel/criu.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lifecycle/criu_log.h"
#include "lifecycle/criu_request.h"
#include "setup/criu/streams.h"
#include "test.h"

TEST(what_is_written_can_be_read)
{
	uint8_t data[256], inner[64];
	struct protobuf p = { data, sizeof(data), 0 }, m = { inner, sizeof(inner), 0 };
	struct protobuf_reader r;
	struct protobuf_field f;
	char text[16];

	protobuf_put_number(&m, 1, 300);
	protobuf_put_number(&p, 68, -1);
	protobuf_put_string(&p, 2, "word");
	protobuf_put_message(&p, 3, &m);
	CHECK(protobuf_is_whole(&p));
	r = (struct protobuf_reader){ data, data + p.len };
	CHECK_INT(protobuf_next(&r, &f), 1);
	CHECK_INT(f.number, 68);
	CHECK(f.value == UINT64_MAX && !f.data);
	CHECK_INT(protobuf_next(&r, &f), 1);
	protobuf_copy_string(&f, text, sizeof(text));
	CHECK_STR(text, "word");
	protobuf_copy_string(&f, text, 3);
	CHECK_STR(text, "wo");
	CHECK_INT(protobuf_next(&r, &f), 1);
	CHECK_INT(f.number, 3);
	r = (struct protobuf_reader){ f.data, f.data + f.len };
	CHECK_INT(protobuf_next(&r, &f), 1);
	CHECK_INT((long)f.value, 300);
	CHECK_INT(protobuf_next(&r, &f), 0);
}

TEST(what_does_not_fit_is_told)
{
	uint8_t data[4];
	struct protobuf p = { data, sizeof(data), 0 };

	protobuf_put_string(&p, 1, "more than four");
	CHECK(!protobuf_is_whole(&p));
}

/* Every cut of a message, and every message with one byte changed, is read without a step beyond.
 */
TEST(bytes_of_no_message)
{
	static const uint8_t good[] = { 0x08, 0x06, 0x10, 0x01, 0x2a, 0x0c, 0x0a, 0x08, 'p',
					'r',  'e',  '-',  'd',  'u',  'm',  'p',  0x10, 0x07 };
	struct criu_reply reply;

	CHECK_INT(criu_decode_reply(good, sizeof(good), &reply), 0);
	CHECK_INT(reply.type, CRIU_NOTIFY);
	CHECK_STR(reply.script, "pre-dump");
	CHECK_INT(reply.pid, 7);
	for (size_t len = 0; len < sizeof(good); len++) {
		uint8_t *cut = malloc(len ? len : 1);

		memcpy(cut, good, len);
		criu_decode_reply(cut, len, &reply);
		free(cut);
	}
	for (size_t i = 0; i < sizeof(good) * 256; i++) {
		uint8_t *changed = malloc(sizeof(good));

		memcpy(changed, good, sizeof(good));
		changed[i / 256] = (uint8_t)i;
		criu_decode_reply(changed, sizeof(good), &reply);
		free(changed);
	}
	CHECK_INT(criu_decode_reply("\x0a\xff\xff\xff\xff\x0f", 6, &reply), -EBADMSG);
	CHECK_INT(criu_decode_reply("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, &reply),
		  -EBADMSG);
}

TEST(a_version)
{
	struct criu_reply reply;

	CHECK_INT(criu_decode_reply("\x08\x0a\x10\x01\x52\x06\x08\x04\x10\x02\x20\x01", 12, &reply),
		  0);
	CHECK_INT(reply.type, CRIU_VERSION);
	CHECK(reply.success);
	CHECK_INT(reply.version, 40201);
}

TEST(a_request)
{
	uint8_t opts_data[16], got[64];
	struct protobuf opts = { opts_data, sizeof(opts_data), 0 };
	static const uint8_t want[] = { 0x08, 0x01, 0x12, 0x02, 0x10, 0x2a };
	int pair[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	protobuf_put_number(&opts, 2, 42);
	CHECK_INT(criu_send(pair[0], CRIU_DUMP, &opts, false), 0);
	CHECK_INT(recv(pair[1], got, sizeof(got), 0), sizeof(want));
	CHECK(memcmp(got, want, sizeof(want)) == 0);
	close(pair[1]);
	CHECK_INT(criu_send_answer(pair[0], true), -EPIPE);
	close(pair[0]);
}

static int decode(const char *text, struct stream streams[static STREAMS])
{
	struct arena a = { 0 };
	struct err e = { 0 };
	int r = streams_decode(&a, text, strlen(text), streams, &e);

	arena_release(&a);
	return r;
}

TEST(streams_of_others)
{
	struct stream s[STREAMS];

	CHECK_INT(decode("[\"/dev/null\",\"pipe:[118777]\",\"pipe:[118777]\"]", s), 0);
	CHECK_STR(s[0].key, "");
	CHECK_STR(s[1].key, "pipe:[118777]");
	CHECK_INT(decode("[\n  \"\\/dev\\/pts\\/0\",\n  \"socket:[1]\",\n  \"file[5f:3]\"\n]", s),
		  0);
	CHECK_STR(s[0].key, "");
	CHECK_STR(s[1].key, "socket:[1]");
	CHECK_STR(s[2].key, "file[5f:3]");
	CHECK_INT(decode("[\"null[5f:3]\",\"\",\"file[1:2]\"]", s), 0);
	CHECK_STR(s[0].key, "file[5f:3]");
	CHECK(s[0].is_null && !s[2].is_null);
}

TEST(streams_that_are_none)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"[\"\",\"\"]",
		"[\"\",\"\",\"\",\"\"]",
		"[\"\",\"\",1]",
		"[\"pipe:[]\",\"\",\"\"]",
		"[\"pipe:[12\",\"\",\"\"]",
		"[\"pipe:[12]x\",\"\",\"\"]",
		"[\"pipe:[12a]\",\"\",\"\"]",
		"[\"file[12]\",\"\",\"\"]",
		"[\"file[12:]\",\"\",\"\"]",
		"[\"file[12:1:1]\",\"\",\"\"]",
		"[\"extRootNetNS\",\"\",\"\"]",
		"[\"tty[1:2\\u0000]\",\"\",\"\"]",
		"[\"pipe:[999999999999999999999999999999999999999999999999999999999]\",\"\",\"\"]",
	};
	struct stream s[STREAMS];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_STR(decode(bad[i], s) < 0 ? "" : bad[i], "");
}

TEST(the_errors_of_a_log)
{
	char log[] =
		"(00.000001) Version: 4.2.1 (gitid 0)\n"
		"(00.000002) Error (criu/util.c:1534): rlimit: Can't setup RLIMIT_NOFILE for self: "
		"Operation not permitted\n"
		"(00.051093) 317 fdinfo 1: Error (x): not this one, which says so far behind\n"
		"(00.053700)      1: Error (criu/files-reg.c:1790): Can't lookup mount=102 for fd=1 "
		"path=/tmp/\033[31mout\n"
		"(00.055433) Error (criu/cr-dump.c:1545): Dump files (pid: 317) failed with -1\n"
		"(00.055434) Error (criu/cr-dump.c:1545): Dump files (pid: 317) failed with -1\n"
		"(00.094996) Error (criu/cr-dump.c:1975): Dumping FAILED.";
	char lines[CRIU_LINES][CRIU_LINE_SIZE];

	CHECK_INT(criu_log_errors(log, lines), 2);
	CHECK_STR(lines[0], "Can't lookup mount=102 for fd=1 path=/tmp/\\x1b[31mout");
	CHECK_STR(lines[1], "Dump files (pid: 317) failed with -1");
}

TEST(where_criu_is)
{
	char path[64];

	CHECK_INT(criu_find("/nonexistent:relative", path, sizeof(path)), -ENOENT);
	CHECK_INT(criu_find("/nonexistent", path, 4), -ENOENT);
}

TEST(the_file_of_streams_is_a_small_file)
{
	char folder[] = "/tmp/davit-streams-XXXXXX";
	struct stream streams[STREAMS];
	struct arena a = { 0 };
	struct err e = { 0 };
	int dirfd;

	CHECK(mkdtemp(folder) != NULL);
	dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(streams_load(&a, dirfd, streams, &e), 0);
	CHECK_INT(mkfifoat(dirfd, "descriptors.json", 0600), 0);
	CHECK_INT(streams_load(&a, dirfd, streams, &e), -EINVAL);
	CHECK_STR(e.msg, "descriptors.json is no small file");
	unlinkat(dirfd, "descriptors.json", 0);
	close(dirfd);
	rmdir(folder);
	arena_release(&a);
}

TEST(what_a_dump_has_told_outlives_a_restore)
{
	static const char *const names[] = { "dump.log", "stats-dump", "restore.log",
					     "stats-restore" };
	char dir[] = "/tmp/davit-criu.XXXXXX";
	const struct davit_checkpoint_options o = { .image_path = dir };
	struct criu_images images = { .dirfd = -1, .work_dirfd = -1 };
	struct err e = { 0 };
	int dirfd;

	CHECK(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		close(openat(dirfd, names[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	CHECK_INT(criu_images_open(&images, &o, false, &e), 0);
	criu_images_close(&images);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK_INT(faccessat(dirfd, names[i], F_OK, 0), i < 2 ? 0 : -1);
		(void)unlinkat(dirfd, names[i], 0);
	}
	close(dirfd);
	CHECK_INT(rmdir(dir), 0);
}
