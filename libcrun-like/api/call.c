/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See call.h. One table says which members are pointers, and to what.
 */
#include "api/call.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "config-davit.h"

enum field_type {
	FIELD_TEXT,   /* ends with a NUL */
	FIELD_TEXTS,  /* an array of such, which ends with NULL */
	FIELD_BYTES,  /* as many as `count` says */
	FIELD_SHORT,  /* one uint16_t */
	FIELD_ID,     /* one uint32_t */
	FIELD_NUMBER, /* one of 64 bits */
	FIELD_IDS     /* as many uint32_t as `count` says */
};

struct field {
	size_t offset;
	enum field_type type;
	size_t count; /* offset of the size_t */
};

#define AT(member) offsetof(struct call, member)

/* clang-format off */
static const struct field fields[] = {
	{ AT(context.root), FIELD_TEXT, 0 },
	{ AT(context.runtime_dir), FIELD_TEXT, 0 },
	{ AT(context.cgroup_manager), FIELD_TEXT, 0 },
	{ AT(context.notify_socket), FIELD_TEXT, 0 },
	{ AT(context.seccomp_receiver), FIELD_TEXT, 0 },
	{ AT(context.environment), FIELD_TEXTS, 0 },
	{ AT(create.id), FIELD_TEXT, 0 },
	{ AT(create.bundle), FIELD_TEXT, 0 },
	{ AT(create.config), FIELD_TEXT, 0 },
	{ AT(create.pid_file), FIELD_TEXT, 0 },
	{ AT(create.console_socket), FIELD_TEXT, 0 },
	{ AT(create.pidfd_socket), FIELD_TEXT, 0 },
	{ AT(create.listen_fd_names), FIELD_TEXT, 0 },
	{ AT(create.config_text), FIELD_BYTES, AT(create.config_len) },
	{ AT(exec.id), FIELD_TEXT, 0 },
	{ AT(exec.process_file), FIELD_TEXT, 0 },
	{ AT(exec.args), FIELD_TEXTS, 0 },
	{ AT(exec.env), FIELD_TEXTS, 0 },
	{ AT(exec.cwd), FIELD_TEXT, 0 },
	{ AT(exec.uid), FIELD_ID, 0 },
	{ AT(exec.gid), FIELD_ID, 0 },
	{ AT(exec.additional_gids), FIELD_IDS, AT(exec.additional_gid_count) },
	{ AT(exec.caps), FIELD_TEXTS, 0 },
	{ AT(exec.process_label), FIELD_TEXT, 0 },
	{ AT(exec.apparmor), FIELD_TEXT, 0 },
	{ AT(exec.console_socket), FIELD_TEXT, 0 },
	{ AT(exec.pidfd_socket), FIELD_TEXT, 0 },
	{ AT(exec.pid_file), FIELD_TEXT, 0 },
	{ AT(exec.listen_fd_names), FIELD_TEXT, 0 },
	{ AT(exec.cgroups), FIELD_TEXTS, 0 },
	{ AT(exec.process_text), FIELD_BYTES, AT(exec.process_len) },
	{ AT(checkpoint.image_path), FIELD_TEXT, 0 },
	{ AT(checkpoint.work_path), FIELD_TEXT, 0 },
	{ AT(checkpoint.parent_path), FIELD_TEXT, 0 },
	{ AT(checkpoint.page_server), FIELD_TEXT, 0 },
	{ AT(checkpoint.manage_cgroups_mode), FIELD_TEXT, 0 },
	{ AT(checkpoint.network_lock), FIELD_TEXT, 0 },
	{ AT(checkpoint.empty_ns), FIELD_TEXTS, 0 },
	{ AT(checkpoint.lsm_profile), FIELD_TEXT, 0 },
	{ AT(checkpoint.lsm_mount_context), FIELD_TEXT, 0 },
	{ AT(update.resources), FIELD_BYTES, AT(update.resources_len) },
	{ AT(update.memory), FIELD_TEXT, 0 },
	{ AT(update.memory_reservation), FIELD_TEXT, 0 },
	{ AT(update.memory_swap), FIELD_TEXT, 0 },
	{ AT(update.kernel_memory), FIELD_TEXT, 0 },
	{ AT(update.kernel_memory_tcp), FIELD_TEXT, 0 },
	{ AT(update.cpu_share), FIELD_TEXT, 0 },
	{ AT(update.cpu_quota), FIELD_TEXT, 0 },
	{ AT(update.cpu_period), FIELD_TEXT, 0 },
	{ AT(update.cpu_burst), FIELD_TEXT, 0 },
	{ AT(update.cpu_idle), FIELD_TEXT, 0 },
	{ AT(update.cpu_rt_runtime), FIELD_TEXT, 0 },
	{ AT(update.cpu_rt_period), FIELD_TEXT, 0 },
	{ AT(update.cpuset_cpus), FIELD_TEXT, 0 },
	{ AT(update.cpuset_mems), FIELD_TEXT, 0 },
	{ AT(update.pids_limit), FIELD_TEXT, 0 },
	{ AT(update.blkio_weight), FIELD_TEXT, 0 },
	{ AT(update.l3_cache_schema), FIELD_TEXT, 0 },
	{ AT(update.mem_bw_schema), FIELD_TEXT, 0 },
	{ AT(update.memory_number), FIELD_NUMBER, 0 },
	{ AT(update.memory_reservation_number), FIELD_NUMBER, 0 },
	{ AT(update.memory_swap_number), FIELD_NUMBER, 0 },
	{ AT(update.cpu_share_number), FIELD_NUMBER, 0 },
	{ AT(update.cpu_quota_number), FIELD_NUMBER, 0 },
	{ AT(update.cpu_period_number), FIELD_NUMBER, 0 },
	{ AT(update.cpu_burst_number), FIELD_NUMBER, 0 },
	{ AT(update.cpu_idle_number), FIELD_NUMBER, 0 },
	{ AT(update.cpu_rt_runtime_number), FIELD_NUMBER, 0 },
	{ AT(update.cpu_rt_period_number), FIELD_NUMBER, 0 },
	{ AT(update.pids_limit_number), FIELD_NUMBER, 0 },
	{ AT(update.blkio_weight_number), FIELD_SHORT, 0 },
	{ AT(id), FIELD_TEXT, 0 },
	{ AT(mounts), FIELD_BYTES, AT(mounts_len) },
};
/* clang-format on */

const char *call_verb_word(const struct call *c)
{
	static const char *const words[] = {
		[CALL_CREATE] = "create",        [CALL_RUN] = "run",
		[CALL_START] = "start",          [CALL_EXEC] = "exec",
		[CALL_DELETE] = "delete",        [CALL_CHECKPOINT] = "checkpoint",
		[CALL_RESTORE] = "restore",      [CALL_MOUNTS_ADD] = "mounts",
		[CALL_MOUNTS_REMOVE] = "mounts", [CALL_UPDATE] = "update",
	};

	return words[c->verb];
}

const char *call_id(const struct call *c)
{
	const char *id = c->id;

	if (c->verb == CALL_CREATE || c->verb == CALL_RUN || c->verb == CALL_RESTORE)
		id = c->create.id;
	else if (c->verb == CALL_EXEC)
		id = c->exec.id;
	return id ? id : "";
}

static size_t count_of(const struct call *c, const struct field *f)
{
	return *(const size_t *)(const void *)((const char *)c + f->count);
}

/* How many bytes a field leads to that has neither texts nor a text; all ones: more than there are.
 */
static size_t size_of(const struct call *c, const struct field *f)
{
	size_t size;

	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_TEXTS:
		break;
	case FIELD_BYTES:
		return count_of(c, f);
	case FIELD_SHORT:
		return sizeof(uint16_t);
	case FIELD_ID:
		return sizeof(uint32_t);
	case FIELD_NUMBER:
		return sizeof(uint64_t);
	case FIELD_IDS:
		return __builtin_mul_overflow(count_of(c, f), sizeof(uint32_t), &size) ? SIZE_MAX
										       : size;
	}
	return SIZE_MAX;
}

/* --- writing -------------------------------------------------------------------------------- */

/* Grows; is_short: there was no memory. */
struct block {
	char *bytes;
	size_t len, room;
	bool is_short;
};

/* At an offset that any type may stand at, which is never 0; the offset. */
static uintptr_t append(struct block *b, const void *bytes, size_t len)
{
	size_t at = (b->len + 7) & ~(size_t)7, end = at + len;

	if (end > b->room) {
		size_t room = 2 * end;
		char *grown = realloc(b->bytes, room);

		if (!grown) {
			b->is_short = true;
			return 0;
		}
		memset(grown + b->room, 0, room - b->room);
		b->bytes = grown;
		b->room = room;
	}
	memcpy(b->bytes + at, bytes, len);
	b->len = end;
	return at;
}

static uintptr_t append_texts(struct block *b, const char *const *texts)
{
	size_t count = 0;
	uintptr_t at, text, end = 0;

	while (texts[count])
		count++;
	at = append(b, texts, count * sizeof(*texts));
	(void)append(b, &end, sizeof(end)); /* right behind: both are words */
	for (size_t i = 0; i < count && !b->is_short; i++) {
		text = append(b, texts[i], strlen(texts[i]) + 1);
		if (!b->is_short)
			memcpy(b->bytes + at + i * sizeof(text), &text, sizeof(text));
	}
	return at;
}

static uintptr_t append_field(struct block *b, const struct call *c, const struct field *f,
			      const void *from)
{
	if (f->type == FIELD_TEXTS)
		return append_texts(b, from);
	return append(b, from, f->type == FIELD_TEXT ? strlen(from) + 1 : size_of(c, f));
}

static void append_call(struct block *b, const struct call *c)
{
	(void)append(b, c, sizeof(*c));
	for (size_t i = 0; i < ARRAY_SIZE(fields) && !b->is_short; i++) {
		const void *from;
		uintptr_t at;

		memcpy(&from, (const char *)c + fields[i].offset, sizeof(from));
		at = from ? append_field(b, c, &fields[i], from) : 0;
		if (!b->is_short)
			memcpy(b->bytes + fields[i].offset, &at, sizeof(at));
	}
	(void)append(b, "", 1); /* ends the last text, whatever is in front of it */
}

int call_write(const struct call *c, int *ret_fd, struct err *e)
{
	_cleanup_fd_ int fd = memfd_create("davit-call", MFD_CLOEXEC);
	struct block b = { 0 };
	int r = fd < 0 ? neg_errno() : 0;

	append_call(&b, c);
	if (b.is_short)
		r = -ENOMEM;
	if (r == 0)
		r = write_all(fd, b.bytes, b.len);
	free(b.bytes);
	if (r < 0)
		return err_set(e, -r, "hand the call to davit");
	*ret_fd = take_fd(&fd);
	return 0;
}

/* --- reading -------------------------------------------------------------------------------- */

struct image {
	char *bytes;
	size_t len;
};

/* The offset becomes a pointer, when @size bytes are there. */
static bool resolve(const struct image *m, void *place, size_t size)
{
	uintptr_t at;

	memcpy(&at, place, sizeof(at));
	if (!at)
		return true;
	if (at >= m->len || size > m->len - at)
		return false;
	at += (uintptr_t)m->bytes;
	memcpy(place, &at, sizeof(at));
	return true;
}

static bool resolve_texts(const struct image *m, void *place)
{
	const char **texts;

	if (!resolve(m, place, sizeof(*texts)))
		return false;
	memcpy((void *)&texts, place, sizeof(texts));
	for (; texts; texts++) {
		if ((size_t)((char *)texts - m->bytes) > m->len - sizeof(*texts))
			return false;
		if (!*texts)
			break;
		if (!resolve(m, (void *)texts, 1))
			return false;
	}
	return true;
}

static bool resolve_field(const struct image *m, const struct call *c, const struct field *f)
{
	void *place = m->bytes + f->offset;

	if (f->type == FIELD_TEXTS)
		return resolve_texts(m, place);
	return resolve(m, place, f->type == FIELD_TEXT ? 1 : size_of(c, f));
}

static int check_version(const struct image *m, struct err *e)
{
	const struct call *c = (const struct call *)(const void *)m->bytes;

	if (m->len > sizeof(*c) && !m->bytes[m->len - 1] && c->size == sizeof(*c) &&
	    strncmp(c->version, DAVIT_VERSION_TEXT, sizeof(c->version)) == 0)
		return 0;
	return err_kind(e, ERR_UNSUPPORTED, EPROTO,
			"this davit is version %s, and libdavit in the program that called it is "
			"another one (%.*s)",
			DAVIT_VERSION_TEXT, (int)sizeof(c->version),
			m->len > sizeof(c->version) ? c->version : "");
}

int call_read(int fd, const struct call **ret, struct err *e)
{
	struct image m = { 0 };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "read the call");
	m.len = (size_t)st.st_size;
	m.bytes =
		m.len ? mmap(NULL, m.len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	if (m.bytes == MAP_FAILED)
		return err_set(e, m.len ? errno : EPROTO, "read the call");
	if (check_version(&m, e) < 0)
		return -e->code;
	*ret = (const struct call *)(const void *)m.bytes;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!resolve_field(&m, *ret, &fields[i]))
			return err_set(e, EPROTO, "read the call");
	return 0;
}
