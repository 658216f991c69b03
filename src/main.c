/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The davit command: global options, the command's row, its options, then its function. A command
 * that starts processes first gets itself out of their reach (a re-exec with argv as it was), after
 * parsing only, which touches nothing.
 */
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "command.h"
#include "help.h"
#include "inherited.h"
#include "sealed.h"
#include "stack.h"

enum {
	LISTEN_FDS_MAX = 4096
};

static const char *program_name(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *name = slash ? slash + 1 : argv0;

	return name && *name ? name : "davit";
}

static bool asks_for_help(char *const *words)
{
	for (; *words; words++)
		if (!strcmp(*words, "-h") || !strcmp(*words, "--help"))
			return true;
	return false;
}

static int refuse_command(const struct session *s, char *const *words)
{
	/* Scripts written for runc look for these words, in this case. */
	if (asks_for_help(words))
		return session_fail(s, "No help topic for '%.100s'", words[0]);
	return session_usage(s, NULL, "unknown command '%.100s'", words[0]);
}

/* Socket activation (sd_listen_fds(3)). Engines leave the pid of their own in LISTEN_PID, so it is
 * not looked at. */
static void take_listen_fds(struct command_args *args)
{
	const char *text = getenv("LISTEN_FDS");
	char *end;
	unsigned long count = text ? strtoul(text, &end, 10) : 0;

	if (!count || *end || count > LISTEN_FDS_MAX)
		return;
	args->create.listen_fds = args->exec.listen_fds = (unsigned)count;
	args->create.listen_fd_names = args->exec.listen_fd_names = getenv("LISTEN_FDNAMES");
}

/* The container must not reach our executable, nor what our caller left open. */
static int keep_away(struct session *s, struct command_args *args, char **argv)
{
	unsigned preserved;

	take_listen_fds(args);
	preserved = args->create.listen_fds + args->create.preserve_fds + args->exec.preserve_fds;
	/* More than there can be is refused later on. */
	if (preserved >= INT_MAX - 3)
		preserved = 0;
	inherited_close(s, args, 3 + preserved);
	if (session_uses_systemd(s))
		sealed_keep_folder(s);
	if (davit_command_seal(argv, s->error) < 0)
		return -1;
	return inherited_take(s, args, 3 + preserved);
}

static int execute(struct session *s, const struct command *command, struct command_args *args,
		   char **argv)
{
	int status;

	if (command->seals && keep_away(s, args, argv) < 0)
		return session_report(s);
	s->trace = args->trace;
	if (command->context && session_open(s) < 0)
		return session_report(s);
	status = command_run(s, command, args);
	davit_context_free(s->context);
	return status;
}

static int parse_words(const struct command *command, char **words, struct command_args *args,
		       struct cli_error *e)
{
	struct cli_result *found = &args->words;

	if (!command->passes_rest)
		return cli_parse(command->options, words, command->max_words, args, found, e);
	/* 0 words: it stops at the first one. */
	if (cli_parse(command->options, words, 0, args, found, e) < 0)
		return -EINVAL;
	if (found->rest)
		found->words[found->count++] = *found->rest++;
	return 0;
}

/* @extra: the first word that is too many; NULL: one is missing. The words are runc's, which
 * scripts know. */
static int refuse_count(struct session *s, const struct command *command, const char *extra)
{
	bool is_exact = command->min_words == command->max_words && !command->passes_rest;
	size_t count = extra ? command->max_words : command->min_words;
	const char *quantity = is_exact ? "exactly" : extra ? "a maximum of" : "a minimum of";

	return session_usage(s, command->name,
			     "Incorrect Usage. \"%s\" requires %s %zu argument(s)%s%.100s%s; "
			     "Usage: %s %s [options]%s%s",
			     command->name, quantity, count, extra ? ", '" : "", extra ? extra : "",
			     extra ? "' is one too many" : "", s->name, command->name,
			     *command->words ? " " : "", command->words);
}

static int run_words(struct session *s, const struct command *command, char **words, char **argv,
		     struct command_args *args)
{
	struct cli_error e;

	if (parse_words(command, words, args, &e) < 0)
		return session_usage(s, command->name, "Incorrect Usage: %s", e.text);
	if (args->words.help) {
		help_print_command(s->name, command);
		return EXIT_SUCCESS;
	}
	if (args->words.rest && !command->passes_rest)
		return refuse_count(s, command, *args->words.rest);
	if (args->words.count < command->min_words)
		return refuse_count(s, command, NULL);
	if (command->failure)
		s->failure = command->failure;
	return execute(s, command, args, argv);
}

/* @words: what follows the command's name. */
static int run_command(struct session *s, const struct command *command, char **words, char **argv)
{
	struct command_args args = { .create.size = sizeof(args.create),
				     .exec.size = sizeof(args.exec) };
	int status = run_words(s, command, words, argv, &args);

	inherited_free(&args);
	free(args.env.items);
	free(args.caps.items);
	free(args.groups.items);
	free(args.cgroups.items);
	free(args.empty_ns.items);
	return status;
}

/* libdavit has started us, in a program that it must not clone (libcrun-like/api/remote.c). What
 * goes wrong is told to it, not here. */
static int serve(struct session *s, char **argv)
{
	uint64_t sock;

	if (cli_parse_number(argv[2], strlen(argv[2]), INT_MAX - 3, &sock) < 0)
		return session_usage(s, NULL, "--api is for libdavit");
	sealed_keep_folder(s);
	if (davit_command_seal(argv, s->error) < 0)
		return session_report(s);
	return davit_command_serve((int)sock, s->helper_dir[0] ? s->helper_dir : NULL) < 0
		       ? EXIT_FAILURE
		       : EXIT_SUCCESS;
}

static int run_program(struct session *s, char **argv)
{
	const struct globals *g = &s->globals;
	const struct command *command;
	struct cli_result words;
	struct cli_error e;
	int parsed;

	if (argv[0] && argv[1] && argv[2] && !strcmp(argv[1], "--api"))
		return serve(s, argv);
	parsed = cli_parse(s->line->global_options, *argv ? argv + 1 : argv, 0, &s->globals, &words,
			   &e);

	log_init(&s->log, g->log, g->log_format, g->debug ? "debug" : g->log_level);
	if (parsed < 0)
		return session_usage(s, NULL, "Incorrect Usage: %s", e.text);
	if (g->version) {
		help_print_version(s->name);
		return EXIT_SUCCESS;
	}
	if (words.help || !words.rest) {
		help_print_program(s->line, s->name);
		return EXIT_SUCCESS;
	}
	command = command_find(s->line, words.rest[0]);
	if (!command)
		return refuse_command(s, words.rest);
	return run_command(s, command, words.rest + 1, argv);
}

/* Output that did not reach its reader, for a full disk say, must not look like success. */
static int flush_output(const struct session *s, int status)
{
	/* A write that failed on the way is the last thing that has gone wrong. */
	int code = ferror(stdout) ? errno : 0;

	if (fflush(stdout) != 0 && !code)
		code = errno;
	return code ? session_fail_errno(s, code, "write to standard output") : status;
}

struct program {
	struct session session;
	char **argv;
};

static int run_all(void *arg)
{
	struct program *p = arg;

	return flush_output(&p->session, run_program(&p->session, p->argv));
}

/* What an ordinary user is permitted without its being ambient came with the file (setcap). */
static bool has_capabilities_of_file(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (getuid() == 0 || syscall(SYS_capget, &header, data) < 0)
		return false;
	for (unsigned cap = 0; cap < 32 * _LINUX_CAPABILITY_U32S_3; cap++)
		if (data[cap / 32].permitted & 1U << cap % 32 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) != 1)
			return true;
	return false;
}

/* A set-user-id or set-group-id davit would give everybody all that its owner has: a bundle, hooks
 * and the environment are the caller's. AT_SECURE alone does not say so: a security module that
 * changes the domain on execve sets it, too. */
static bool is_lent(void)
{
	return getauxval(AT_SECURE) &&
	       (getuid() != geteuid() || getgid() != getegid() || has_capabilities_of_file());
}

int main(int argc, char **argv)
{
	struct program p = { .session = { .line = &command_line,
					  .name = program_name(argc > 0 ? argv[0] : NULL),
					  .failure = EXIT_FAILURE },
			     .argv = argv };
	int status;

	/* Ignored by the caller, it would keep us from learning how our children end. */
	(void)signal(SIGCHLD, SIG_DFL);
	/* A limit on the size of files (ulimit -f) is an error of the write, which is told of and
	 * cleaned up after; nothing that is executed inherits it. */
	(void)signal(SIGXFSZ, SIG_IGN);
	p.session.log.name = p.session.name;
	if (is_lent())
		return session_fail(&p.session,
				    "refuse to run with the rights of the file's owner "
				    "(set-user-id or set-group-id) or of its capabilities");
	p.session.error = davit_error_new();
	status = stack_run(run_all, &p);
	davit_error_free(p.session.error);
	return status;
}
