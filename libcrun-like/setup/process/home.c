/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * credentials_resolve_home() of credentials.h: a passwd(5) reader that sees one byte at a time, so
 * that no line is too long for it.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "kernel/rootpath.h"
#include "setup/process/credentials.h"

enum {
	PASSWD_MAX = 1024 * 1024,
	FIELD_UID = 2,
	FIELD_HOME = 5
};

/* The line that is being read: name:password:uid:gid:gecos:home:shell. */
struct line {
	unsigned field;
	uint64_t uid;
	size_t uid_len, home_len;
	bool is_bad; /* the uid is no number below 2^32, or the home does not fit */
};

static void add_byte(struct line *l, char c, char *home, size_t size)
{
	if (c == ':') {
		l->field++;
	} else if (l->field == FIELD_UID) {
		l->is_bad |= c < '0' || c > '9';
		if (!l->is_bad)
			l->uid = l->uid * 10 + (uint64_t)(c - '0');
		l->is_bad |= l->uid > UINT32_MAX;
		l->uid_len++;
	} else if (l->field == FIELD_HOME) {
		l->is_bad |= l->home_len + 1 >= size;
		if (!l->is_bad)
			home[l->home_len++] = c;
	}
}

/* True when the line that has ended is the user's; @home is then complete. */
static bool is_found(const struct line *l, uint32_t uid, char *home)
{
	if (l->is_bad || !l->uid_len || l->uid != uid || l->field < FIELD_HOME)
		return false;
	home[l->home_len] = '\0';
	return home[0] == '/' && strlen(home) == l->home_len;
}

static bool search(int fd, uint32_t uid, char *home, size_t size)
{
	struct line line = { 0 };
	char piece[4096];
	ssize_t n = 0;

	for (size_t total = 0; total < PASSWD_MAX; total += (size_t)n) {
		n = read(fd, piece, sizeof(piece));
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++) {
			if (piece[i] != '\n') {
				add_byte(&line, piece[i], home, size);
				continue;
			}
			if (is_found(&line, uid, home))
				return true;
			line = (struct line){ 0 };
		}
	}
	return n == 0 && is_found(&line, uid, home); /* a last line without a newline */
}

void credentials_resolve_home(int rootfd, uint32_t uid, char *buf, size_t size)
{
	/* Not blocking on a FIFO that an image put there. */
	_cleanup_fd_ int fd = rootpath_open(rootfd, "/etc/passwd", O_RDONLY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !search(fd, uid, buf, size))
		fmt(buf, size, "/");
}
