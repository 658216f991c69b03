/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See criu_log.h. A line is "(00.051093) Error (criu/files-reg.c:1790): What it was"; in a restore
 * the process that says it stands in between, "(00.018411)      1: Error (...". The log may lie in
 * a folder of somebody else's.
 */
#include "lifecycle/criu_log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/escape.h"
#include "base/fmt.h"
#include "setup/hook_output.h"

enum {
	LOG_TAIL_MAX = 512 * 1024
};

/* Said on machines where criu works, and at the end of every failure. */
static const char *const empty_words[] = {
	"rlimit: Can't setup RLIMIT_NOFILE",
	"Dumping FAILED",
	"Pre-dumping FAILED",
	"Restoring FAILED",
	"Unable to kill",
	"Unable to detach",
	"Can't send request",
	"Wait for zombie",
	"killed by signal 9",
};

static bool says_nothing(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(empty_words); i++)
		if (strstr(text, empty_words[i]))
			return true;
	return false;
}

/* What stands behind "Error (criu/cr-dump.c:1545): "; NULL: it is no error. */
static char *error_of(char *line)
{
	char *at = strstr(line, "Error ("), *end = at ? strstr(at, "): ") : NULL;
	char *source = at ? strstr(at, ".c:") : NULL;

	return source && end && source < end ? end + 3 : NULL;
}

static bool is_listed(char list[][CRIU_LINE_SIZE], size_t count, const char *line)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], line) == 0)
			return true;
	return false;
}

size_t criu_log_errors(char *text, char ret[static CRIU_LINES][CRIU_LINE_SIZE])
{
	size_t count = 0;
	char *line;

	while (count < CRIU_LINES && (line = strsep(&text, "\n"))) {
		char *error = error_of(line);

		if (!error || says_nothing(error))
			continue;
		escape(ret[count], CRIU_LINE_SIZE, error);
		if (!is_listed(ret, count, ret[count]))
			count++;
	}
	return count;
}

/* The end of it, to be freed; NULL: it cannot be read. */
static char *read_log(int dirfd, const char *name)
{
	_cleanup_fd_ int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_cleanup_free_ char *text = malloc(LOG_TAIL_MAX + 1);
	char *ret = text;
	struct stat st;
	ssize_t n;

	if (fd < 0 || !text || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	n = pread(fd, text, LOG_TAIL_MAX,
		  st.st_size > LOG_TAIL_MAX ? st.st_size - LOG_TAIL_MAX : 0);
	if (n <= 0)
		return NULL;
	text[n] = '\0';
	text = NULL;
	return ret;
}

int criu_log_explain(struct criu_log *log, const char *doing, const char *id, char *output,
		     struct err *e)
{
	_cleanup_free_ char *text = read_log(log->dirfd, log->name);
	const struct err criu = *e;
	size_t at = 0;

	log->count = text ? criu_log_errors(text, log->lines) : 0;
	*e = (struct err){ 0 };
	err_kind(e, criu.kind, criu.code, "%s container %s: %s", doing, id,
		 log->count ? log->lines[0] : criu.msg);
	err_hint(e, "see %s/%s", log->path, log->name);
	for (size_t i = 1; i < log->count && output; i++)
		at += fmt(output + at, at < HOOK_OUTPUT_TEXT ? HOOK_OUTPUT_TEXT - at : 0, "; %s",
			  log->lines[i]);
	return -e->code;
}

enum criu_stage criu_log_stage(int dirfd, const char *name)
{
	_cleanup_free_ char *text = read_log(dirfd, name);

	if (!text)
		return CRIU_TOUCHED;
	if (strstr(text, "Unfreezing tasks into 2"))
		return CRIU_KILLING;
	if (strstr(text, "Unfreezing tasks into 1"))
		return CRIU_RELEASED;
	/* Without the beginning there is much behind it. */
	if (strlen(text) == LOG_TAIL_MAX || strstr(text, "Dumping task (pid"))
		return CRIU_TOUCHED;
	return strstr(text, "Pre-dumping task") ? CRIU_TOUCHED : CRIU_UNTOUCHED;
}
