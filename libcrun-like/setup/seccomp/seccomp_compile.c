/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp_compile.h. libseccomp only compiles: its program goes to a memfd and is read back,
 * for it can neither hand over its instructions nor load without allocating. optimize=2 asks for a
 * binary tree, which the kernel loads and runs in a third of the linear program's time.
 */
#include "setup/seccomp/seccomp_compile.h"

#include <ctype.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/words.h"
#include "setup/seccomp/seccomp_export.h"
#include "setup/seccomp/seccomp_stub.h"

#define TEXT_OF(x)   #x
#define NUMBER_OF(x) TEXT_OF(x)

enum {
	DATA_BITS = 0xffff
};

static const struct word action_rows[] = {
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },
	{ "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0) },
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG },
	{ "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY },
};
static const struct words actions = WORDS("seccomp action", action_rows);

static const struct word operator_rows[] = {
	{ "SCMP_CMP_NE", SCMP_CMP_NE },
	{ "SCMP_CMP_LT", SCMP_CMP_LT },
	{ "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ },
	{ "SCMP_CMP_GE", SCMP_CMP_GE },
	{ "SCMP_CMP_GT", SCMP_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
};
static const struct words operators = WORDS("seccomp operator", operator_rows);

/* What the functions of one compilation share. */
struct build {
	const struct seccomp_source *source;
	scmp_filter_ctx ctx;
	uint32_t default_action;
	struct seccomp_seen *seen;
};

static void release_ctx(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

const char *seccomp_built_version(void)
{
	return NUMBER_OF(SCMP_VER_MAJOR) "." NUMBER_OF(SCMP_VER_MINOR) "." NUMBER_OF(
		SCMP_VER_MICRO);
}

/* @data: the errno; which actions have one is checked already (oci-spec/check_seccomp.c). */
static int decode_action(const char *name, const uint32_t *data, const char *pointer, uint32_t *ret,
			 struct err *e)
{
	unsigned action;

	if (words_value(&actions, name, pointer, &action, e) < 0)
		return -e->code;
	if (action == SCMP_ACT_ERRNO(0) || action == SCMP_ACT_TRACE(0))
		action |= data ? *data & DATA_BITS : EPERM;
	*ret = action;
	return 0;
}

/* runtime-spec names are libseccomp's, in upper case behind a prefix, so that no table of ours ages
 * with it. */
static uint32_t find_arch(const char *name)
{
	static const char prefix[] = "SCMP_ARCH_";
	char lower[32];
	size_t i;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return 0;
	name += sizeof(prefix) - 1;
	/* cppcheck: the limit is that of lower; name ends with a NUL */
	for (i = 0; name[i] && i < sizeof(lower) - 1; i++) {
		if (islower((unsigned char)name[i]))
			return 0;
		lower[i] = (char)tolower((unsigned char)name[i]);
	}
	lower[i] = '\0';
	return name[i] ? 0 : seccomp_arch_resolve_name(lower);
}

/* The native one is there from seccomp_init(); those listed are added as they are. */
static int add_archs(struct build *b, const struct oci_strings *list, struct err *e)
{
	for (size_t i = 0; i < list->count; i++) {
		uint32_t arch = find_arch(list->items[i]);
		int r;

		if (!arch)
			return err_field(e, EINVAL, POINTER("/linux/seccomp/architectures/%zu", i),
					 "unknown seccomp architecture %s", list->items[i]);
		r = seccomp_arch_add(b->ctx, arch);
		/* EDOM: of the other byte order. No process here can make such a call: to leave it
		 * out is to apply it. */
		if (r < 0 && r != -EEXIST && r != -EDOM) {
			err_set(e, -r, "add architecture %s to the filter", list->items[i]);
			return err_at(e, POINTER("/linux/seccomp/architectures/%zu", i));
		}
	}
	return 0;
}

static int decode_arg(const struct oci_seccomp_arg *arg, const char *pointer,
		      struct scmp_arg_cmp *ret, struct err *e)
{
	unsigned op;

	if (words_value(&operators, arg->op, pointer, &op, e) < 0)
		return -e->code;
	/* Of MASKED_EQ, value is the mask and valueTwo what must remain. */
	*ret = (struct scmp_arg_cmp){ .arg = arg->index,
				      .op = (enum scmp_compare)op,
				      .datum_a = arg->value,
				      .datum_b = arg->value_two ? *arg->value_two : 0 };
	return 0;
}

static int add_once(struct build *b, const struct seccomp_rule *rule)
{
	int r = seccomp_seen_add(b->seen, rule);

	if (r <= 0)
		return r;
	return seccomp_rule_add_array(b->ctx, rule->action, rule->number, (unsigned)rule->count,
				      rule->args);
}

/* Adds one system call of a rule: all conditions at once, or each by itself. */
static int add_conditions(struct build *b, const struct seccomp_rule *rule, bool is_each_alone)
{
	int r = 0;

	if (!is_each_alone)
		return add_once(b, rule);
	for (size_t i = 0; r == 0 && i < rule->count; i++) {
		struct seccomp_rule one = *rule;

		one.args = &rule->args[i];
		one.count = 1;
		r = add_once(b, &one);
	}
	return r;
}

static int fail_add(int r, size_t index, size_t i, const char *name, struct err *e)
{
	if (r == -E2BIG)
		return err_field(e, E2BIG, "/linux/seccomp",
				 "the profile has more than %d different rules, and the kernel's "
				 "filters at most %d instructions",
				 SECCOMP_RULES_MAX, SECCOMP_INSNS_MAX);
	err_set(e, -r, "add a seccomp rule for %s", name);
	return err_at(e, POINTER("/linux/seccomp/syscalls/%zu/names/%zu", index, i));
}

static int add_names(struct build *b, size_t index, const struct oci_seccomp_syscall *rule,
		     uint32_t action, const struct scmp_arg_cmp *args, struct err *e)
{
	unsigned seen = 0;
	bool is_repeated = false;

	/* libseccomp takes one condition an argument; as runc and crun do, conditions that repeat
	 * one become alternatives. */
	for (size_t i = 0; i < rule->args.count; i++) {
		is_repeated |= seen >> args[i].arg & 1;
		seen |= 1U << args[i].arg;
	}
	for (size_t i = 0; i < rule->names.count; i++) {
		int number = seccomp_syscall_resolve_name(rule->names.items[i]), r;

		/* Profiles name system calls of kernels to come. */
		if (number == __NR_SCMP_ERROR && !b->source->fails_on_unknown)
			continue;
		if (number == __NR_SCMP_ERROR)
			return err_field(e, EINVAL,
					 POINTER("/linux/seccomp/syscalls/%zu/names/%zu", index, i),
					 "unknown system call %s", rule->names.items[i]);
		r = add_conditions(b,
				   &(struct seccomp_rule){ action, number, args, rule->args.count },
				   is_repeated);
		if (r < 0)
			return fail_add(r, index, i, rule->names.items[i], e);
	}
	return 0;
}

static int add_rule(struct arena *a, struct build *b, size_t index,
		    const struct oci_seccomp_syscall *rule, struct err *e)
{
	struct scmp_arg_cmp *args = arena_array(a, rule->args.count + 1, sizeof(*args));
	uint32_t action = 0; /* analyzer: as in base/words.c */
	int r = decode_action(rule->action, rule->errno_ret,
			      POINTER("/linux/seccomp/syscalls/%zu/action", index), &action, e);

	if (!args)
		return err_set(e, ENOMEM, "compile the seccomp filter");
	for (size_t i = 0; r == 0 && i < rule->args.count; i++)
		r = decode_arg(&rule->args.items[i],
			       POINTER("/linux/seccomp/syscalls/%zu/args/%zu", index, i), &args[i],
			       e);
	/* A rule that says what happens anyway: libseccomp refuses it, runc skips it. */
	if (r < 0 || action == b->default_action)
		return r;
	return add_names(b, index, rule, action, args, e);
}

/* The kernel's name of an architecture, and the range of its numbers. */
static struct seccomp_stub range_of(uint32_t arch, uint32_t *ret_first)
{
	enum {
		X32_BIT = 0x40000000, /* __X32_SYSCALL_BIT */
		ARM_BASE = 0x0f0000   /* __ARM_NR_BASE: cacheflush and its like */
	};
	struct seccomp_stub s = { .arch = arch, .end = UINT32_MAX };

	*ret_first = 0;
	if (arch == SCMP_ARCH_X32) { /* in the kernel the same as x86_64 */
		s.arch = SCMP_ARCH_X86_64;
		*ret_first = X32_BIT;
	} else if (arch == SCMP_ARCH_X86_64) {
		s.end = X32_BIT;
	} else if (arch == SCMP_ARCH_ARM) {
		s.end = ARM_BASE;
	}
	return s;
}

/* False when the profile names no call that @arch has. */
static bool find_newest(const struct oci_seccomp *config, uint32_t arch, struct seccomp_stub *ret)
{
	bool has_one = false;
	uint32_t first;

	*ret = range_of(arch, &first);
	ret->last = first;
	for (size_t i = 0; i < config->syscalls.count; i++) {
		const struct oci_strings *names = &config->syscalls.items[i].names;

		for (size_t k = 0; k < names->count; k++) {
			int n = seccomp_syscall_resolve_name_arch(arch, names->items[k]);

			/* Below zero: unknown, or libseccomp's own number of a multiplexed call. */
			if (n < 0 || (uint32_t)n < first || (uint32_t)n >= ret->end)
				continue;
			has_one = true;
			if ((uint32_t)n > ret->last)
				ret->last = (uint32_t)n;
		}
	}
	return has_one;
}

/* Where calls that nobody has named are denied, those of kernels to come get ENOSYS. A tracer or an
 * agent by default sees to it itself. */
static size_t find_stubs(const struct build *b, struct seccomp_stub *ret)
{
	const struct oci_seccomp *config = b->source->config;
	uint32_t native = seccomp_arch_native();
	size_t count = 0;

	switch (b->default_action & ~(uint32_t)DATA_BITS) {
	case SCMP_ACT_ALLOW:
	case SCMP_ACT_LOG:
	case SCMP_ACT_TRACE(0):
	case SCMP_ACT_NOTIFY:
		return 0;
	default:
		break;
	}
	if (find_newest(config, native, ret))
		count = 1;
	for (size_t i = 0; i < config->architectures.count; i++) {
		uint32_t arch = find_arch(config->architectures.items[i]);

		if (arch != native && find_newest(config, arch, ret + count))
			count++;
	}
	return count;
}

/* The memfd with the exported program, behind the stubs -> the arena. */
static int read_program(struct arena *a, const struct build *b, int fd, struct seccomp_filter *ret,
			struct err *e)
{
	size_t archs = b->source->config->architectures.count + 1, count, stubs;
	struct seccomp_stub *rows = arena_array(a, archs, sizeof(*rows));
	struct sock_filter *insns;
	struct stat st;
	ssize_t size;

	if (!rows)
		return err_set(e, ENOMEM, "read the compiled seccomp filter");
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "stat the compiled seccomp filter");
	size = (ssize_t)st.st_size;
	stubs = find_stubs(b, rows);
	count = (size_t)size / sizeof(*insns) + stubs * SECCOMP_STUB_INSNS;
	if (count > SECCOMP_INSNS_MAX)
		return err_field(e, E2BIG, "/linux/seccomp",
				 "the seccomp filter has %zu instructions, the kernel takes %d",
				 count, SECCOMP_INSNS_MAX);
	insns = arena_array(a, count + 1, sizeof(*insns));
	if (!insns)
		return err_set(e, ENOMEM, "read the compiled seccomp filter");
	seccomp_stub_write(rows, stubs, insns);
	if (pread(fd, insns + stubs * SECCOMP_STUB_INSNS, (size_t)size, 0) != size)
		return err_set(e, EIO, "read the compiled seccomp filter");
	ret->insns = insns;
	ret->count = (uint16_t)count;
	return 0;
}

static int add_rules(struct arena *a, struct build *b, struct err *e)
{
	const struct oci_seccomp *config = b->source->config;
	int r = seccomp_attr_set(b->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);

	if (r < 0)
		return err_set(e, -r, "ask libseccomp for a binary tree");
	if (add_archs(b, &config->architectures, e) < 0)
		return -e->code;
	for (size_t i = 0; i < config->syscalls.count; i++)
		if (add_rule(a, b, i, &config->syscalls.items[i], e) < 0)
			return -e->code;
	return 0;
}

int seccomp_compile(struct arena *a, const struct seccomp_source *s, struct seccomp_filter *ret,
		    struct err *e)
{
	__attribute__((cleanup(release_ctx))) scmp_filter_ctx ctx = NULL;
	const struct oci_seccomp *config = s->config;
	_cleanup_fd_ int fd = -1;
	struct build b = { .source = s };
	int r;

	if (decode_action(config->default_action, config->default_errno_ret,
			  "/linux/seccomp/defaultAction", &b.default_action, e) < 0)
		return -e->code;
	b.seen = seccomp_seen_make(a);
	if (!b.seen)
		return err_set(e, ENOMEM, "compile the seccomp filter");
	b.ctx = ctx = seccomp_init(b.default_action);
	if (!ctx)
		return err_set(e, ENOMEM, "begin a seccomp filter with %s", config->default_action);
	if (add_rules(a, &b, e) < 0)
		return -e->code;
	fd = memfd_create("seccomp", MFD_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "make a file for the seccomp filter");
	r = seccomp_export_bounded(b.seen, ctx, fd);
	if (r == -ETIME)
		return err_field(e, E2BIG, "/linux/seccomp",
				 "the seccomp profile takes more than %d seconds to compile: too "
				 "many conditions for one filter",
				 SECCOMP_EXPORT_SECONDS);
	if (r < 0)
		return err_set(e, -r, "compile the seccomp filter");
	return read_program(a, &b, fd, ret, e);
}

void seccomp_compiler_of(struct seccomp_compiler *ret)
{
	const struct scmp_version *v = seccomp_version();

	*ret = (struct seccomp_compiler){ { v->major, v->minor, v->micro }, seccomp_arch_native() };
}

const char *seccomp_action_name(size_t i)
{
	return words_name(&actions, i);
}

const char *seccomp_operator_name(size_t i)
{
	return words_name(&operators, i);
}

bool seccomp_has_arch(const char *name)
{
	return find_arch(name) != 0;
}
