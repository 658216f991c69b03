/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log.h. Every record is made in memory and leaves in one write, so that those of several
 * processes do not mix. The file is opened for each record: it may lie in a bundle that is gone by
 * now (containerd), which must not disturb the work.
 */
#include "log.h"

#include <endian.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "davit-command.h"
#include "text.h"

static const char *const level_words[] = {
	[DAVIT_LOG_ERROR] = "error",
	[DAVIT_LOG_WARNING] = "warning",
	[DAVIT_LOG_INFO] = "info",
	[DAVIT_LOG_DEBUG] = "debug",
};

enum {
	LOG_DAEMON_FACILITY = 3
};

/* Of syslog(3). */
static const int priorities[] = {
	[DAVIT_LOG_ERROR] = 3,
	[DAVIT_LOG_WARNING] = 4,
	[DAVIT_LOG_INFO] = 6,
	[DAVIT_LOG_DEBUG] = 7,
};

static enum davit_log_level level_of(const char *word)
{
	for (size_t i = 0; i < sizeof(level_words) / sizeof(level_words[0]); i++)
		if (!strcmp(level_words[i], word))
			return (enum davit_log_level)i;
	return DAVIT_LOG_WARNING;
}

/* What follows "KIND:", or NULL. */
static const char *after(const char *file, const char *kind)
{
	size_t len = strlen(kind);

	return file && !strncmp(file, kind, len) ? file + len : NULL;
}

void log_init(struct log *log, const char *file, const char *format, const char *level)
{
	static const struct {
		const char *prefix;
		enum log_target target;
	} kinds[] = { { "file:", LOG_FILE },
		      { "journald:", LOG_JOURNALD },
		      { "syslog:", LOG_SYSLOG } };

	log->json = format && !strcmp(format, "json");
	log->target = file ? LOG_FILE : LOG_STDERR;
	log->path = file;
	if (level)
		log->level = level_of(level);
	else
		log->level = file ? DAVIT_LOG_ERROR : DAVIT_LOG_WARNING;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *rest = after(file, kinds[i].prefix);

		if (!rest)
			continue;
		log->target = kinds[i].target;
		log->path = rest;
	}
}

/* A full disk loses the record: there is nobody left to tell. */
static void write_out(int fd, const char *data, size_t size)
{
	(void)text_write_all(fd, data, size);
}

/* Now, as RFC 3339 has it. */
struct timestamp {
	char text[DAVIT_COMMAND_TIME_SIZE];
};

static struct timestamp timestamp_now(void)
{
	/* cppcheck: the call fills it */
	struct timestamp now;

	davit_command_time(now.text);
	return now;
}

static void add_member(FILE *out, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	fprintf(out, ",\"%s\":", key);
	text_write_json(out, value);
}

static void write_record(FILE *out, bool json, enum davit_log_level level,
			 const struct failure *what)
{
	const char *word = level_words[level];

	if (!json) {
		fprintf(out, "time=\"%s\" level=%s msg=", timestamp_now().text, word);
		text_write_json(out, what->message);
		fputc('\n', out);
		return;
	}
	fprintf(out, "{\"level\":\"%s\",\"msg\":", word);
	text_write_json(out, what->message);
	add_member(out, "time", timestamp_now().text);
	add_member(out, "code", what->kind);
	add_member(out, "pointer", what->pointer);
	add_member(out, "phase", what->step);
	add_member(out, "hint", what->hint);
	fputs("}\n", out);
}

/* Nobody may be there to read it: that must not disturb the work. */
static void send_to(const char *socket_path, const char *data, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	(void)sendto(fd, data, size, MSG_NOSIGNAL, (const struct sockaddr *)&address,
		     sizeof(address));
	close(fd);
}

/* systemd.io/JOURNAL_NATIVE_PROTOCOL: a value with a newline goes behind its length. */
static void write_journal_field(FILE *out, const char *key, const char *value)
{
	uint64_t len = htole64(strlen(value));

	if (!strchr(value, '\n')) {
		fprintf(out, "%s=%s\n", key, value);
		return;
	}
	fprintf(out, "%s\n", key);
	(void)fwrite(&len, sizeof(len), 1, out);
	fprintf(out, "%s\n", value);
}

static void write_journal(FILE *out, const struct log *log, enum davit_log_level level,
			  const struct failure *what)
{
	char priority[] = { (char)('0' + priorities[level]), 0 };

	write_journal_field(out, "MESSAGE", what->message);
	write_journal_field(out, "PRIORITY", priority);
	write_journal_field(out, "SYSLOG_IDENTIFIER", *log->path ? log->path : log->name);
	if (what->kind)
		write_journal_field(out, "DAVIT_CODE", what->kind);
}

static void write_syslog(FILE *out, const struct log *log, enum davit_log_level level,
			 const struct failure *what)
{
	fprintf(out, "<%d>%s[%d]: ", LOG_DAEMON_FACILITY << 3 | priorities[level],
		*log->path ? log->path : log->name, (int)getpid());
	text_write_line(out, what->message);
}

static void append_to_file(const char *path, const char *data, size_t size)
{
	int fd = log_file_open(path);

	if (fd < 0)
		return;
	write_out(fd, data, size);
	close(fd);
}

static void append_record(const struct log *log, enum davit_log_level level,
			  const struct failure *what)
{
	char *data = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&data, &size);

	if (!out)
		return;
	if (log->target == LOG_JOURNALD)
		write_journal(out, log, level, what);
	else if (log->target == LOG_SYSLOG)
		write_syslog(out, log, level, what);
	else
		write_record(out, log->json, level, what);
	if (fclose(out) == 0) {
		if (log->target == LOG_FILE)
			append_to_file(log->path, data, size);
		else if (log->target == LOG_JOURNALD)
			send_to("/run/systemd/journal/socket", data, size);
		else if (log->target == LOG_SYSLOG)
			send_to("/dev/log", data, size);
		else
			write_out(STDERR_FILENO, data, size);
	}
	free(data);
}

static void complain(const struct log *log, const char *message)
{
	char *data = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&data, &size);

	if (out) {
		text_write_line(out, log->name);
		fputs(": ", out);
		text_write_line(out, message);
		fputc('\n', out);
	}
	if (out && fclose(out) == 0)
		write_out(STDERR_FILENO, data, size);
	else /* no memory */
		write_out(STDERR_FILENO, message, strlen(message));
	free(data);
}

void log_failure(const struct log *log, const struct failure *failure)
{
	complain(log, failure->message);
	if (log->target != LOG_STDERR)
		append_record(log, DAVIT_LOG_ERROR, failure);
}

void log_message(void *log, enum davit_log_level level, const char *message)
{
	const struct log *to = log;

	if (level <= to->level)
		append_record(to, level, &(struct failure){ .message = message });
}
