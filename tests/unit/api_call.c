/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * api/call: what is written is what is read, and a file that is something else is refused.
 */
#include <sys/mman.h>

#include "api/call.h"
#include "config-davit.h"
#include "kernel/sys.h"
#include "test.h"

static struct call make_call(void)
{
	static const char *const args[] = { "sh", "-c", "", NULL };
	static const char *const none[] = { NULL };
	static const uint32_t gids[] = { 7, 8, 4000000000U }, uid = 1000;
	static const int64_t memory = -1;
	static const uint16_t weight = 500;
	static char variable[] = "A=B", *environment[] = { variable, NULL };

	return (struct call){
		.version = DAVIT_VERSION_TEXT,
		.size = sizeof(struct call),
		.verb = CALL_EXEC,
		.context = { .root = "/run/davit", .environment = environment },
		.create = { .config_text = "{\0}", .config_len = 3, .preserve_fds = 4 },
		.exec = { .id = "box",
			  .args = args,
			  .env = none,
			  .uid = &uid,
			  .additional_gids = gids,
			  .additional_gid_count = 3,
			  .detach = true },
		.update = { .memory_number = &memory, .blkio_weight_number = &weight },
	};
}

static int write_call(const struct call *c)
{
	struct err e = { 0 };
	int fd = -1;

	CHECK_INT(call_write(c, &fd, &e), 0);
	return fd;
}

TEST(a_call_is_read_as_it_was_written)
{
	const struct call from = make_call(), *to = NULL;
	struct err e = { 0 };
	int fd = write_call(&from);

	CHECK_INT(call_read(fd, &to, &e), 0);
	close(fd);
	CHECK_STR(call_id(to), "box");
	CHECK_STR(to->context.root, "/run/davit");
	CHECK_STR(to->context.environment[0], "A=B");
	CHECK(!to->context.environment[1] && !to->context.notify_socket);
	CHECK_INT(to->create.config_len, 3);
	CHECK(memcmp(to->create.config_text, "{\0}", 3) == 0);
	CHECK_INT(to->create.preserve_fds, 4);
	CHECK_STR(to->exec.args[1], "-c");
	CHECK_STR(to->exec.args[2], "");
	CHECK(!to->exec.args[3] && to->exec.env && !to->exec.env[0] && !to->exec.caps);
	CHECK_INT(*to->exec.uid, 1000);
	CHECK(!to->exec.gid);
	CHECK_INT(to->exec.additional_gids[2], 4000000000U);
	CHECK(to->exec.detach);
	CHECK_INT(*to->update.memory_number, -1);
	CHECK_INT(*to->update.blkio_weight_number, 500);
}

/* `delete --force` ends a davit that hangs: it knows it by the words of its command line. */
TEST(each_call_has_a_word_and_an_id)
{
	for (enum call_verb verb = CALL_CREATE; verb <= CALL_UPDATE; verb++) {
		const struct call c = {
			.verb = verb, .id = "box", .create.id = "box", .exec.id = "box"
		};

		CHECK(call_verb_word(&c) && *call_verb_word(&c));
		CHECK_STR(call_id(&c), "box");
	}
}

static int read_changed(size_t offset, const void *bytes, size_t len, struct err *e)
{
	const struct call from = make_call(), *to = NULL;
	int fd = write_call(&from), r;

	CHECK_INT(pwrite(fd, bytes, len, (off_t)offset), (long long)len);
	r = call_read(fd, &to, e);
	close(fd);
	return r;
}

TEST(another_version_is_named)
{
	struct err e = { 0 };

	CHECK_INT(read_changed(0, "9.8.7", 6, &e), -EPROTO);
	CHECK(strstr(e.msg, "9.8.7") && strstr(e.msg, DAVIT_VERSION_TEXT));
}

TEST(an_offset_that_leads_out_of_the_file_is_refused)
{
	const uintptr_t far = 1 << 30;
	struct err e = { 0 };

	CHECK_INT(read_changed(offsetof(struct call, context.root), &far, sizeof(far), &e),
		  -EPROTO);
	e = (struct err){ 0 };
	CHECK_INT(read_changed(offsetof(struct call, exec.args), &far, sizeof(far), &e), -EPROTO);
	e = (struct err){ 0 };
	CHECK_INT(read_changed(offsetof(struct call, create.config_len), &far, sizeof(far), &e),
		  -EPROTO);
}

TEST(a_file_that_is_cut_is_refused)
{
	const struct call from = make_call(), *to = NULL;
	int fd = write_call(&from);
	off_t size = lseek(fd, 0, SEEK_END);

	for (off_t len = 0; len < size; len += 13) {
		struct err e = { 0 };

		CHECK_INT(ftruncate(fd, len), 0);
		CHECK_INT(ftruncate(fd, len), 0);
		if (call_read(fd, &to, &e) == 0)
			CHECK(len > (off_t)sizeof(struct call)); /* behind all that is pointed to */
		CHECK_INT(ftruncate(fd, 0), 0);
		close(fd);
		fd = write_call(&from);
	}
	close(fd);
}
