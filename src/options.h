/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parser of the command line. A table of rows says what there is; each row knows the place in
 * the caller's struct that its value goes to. Help and the parser read the same rows.
 *
 * Accepted spellings are the union of those of other runtimes: --name VALUE, --name=VALUE, -name
 * (one dash, as containerd writes -no-subreaper), -n VALUE, -nVALUE, -n=VALUE, -abc for three
 * flags. Options may stand before and after the words; "--" ends them; the last of several wins.
 */
#ifndef DAVIT_SRC_OPTIONS_H
#define DAVIT_SRC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cli_type {
	CLI_FLAG = 1, /* bool */
	CLI_STRING,   /* const char * */
	CLI_WORD,     /* const char *, one of the words that .arg lists: "text|json" */
	CLI_STRINGS,  /* struct cli_strings: repeatable, in order */
	CLI_UINT,     /* unsigned */
	CLI_IGNORED,  /* a flag that others know and that changes nothing here */
	CLI_HELP      /* ends parsing */
};

/* The value of a repeatable option. The items end with NULL and are NULL as long as there is none;
 * free(3) takes them. */
struct cli_strings {
	const char **items;
	size_t count;
};

struct cli_option {
	const char *name; /* NULL: has a letter only */
	char letter;      /* 0: has a name only */
	enum cli_type type;
	const char *arg;  /* what help calls the value */
	const char *help; /* NULL: not shown */
	size_t offset;    /* of the value in the target */
};

/* A row with neither name nor letter ends a table. -h, --help belongs to every table unwritten. */
extern const struct cli_option cli_option_help;

enum {
	CLI_WORDS_MAX = 4
};

struct cli_result {
	const char *words[CLI_WORDS_MAX]; /* what is no option and no value of one */
	size_t count;
	char **rest; /* the first word too many and all after it, unparsed; NULL: none */
	bool help;   /* asked for: all else is unset */
};

/* One line for the user. */
struct cli_error {
	char text[256];
};

/**
 * cli_parse() - sort the arguments into options and words
 * @rows:      the table
 * @argv:      NULL-terminated; never changed, since a re-exec needs it as it was
 * @max_words: how many words to take; parsing stops at the next one (0: at a command's name)
 * @target:    the struct that the rows' offsets are of
 * Return: 0, or -EINVAL with @e set.
 */
int cli_parse(const struct cli_option *rows, char **argv, size_t max_words, void *target,
	      struct cli_result *ret, struct cli_error *e);

/* Digits alone, not above @max; strtoul(3) would take blanks, signs and what does not fit. -EINVAL,
 * -ERANGE. */
int cli_parse_number(const char *text, size_t len, uint64_t max, uint64_t *ret);

/* True when the value is one of the words of a list like "text|json". */
bool cli_word_listed(const char *list, const char *value);

#endif
