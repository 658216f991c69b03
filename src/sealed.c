/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See sealed.h.
 */
#include "sealed.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char variable[] = "DAVIT_HELPER_DIR";

/* "/", "/ (deleted)", "/memfd:davit (deleted)": not a path of a file in a folder. */
static bool is_sealed(const char *exe)
{
	return !strcmp(exe, "/") || !strcmp(exe, "/ (deleted)") || !strncmp(exe, "/memfd:", 7);
}

void sealed_keep_folder(struct session *s)
{
	char exe[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *left = getenv(variable);
	char *slash;

	exe[len < 0 ? 0 : len] = '\0';
	slash = strrchr(exe, '/');
	if (is_sealed(exe)) {
		(void)snprintf(s->helper_dir, sizeof(s->helper_dir), "%s", left ? left : "");
		(void)unsetenv(variable);
	} else if (slash && slash != exe) {
		*slash = '\0';
		(void)setenv(variable, exe, 1); /* no memory: it is looked for elsewhere */
	} else {
		(void)unsetenv(variable);
	}
}
