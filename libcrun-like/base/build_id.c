/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See build_id.h. The notes are found through our own ELF header, which is
 * mapped with the code.
 */
#include "base/build_id.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

/* The linker's. Hidden: that of the object that this file is linked into. Of no size that the
 * compiler knows: what follows the header is read, too. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static const void *find_note(const char *at, size_t size, size_t *ret_len)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)at;
		size_t head = sizeof(*note) + padded(note->n_namesz);

		if (head + padded(note->n_descsz) > size)
			break;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof("GNU") &&
		    memcmp(note + 1, "GNU", sizeof("GNU")) == 0) {
			*ret_len = note->n_descsz;
			return at + head;
		}
		at += head + padded(note->n_descsz);
		size -= head + padded(note->n_descsz);
	}
	return NULL;
}

const void *build_id(size_t *ret_len)
{
	const char *start = __ehdr_start;
	const ElfW(Ehdr) *header = (const void *)start;
	const ElfW(Phdr) *segments = (const void *)(start + header->e_phoff);
	uintptr_t origin = 0; /* the address that the file's first byte was linked for */

	for (size_t i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && segments[i].p_offset == 0)
			origin = segments[i].p_vaddr;
	for (size_t i = 0; i < header->e_phnum; i++) {
		const void *id;

		if (segments[i].p_type != PT_NOTE || segments[i].p_align > 4)
			continue; /* one aligned to 8 is another form, and has none */
		id = find_note(start + (segments[i].p_vaddr - origin), segments[i].p_filesz,
			       ret_len);
		if (id)
			return id;
	}
	*ret_len = 0;
	return NULL;
}
