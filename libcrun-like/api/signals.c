/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Signals by name or number, as people write them: TERM, SIGTERM, term, 15, RTMIN+1, 0.
 */
#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <strings.h>

#include "davit.h"

static int parse_number(const char *text)
{
	int n = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || n > 100)
			return -EINVAL;
		n = n * 10 + (*text - '0');
	}
	return n < NSIG ? n : -EINVAL;
}

static int parse_realtime(const char *name)
{
	int offset;

	if (strcasecmp(name, "RTMIN") == 0)
		return SIGRTMIN;
	if (strcasecmp(name, "RTMAX") == 0)
		return SIGRTMAX;
	if (strncasecmp(name, "RTMIN+", 6) != 0 && strncasecmp(name, "RTMAX-", 6) != 0)
		return -EINVAL;
	offset = parse_number(name + 6);
	if (offset < 0 || offset > SIGRTMAX - SIGRTMIN)
		return -EINVAL;
	return name[5] == '+' ? SIGRTMIN + offset : SIGRTMAX - offset;
}

int davit_signal_parse(const char *text)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;

	if (*text >= '0' && *text <= '9')
		return parse_number(text);
	for (int n = 1; n < NSIG; n++) {
		const char *known = signal_name(n);

		if (known && strcasecmp(known, name) == 0)
			return n;
	}
	if (strcasecmp(name, "IOT") == 0)
		return SIGABRT;
	if (strcasecmp(name, "IO") == 0)
		return SIGIO;
	if (strcasecmp(name, "CLD") == 0)
		return SIGCHLD;
	return parse_realtime(name);
}
