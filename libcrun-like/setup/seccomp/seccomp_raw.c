/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp_raw.h. The rules are those of the kernel's bpf_check_classic() and
 * seccomp_check_filter(), as seccomp(2) describes them.
 */
#include "setup/seccomp/seccomp_raw.h"

#include <linux/seccomp.h>
#include <string.h>

#include "base/base64.h"
#include "setup/annotations.h"

static bool is_memory(const struct sock_filter *f)
{
	return f->k < BPF_MEMWORDS;
}

static bool is_load(const struct sock_filter *f)
{
	switch (f->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return f->k < sizeof(struct seccomp_data) && f->k % 4 == 0;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return is_memory(f);
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
		return true;
	default:
		return false;
	}
}

static bool is_arithmetic(const struct sock_filter *f)
{
	unsigned op = BPF_OP(f->code);
	bool is_constant = BPF_SRC(f->code) == BPF_K;

	if (BPF_CLASS(f->code) != BPF_ALU || f->code > 0xff)
		return false;
	if (op == BPF_DIV)
		return !is_constant || f->k != 0;
	if (op == BPF_LSH || op == BPF_RSH)
		return !is_constant || f->k < 32;
	if (op == BPF_NEG)
		return is_constant;
	return op == BPF_ADD || op == BPF_SUB || op == BPF_MUL || op == BPF_AND || op == BPF_OR ||
	       op == BPF_XOR;
}

/* @left: instructions after this one. */
static bool is_jump(const struct sock_filter *f, size_t left)
{
	unsigned op = BPF_OP(f->code);

	if (f->code == (BPF_JMP | BPF_JA))
		return f->k < left;
	return BPF_CLASS(f->code) == BPF_JMP && f->code <= 0xff && f->jt < left && f->jf < left &&
	       (op == BPF_JEQ || op == BPF_JGE || op == BPF_JGT || op == BPF_JSET);
}

static bool is_return(const struct sock_filter *f)
{
	return f->code == (BPF_RET | BPF_K) || f->code == (BPF_RET | BPF_A);
}

/* The first instruction that the kernel would refuse; @count: none. The last one must return. */
static size_t find_fault(const struct sock_filter *insns, size_t count)
{
	size_t i = 0;

	while (i < count && (is_load(&insns[i]) || is_arithmetic(&insns[i]) ||
			     is_return(&insns[i]) || is_jump(&insns[i], count - i - 1)))
		i++;
	return i == count && !is_return(&insns[count - 1]) ? count - 1 : i;
}

int seccomp_raw_decode(struct arena *a, const char *text, struct seccomp_filter *ret, struct err *e)
{
	const char *pointer = ANNOTATION_POINTER(ANNOTATION_SECCOMP_RAW);
	size_t len = strlen(text), count, fault;
	uint8_t *bytes = arena_alloc(a, base64_room(len) + 1);
	ssize_t size;

	if (!bytes)
		return err_set(e, ENOMEM, "decode the seccomp program");
	size = base64_decode(text, len, bytes);
	if (size < 0)
		return err_field(e, EINVAL, pointer, "the seccomp program is not base64");
	count = (size_t)size / sizeof(struct sock_filter);
	if (count == 0 || (size_t)size % sizeof(struct sock_filter))
		return err_field(e, EINVAL, pointer,
				 "a seccomp program of %zd bytes: not whole instructions of %zu",
				 size, sizeof(struct sock_filter));
	if (count > SECCOMP_INSNS_MAX)
		return err_field(e, E2BIG, pointer,
				 "the seccomp program has %zu instructions, the kernel takes %d",
				 count, SECCOMP_INSNS_MAX);
	fault = find_fault((const struct sock_filter *)(void *)bytes, count);
	if (fault < count)
		return err_field(e, EINVAL, pointer,
				 "instruction %zu of the seccomp program is invalid", fault);
	ret->insns = (const struct sock_filter *)(void *)bytes;
	ret->count = (uint16_t)count;
	return 0;
}
