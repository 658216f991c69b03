/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the targets share. The first byte of an input says what the rest is; inputs of no known sort
 * are passed over. All memory of the code under test is in an arena, whose pieces have red zones
 * here (base/arena_pieces.c).
 */
#ifndef DAVIT_TESTS_FUZZ_FUZZ_H
#define DAVIT_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci-spec/config.h"

/* @text is terminated, and may have NULs before. */
struct fuzz_input {
	struct arena arena;
	const char *text;
	size_t len;
};

struct fuzz_sort {
	char letter;
	void (*run)(struct fuzz_input *in);
};

/* Ends with a row without a function. */
extern const struct fuzz_sort fuzz_sorts[];

/* The text's lines. */
struct oci_strings fuzz_lines(struct fuzz_input *in);

/* A failure is complete: a code, a message on one line. Ends the program otherwise. */
void fuzz_check_error(int result, const struct err *e);
/* Ends the program, with @what. */
_Noreturn void fuzz_fail(const char *what, const char *detail);

/* What libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
