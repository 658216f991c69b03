/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See binfmt.h.
 */
#include "binfmt.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fmt.h"

enum {
	HEAD_SIZE = 256, /* as much of a #! line as the kernel reads (BINPRM_BUF_SIZE) */
	SEGMENTS_MAX = 64
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The word behind "#!", as fs/binfmt_script.c takes it. */
static void look_at_script(const char *head, size_t len, struct binfmt *ret)
{
	size_t from = 2, to, line;

	while (from < len && is_blank(head[from]))
		from++;
	for (line = from; line < len && head[line] != '\n' && head[line]; line++)
		;
	for (to = from; to < line && !is_blank(head[to]); to++)
		;
	/* Part of the name for the kernel, and never meant. */
	ret->has_crlf = line > from && head[line - 1] == '\r';
	if (to == line && ret->has_crlf)
		to--;
	memcpy(ret->interpreter, head + from, to - from);
}

/* A file of another word size or byte order has other offsets: for that, its machine is enough. */
static void look_at_elf(int fd, const char *head, size_t len, struct binfmt *ret)
{
	Elf64_Ehdr e;
	Elf64_Phdr p;

	if (len < sizeof(e))
		return;
	memcpy(&e, head, sizeof(e));
	ret->machine = e.e_machine;
	if (e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_phentsize != sizeof(p))
		return;
	for (size_t i = 0; i < e.e_phnum && i < SEGMENTS_MAX; i++) {
		off_t at = (off_t)(e.e_phoff + i * sizeof(p));
		ssize_t n;

		if (at < 0 || pread(fd, &p, sizeof(p), at) != (ssize_t)sizeof(p))
			return;
		if (p.p_type != PT_INTERP)
			continue;
		if ((off_t)p.p_offset < 0 || p.p_filesz >= sizeof(ret->interpreter))
			return;
		n = pread(fd, ret->interpreter, p.p_filesz, (off_t)p.p_offset);
		ret->interpreter[n > 0 ? n : 0] = '\0';
		return;
	}
}

static void look_inside(const char *path, struct binfmt *ret)
{
	char head[HEAD_SIZE];
	/* A FIFO or device of the image must not hold us. */
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));

	if (n < 0)
		return;
	ret->kind = n ? BINFMT_OTHER : BINFMT_EMPTY;
	if (n >= 2 && !memcmp(head, "#!", 2)) {
		ret->kind = BINFMT_SCRIPT;
		look_at_script(head, (size_t)n < sizeof(head) ? (size_t)n : sizeof(head) - 1, ret);
	} else if (n >= SELFMAG && !memcmp(head, ELFMAG, SELFMAG)) {
		ret->kind = BINFMT_ELF;
		look_at_elf(fd, head, (size_t)n, ret);
	}
}

int binfmt_look(const char *path, struct binfmt *ret)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_CLOEXEC);
	struct binfmt b = { .kind = BINFMT_UNREADABLE };
	struct statvfs vfs;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return neg_errno();
	b.mode = st.st_mode;
	b.uid = st.st_uid;
	b.gid = st.st_gid;
	b.is_noexec = fstatvfs(fd, &vfs) == 0 && (vfs.f_flag & ST_NOEXEC);
	if (S_ISREG(st.st_mode))
		look_inside(path, &b);
	*ret = b;
	return 0;
}

/* "DIR/.": to look up a name in a folder is to search it. */
static bool is_closed(const struct binfmt_folder *dir)
{
	char inside[sizeof(dir->name) + 2];
	_cleanup_fd_ int fd = -1;

	fmt(inside, sizeof(inside), "%s/.", dir->name);
	fd = open(inside, O_PATH | O_CLOEXEC);
	return fd < 0 && errno == EACCES;
}

void binfmt_find_closed(const char *path, struct binfmt_folder *dir)
{
	size_t len = 1;
	struct stat st;

	for (; path[0] == '/' && len < sizeof(dir->name); len += strcspn(path + len, "/")) {
		memcpy(dir->name, path, len);
		dir->name[len] = '\0';
		if (path[len - 1] != '/' && !path[len])
			break; /* the file itself */
		if (is_closed(dir) && stat(dir->name, &st) == 0) {
			dir->mode = st.st_mode;
			dir->uid = st.st_uid;
			dir->gid = st.st_gid;
			return;
		}
		len += strspn(path + len, "/");
	}
	dir->name[0] = '\0';
}

const char *binfmt_machine_name(uint16_t machine)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} names[] = {
		{ EM_386, "i686" },        { EM_68K, "m68k" },      { EM_MIPS, "mips" },
		{ EM_PARISC, "parisc" },   { EM_PPC, "ppc" },       { EM_PPC64, "ppc64" },
		{ EM_S390, "s390x" },      { EM_ARM, "armv7l" },    { EM_SH, "sh4" },
		{ EM_SPARCV9, "sparc64" }, { EM_X86_64, "x86_64" }, { EM_AARCH64, "aarch64" },
		{ EM_RISCV, "riscv64" },   { 258, "loongarch64" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return NULL;
}
