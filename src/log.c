/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log.h. Every record is made in memory and leaves in one write, so that those of several
 * processes do not mix. The file is opened for each record: it may lie in a bundle that is gone by
 * now (containerd), which must not disturb the work.
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

static const char *const level_words[] = {
	[DAVIT_LOG_ERROR] = "error",
	[DAVIT_LOG_WARNING] = "warning",
	[DAVIT_LOG_INFO] = "info",
	[DAVIT_LOG_DEBUG] = "debug",
};

static enum davit_log_level level_of(const char *word)
{
	for (size_t i = 0; i < sizeof(level_words) / sizeof(level_words[0]); i++)
		if (!strcmp(level_words[i], word))
			return (enum davit_log_level)i;
	return DAVIT_LOG_WARNING;
}

int log_init(struct log *log, const char *file, const char *format, const char *level)
{
	log->json = format && !strcmp(format, "json");
	log->path = NULL;
	if (level)
		log->level = level_of(level);
	else
		log->level = file ? DAVIT_LOG_ERROR : DAVIT_LOG_WARNING;
	if (file && (!strncmp(file, "journald:", 9) || !strncmp(file, "syslog:", 7)))
		return -EOPNOTSUPP;
	if (file && !strncmp(file, "file:", 5))
		file += 5;
	log->path = file;
	return 0;
}

/* Short writes and full disks lose the record: there is nobody left to tell. */
static void write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		size -= (size_t)n;
	}
}

static bool leap(uint64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

struct timestamp {
	char text[64];
};

/* RFC 3339, UTC. Not gmtime_r(): it reads /etc/localtime. */
static struct timestamp timestamp_now(void)
{
	static const uint64_t month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct timestamp stamp;
	struct timespec now = { 0 };
	uint64_t seconds, days, year = 1970;
	unsigned month = 0;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	seconds = now.tv_sec > 0 ? (uint64_t)now.tv_sec : 0;
	days = seconds / 86400;
	for (; days >= (leap(year) ? 366 : 365); year++)
		days -= leap(year) ? 366 : 365;
	for (; days >= month_days[month] + (month == 1 && leap(year)); month++)
		days -= month_days[month] + (month == 1 && leap(year));
	(void)snprintf(stamp.text, sizeof(stamp.text),
		       "%04" PRIu64 "-%02u-%02uT%02u:%02u:%02u.%09ldZ", year, month + 1,
		       (unsigned)days + 1, (unsigned)(seconds / 3600 % 24),
		       (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60), now.tv_nsec);
	return stamp;
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
	add_member(out, "code", what->code);
	add_member(out, "pointer", what->pointer);
	add_member(out, "phase", what->phase);
	add_member(out, "hint", what->hint);
	fputs("}\n", out);
}

static void append_record(const struct log *log, enum davit_log_level level,
			  const struct failure *what)
{
	char *data = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&data, &size);
	int fd = STDERR_FILENO;

	if (!out)
		return;
	write_record(out, log->json, level, what);
	if (fclose(out) == 0) {
		if (log->path)
			fd = open(log->path,
				  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
				  0644);
		if (fd >= 0)
			write_all(fd, data, size);
		if (log->path && fd >= 0)
			close(fd);
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
		write_all(STDERR_FILENO, data, size);
	else /* no memory */
		write_all(STDERR_FILENO, message, strlen(message));
	free(data);
}

void log_failure(const struct log *log, const struct failure *failure)
{
	complain(log, failure->message);
	if (log->path)
		append_record(log, DAVIT_LOG_ERROR, failure);
}

void log_message(void *log, enum davit_log_level level, const char *message)
{
	const struct log *to = log;

	if (level <= to->level)
		append_record(to, level, &(struct failure){ .message = message });
}
