/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp_needs.h. The machine is that of classic BPF as the kernel has it for filters: an
 * accumulator, an index register and sixteen words.
 */
#include "setup/seccomp/seccomp_needs.h"

#include <string.h>
#include <sys/syscall.h>

#include "setup/annotations.h"
#include "setup/seccomp/seccomp_compile.h"

struct machine {
	uint32_t a, x, words[BPF_MEMWORDS];
};

static uint32_t calculate(unsigned op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return b ? a / b : 0;
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return b < 32 ? a << b : 0;
	case BPF_RSH:
		return b < 32 ? a >> b : 0;
	default:
		return -a; /* BPF_NEG */
	}
}

static bool compare(unsigned op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	default:
		return a & b; /* BPF_JSET */
	}
}

static uint32_t load(const struct machine *m, const struct sock_filter *f,
		     const struct seccomp_data *call)
{
	uint32_t word;

	switch (BPF_MODE(f->code)) {
	case BPF_ABS:
		memcpy(&word, (const char *)call + f->k, sizeof(word));
		return word;
	case BPF_MEM:
		return m->words[f->k];
	case BPF_LEN:
		return sizeof(*call);
	default:
		return f->k; /* BPF_IMM */
	}
}

/* Everything but jumps and returns. */
static void step(struct machine *m, const struct sock_filter *f, const struct seccomp_data *call)
{
	switch (BPF_CLASS(f->code)) {
	case BPF_LD:
		m->a = load(m, f, call);
		break;
	case BPF_LDX:
		m->x = load(m, f, call);
		break;
	case BPF_ST:
		m->words[f->k] = m->a;
		break;
	case BPF_STX:
		m->words[f->k] = m->x;
		break;
	case BPF_ALU:
		m->a = calculate(BPF_OP(f->code), m->a, BPF_SRC(f->code) == BPF_K ? f->k : m->x);
		break;
	default:
		if (BPF_MISCOP(f->code) == BPF_TAX)
			m->x = m->a;
		else
			m->a = m->x;
	}
}

uint32_t seccomp_answer(const struct sock_filter *insns, size_t count,
			const struct seccomp_data *call)
{
	struct machine m = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *f = &insns[i];

		if (BPF_CLASS(f->code) == BPF_RET)
			return BPF_RVAL(f->code) == BPF_K ? f->k : m.a;
		if (f->code == (BPF_JMP | BPF_JA))
			i += f->k;
		else if (BPF_CLASS(f->code) == BPF_JMP)
			i += compare(BPF_OP(f->code), m.a, BPF_SRC(f->code) == BPF_K ? f->k : m.x)
				     ? f->jt
				     : f->jf;
		else
			step(&m, f, call);
	}
	return SECCOMP_RET_KILL_PROCESS;
}

struct need {
	int number;
	unsigned pointers; /* so many arguments, from the first one */
	char name[8];
	char purpose[24];
	char cure[120];
};

static const struct need needs[] = {
	{ SYS_execve, 3, "execve", "begin the program", "give execve the action SCMP_ACT_ALLOW" },
	{ SYS_capset, 2, "capset", "drop CAP_SYS_ADMIN",
	  "give capset the action SCMP_ACT_ALLOW, or set process.noNewPrivileges, with which execve "
	  "alone is needed" },
};

static bool is_killing(uint32_t action)
{
	return action == SECCOMP_RET_TRAP || action == SECCOMP_RET_KILL_THREAD ||
	       action == SECCOMP_RET_KILL_PROCESS;
}

/* Where the profile says so: its last rule that names the call, else the default. */
static int fail(const struct seccomp_source *s, const struct need *need, uint32_t action,
		struct err *e)
{
	const struct oci_seccomp *c = s->config;
	size_t at = SIZE_MAX;

	err_kind(e, ERR_CONFIG, EINVAL,
		 "the seccomp profile %s %s, which davit itself must still call to %s",
		 is_killing(action) ? "kills for" : "denies", need->name, need->purpose);
	err_hint(e, "%s", need->cure);
	if (s->raw)
		return err_at(e, ANNOTATION_POINTER(ANNOTATION_SECCOMP_RAW));
	for (size_t i = 0; i < c->syscalls.count; i++)
		for (size_t k = 0; k < c->syscalls.items[i].names.count; k++)
			if (strcmp(c->syscalls.items[i].names.items[k], need->name) == 0)
				at = i;
	return err_at(e, at == SIZE_MAX ? "/linux/seccomp/defaultAction"
					: POINTER("/linux/seccomp/syscalls/%zu", at));
}

/* Rules may ask for arguments. Ours are addresses, never 0, which one of our own stands for. */
static uint32_t ask(const struct seccomp_filter *f, const struct need *need, uint32_t arch)
{
	struct seccomp_data call = { .nr = need->number, .arch = arch };

	for (unsigned i = 0; i < need->pointers; i++)
		call.args[i] = (uintptr_t)&call;
	return seccomp_answer(f->insns, f->count, &call) & SECCOMP_RET_ACTION_FULL;
}

int seccomp_check_needs(const struct seccomp_source *s, const struct seccomp_filter *f,
			bool needs_capset, struct err *e)
{
	struct seccomp_compiler compiler;

	seccomp_compiler_of(&compiler);
	for (size_t i = 0; f->count && compiler.native_arch && i < 1U + needs_capset; i++) {
		uint32_t action = ask(f, &needs[i], compiler.native_arch);

		if (action == SECCOMP_RET_ERRNO || is_killing(action))
			return fail(s, &needs[i], action, e);
	}
	return 0;
}
