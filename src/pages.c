/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Prints the pages of the manual and the completions as davit does, on the machine that builds
 * davit for another one. It has the command's tables and texts, and nothing of the library. It is
 * not installed.
 *
 *	davit-pages VERSION help --man [COMMAND]
 *	davit-pages VERSION completion bash|zsh|fish
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "completion.h"
#include "manual.h"

static bool print(const char *version, char **words)
{
	const struct command *command;

	if (!strcmp(words[0], "completion"))
		return completion_print(&command_line, words[1], "davit");
	if (!words[2]) {
		manual_print_page(&command_line, NULL, version);
		return true;
	}
	command = command_find(&command_line, words[2]);
	if (command)
		manual_print_page(&command_line, command, version);
	return command;
}

int main(int argc, char **argv)
{
	if (argc < 4 || !print(argv[1], argv + 2) || fflush(stdout) != 0 || ferror(stdout)) {
		(void)fprintf(stderr, "davit-pages: no such page, or it cannot be written\n");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
