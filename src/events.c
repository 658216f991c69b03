/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `events`: one record a line, written out at once. A reader that has gone away ends it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum {
	INTERVAL_MSEC = 5000,
	INTERVAL_MAX = 24 * 60 * 60 * 1000
};

/* "5s", "250ms", "1m30s", as runc takes them. */
static bool parse_duration(const char *text, unsigned *ret_msec)
{
	static const struct {
		const char *name;
		unsigned long msec;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	unsigned long sum = 0;

	if (!*text)
		return false;
	while (*text) {
		char *end;
		unsigned long n;
		size_t i = 0;

		if (*text < '0' || *text > '9')
			return false;
		n = strtoul(text, &end, 10);
		while (i < 4 && strncmp(end, units[i].name, strlen(units[i].name)))
			i++;
		if (i == 4 || n > INTERVAL_MAX)
			return false;
		sum += n * units[i].msec;
		if (sum > INTERVAL_MAX)
			return false;
		text = end + strlen(units[i].name);
	}
	*ret_msec = (unsigned)sum;
	return sum > 0;
}

static int print_line(void *arg, const char *line)
{
	puts(line);
	return fflush(stdout) != 0; /* main() tells of it */
}

int events_run(struct session *s, const struct command_args *args)
{
	struct davit_events_options options = { .size = sizeof(options),
						.interval_msec = INTERVAL_MSEC,
						.once = args->stats };

	if (args->interval && !parse_duration(args->interval, &options.interval_msec))
		return session_usage(s, "events", "'%.100s' is no interval such as 5s or 250ms",
				     args->interval);
	return session_end(s, davit_events(s->context, args->words.words[0], &options, print_line,
					   NULL, s->error));
}
