/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See err.h. Nothing here allocates: children of a half-made container report through it.
 */
#include "err.h"

#include <string.h>

#include "escape.h"
#include "fmt.h"

enum {
	WHOLE_SIZE = 6 * 1024, /* a message with one path of 4,096 bytes in it */
	HINT_SIZE = 512
};

struct kind_row {
	const char *word;
	bool has_errno_words; /* the message is about a system call, so its errno's words close the
				 line */
	bool has_step;        /* where it happened says more than the message alone */
};

static const struct kind_row kinds[ERR_KINDS] = {
	[ERR_NONE] = { "none", false, false },
	[ERR_SYSTEM] = { "system", true, true },
	[ERR_JSON] = { "json", false, false },
	[ERR_CONFIG] = { "config", false, false },
	[ERR_UNSUPPORTED] = { "unsupported", false, false },
	[ERR_USAGE] = { "usage", false, false },
	[ERR_NOT_FOUND] = { "container-not-found", false, false },
	[ERR_EXISTS] = { "container-exists", false, false },
	[ERR_STATUS] = { "container-status", false, false },
	[ERR_EXEC] = { "exec", true, false },
	[ERR_HOOK] = { "hook", false, false },
	[ERR_CGROUP] = { "cgroup", false, false },
	[ERR_KILLED] = { "killed", false, true },
	[ERR_TIMEOUT] = { "timeout", false, true },
	[ERR_STATE] = { "state-damaged", false, true },
};

const char *err_kind_word(enum err_kind kind)
{
	return (unsigned)kind < ERR_KINDS ? kinds[kind].word : "unknown";
}

static size_t shown_length(const char *text)
{
	return escape(NULL, 0, text);
}

/* A long object (a path) is elided in the middle: its beginning and its end say most. What stands
 * there may be of an image. */
static void show(const char *text, char *ret, size_t size)
{
	enum {
		HEAD = 120
	};
	size_t left = shown_length(text), tail = size - 1 - HEAD - 3, at;
	char piece[ESCAPE_PIECE];

	if (left < size) {
		escape(ret, size, text);
		return;
	}
	escape(ret, HEAD + 1, text);
	at = strlen(ret);
	while (left > tail) {
		text += escape_piece(text, piece);
		left -= strlen(piece);
	}
	memcpy(ret + at, "...", 3);
	escape(ret + at + 3, size - at - 3, text);
}

static void take_message(struct err *e, const char *format, va_list ap)
{
	char whole[WHOLE_SIZE];

	fmt_v(whole, sizeof(whole), format, ap);
	show(whole, e->msg, sizeof(e->msg));
}

static int vset(struct err *e, enum err_kind kind, int code, const char *format, va_list ap)
{
	if (e->code)
		return -e->code;
	e->kind = kind;
	e->code = code > 0 ? code : code < 0 ? -code : EIO;
	take_message(e, format, ap);
	return -e->code;
}

int err_set(struct err *e, int code, const char *format, ...)
{
	va_list ap;
	int r;

	va_start(ap, format);
	r = vset(e, ERR_SYSTEM, code, format, ap);
	va_end(ap);
	return r;
}

int err_kind(struct err *e, enum err_kind kind, int code, const char *format, ...)
{
	va_list ap;
	int r;

	va_start(ap, format);
	r = vset(e, kind, code, format, ap);
	va_end(ap);
	return r;
}

int err_field(struct err *e, int code, const char *pointer, const char *format, ...)
{
	bool is_first = !e->code;
	va_list ap;
	int r;

	va_start(ap, format);
	r = vset(e, ERR_CONFIG, code, format, ap);
	va_end(ap);
	if (is_first)
		err_at(e, pointer);
	return r;
}

bool err_pass(const struct err_sink *s, struct err *e)
{
	if (!s->each || e->kind == ERR_SYSTEM)
		return false;
	s->each(s->arg, e);
	*e = (struct err){ 0 };
	return true;
}

int err_hint(struct err *e, const char *format, ...)
{
	char whole[HINT_SIZE];
	va_list ap;

	if (e->hint[0])
		return -e->code;
	va_start(ap, format);
	fmt_v(whole, sizeof(whole), format, ap);
	va_end(ap);
	escape(e->hint, sizeof(e->hint), whole);
	return -e->code;
}

int err_at(struct err *e, const char *pointer)
{
	if (!e->pointer[0])
		fmt(e->pointer, sizeof(e->pointer), "%s", pointer);
	return -e->code;
}

const char *pointer_fmt(char buf[static 128], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fmt_v(buf, 128, format, ap);
	va_end(ap);
	return buf;
}

void err_import(struct err *to, const struct err *from)
{
	*to = *from;
	if (to->code <= 0)
		to->code = EPROTO;
	if ((unsigned)to->kind >= ERR_KINDS)
		to->kind = ERR_SYSTEM;
	to->step[sizeof(to->step) - 1] = '\0';
	to->proc[sizeof(to->proc) - 1] = '\0';
	to->pointer[sizeof(to->pointer) - 1] = '\0';
	to->msg[sizeof(to->msg) - 1] = '\0';
	to->hint[sizeof(to->hint) - 1] = '\0';
}

/* Appends to what stands in @buf; keeps counting when it is full. */
static size_t append(char *buf, size_t size, size_t at, const char *format, ...) PRINTF_LIKE(4, 5);
static size_t append(char *buf, size_t size, size_t at, const char *format, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, format);
	len = fmt_v(at < size ? buf + at : NULL, at < size ? size - at : 0, format, ap);
	va_end(ap);
	return at + len;
}

size_t err_format(const struct err *e, char *buf, size_t size)
{
	enum err_kind kind = (unsigned)e->kind < ERR_KINDS ? e->kind : ERR_SYSTEM;
	/* The pointer is for programs as well, and so is kept as it is. */
	char pointer[ESCAPE_PIECE * sizeof(e->pointer)];
	size_t at = append(buf, size, 0, "%s", e->msg);

	escape(pointer, sizeof(pointer), e->pointer);
	if (e->pointer[0])
		at = append(buf, size, at, " (at %s)", pointer);
	if (e->step[0] && kinds[kind].has_step)
		at = append(buf, size, at, " [step %s in %s]", e->step,
			    e->proc[0] ? e->proc : "host");
	if (e->code && kinds[kind].has_errno_words)
		at = append(buf, size, at, ": %s", errno_words(e->code));
	if (e->hint[0])
		at = append(buf, size, at, "; %s", e->hint);
	return at;
}
