/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the kernel would make of a file that it is asked to execute: a script with an interpreter,
 * an ELF program with a loader, or nothing it knows. For explaining a failed execve; reads a few
 * hundred bytes of a file that may be hostile.
 */
#ifndef DAVIT_KERNEL_BINFMT_H
#define DAVIT_KERNEL_BINFMT_H

#include <sys/types.h>

#include "base/util.h"

enum binfmt_kind {
	BINFMT_UNREADABLE, /* there, but not for us */
	BINFMT_EMPTY,
	BINFMT_SCRIPT,
	BINFMT_ELF,
	BINFMT_OTHER
};

struct binfmt {
	enum binfmt_kind kind;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool is_noexec;   /* its mount is */
	bool has_crlf;    /* the #! line ends with a carriage return, which @interpreter lacks */
	uint16_t machine; /* of an ELF file: EM_* */
	char interpreter[256]; /* of a script, or the loader of a program; "" when there is none */
};

/* @path as execve would find it. -errno when it is not there. */
int binfmt_look(const char *path, struct binfmt *ret);

/* The first folder on the way to @path that we may not search, into @dir: its name is "" when there
 * is none, or when it is longer than a message would show. */
struct binfmt_folder {
	char name[256];
	mode_t mode;
	uid_t uid;
	gid_t gid;
};
void binfmt_find_closed(const char *path, struct binfmt_folder *dir);

/* The kernel's name of an ELF machine, as in uname(2): "x86_64"; NULL when it is not known. */
const char *binfmt_machine_name(uint16_t machine);

#endif
