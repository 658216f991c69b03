/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See text.h. Error messages quote paths, annotations and whatever a hook printed: none of it may
 * break a record in two, make it invalid JSON, or drive the reader's terminal.
 */
#include "text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "davit-command.h"

/* What @piece, the spelling of the character at @text, is in JSON: the same but for what JSON
 * quotes itself and for \xNN, which it does not have. */
static void write_json_piece(FILE *out, const char *text, const char *piece)
{
	unsigned char c = (unsigned char)*text;

	if (c == '"' || c == '\\')
		fprintf(out, "\\%c", c);
	else if (strncmp(piece, "\\x", 2) != 0)
		fputs(piece, out);
	else if (c < 0x80)
		fprintf(out, "\\u%04x", c);
	else
		fputs("\\ufffd", out);
}

void text_write_json(FILE *out, const char *text)
{
	char piece[DAVIT_COMMAND_PIECE_SIZE];
	size_t taken;

	fputc('"', out);
	for (; (taken = davit_command_escape(text, piece)); text += taken)
		write_json_piece(out, text, piece);
	fputc('"', out);
}

void text_write_line(FILE *out, const char *text)
{
	char piece[DAVIT_COMMAND_PIECE_SIZE];
	size_t taken;

	for (; (taken = davit_command_escape(text, piece)); text += taken)
		fputs(piece, out);
}

int text_write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}
