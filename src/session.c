/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See session.h.
 */
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

enum {
	MESSAGE_SIZE = 1024
};

/* create either succeeds or leaves nothing: a signal that the library has not seen by its commit
 * must not make the end look like a failure. The library hands the mask on to nobody. */
void session_hold_signals(void)
{
	static const int held[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(&set, held[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int session_report(const struct session *s)
{
	struct failure failure = { .message = "out of memory", .kind = "system" };

	if (s->error) {
		failure = (struct failure){
			.message = davit_error_message(s->error),
			.kind = davit_error_kind(s->error),
			.pointer = davit_error_pointer(s->error),
			.step = davit_error_step(s->error),
			.hint = davit_error_hint(s->error),
		};
	}
	log_failure(&s->log, &failure);
	return s->failure;
}

int session_end(const struct session *s, int result)
{
	return result < 0 ? session_report(s) : EXIT_SUCCESS;
}

int session_print(const struct session *s, int result, char *text)
{
	if (result >= 0)
		fputs(text, stdout);
	free(text);
	return session_end(s, result);
}

int session_fail(const struct session *s, const char *fmt, ...)
{
	char message[MESSAGE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap); /* cut is good enough */
	va_end(ap);
	log_failure(&s->log, &(struct failure){ .message = message, .kind = "system" });
	return s->failure;
}

/* Lower-case, as the library's messages are and as engines match them. */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int session_fail_errno(const struct session *s, int code, const char *fmt, ...)
{
	char text[MESSAGE_SIZE], words[64];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	errno = code;
	(void)snprintf(words, sizeof(words), "%m");
	/* Two capitals in a row begin an abbreviation, which stays. */
	if (lower(words[1]) != words[1])
		return session_fail(s, "%.900s: %s", text, words);
	return session_fail(s, "%.900s: %c%s", text, lower(words[0]), words + 1);
}

int session_usage(const struct session *s, const char *command, const char *fmt, ...)
{
	char text[MESSAGE_SIZE / 2], hint[MESSAGE_SIZE / 4], message[MESSAGE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)snprintf(hint, sizeof(hint), "see '%.100s help%s%s'", s->name, command ? " " : "",
		       command ? command : "");
	(void)snprintf(message, sizeof(message), "%s%s%s; %s", command ? command : "",
		       command ? ": " : "", text, hint);
	log_failure(&s->log,
		    &(struct failure){ .message = message, .kind = "usage", .hint = hint });
	return s->failure;
}

int session_read_document(struct session *s, const char *name, char **ret, size_t *ret_len)
{
	return davit_command_read_document(strcmp(name, "-") ? name : "/dev/stdin", ret, ret_len,
					   s->error);
}

bool session_uses_systemd(const struct session *s)
{
	const struct globals *g = &s->globals;

	return g->cgroup_manager ? !strcmp(g->cgroup_manager, "systemd") : g->systemd_cgroup;
}

int session_open(struct session *s)
{
	const struct globals *g = &s->globals;
	struct davit_context_options options = {
		.size = sizeof(options),
		.root = g->root,
		.runtime_dir = getenv("XDG_RUNTIME_DIR"),
		.cgroup_manager = g->cgroup_manager,
		.log = log_message,
		.log_arg = &s->log,
		.log_level = s->log.level,
		.notify_socket = getenv("NOTIFY_SOCKET"),
		.seccomp_receiver = getenv("RUN_OCI_SECCOMP_RECEIVER"),
		.environment = environ,
	};
	const struct davit_command_options own = {
		.is_davit = true,
		.name = s->name,
		.fault = getenv("DAVIT_FAULT"),
		.trace = s->trace,
		.private_fds = s->private_fds,
		.private_fd_count = s->private_fd_count,
		.helper_dir = s->helper_dir[0] ? s->helper_dir : NULL,
	};

	if (session_uses_systemd(s))
		options.cgroup_manager = "systemd";
	return davit_command_context_new(&options, &own, &s->context, s->error);
}
