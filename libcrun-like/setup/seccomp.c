/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp.h. libseccomp only compiles: its program goes to a memfd and is read back, for it can
 * neither hand over its instructions nor load without allocating. optimize=2 asks for a binary
 * tree, which the kernel loads and runs in a third of the linear program's time.
 */
#include "seccomp.h"

#include <ctype.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "kernel/seccomp.h"
#include "seccomp_cache.h"

#define TEXT_OF(x)   #x
#define NUMBER_OF(x) TEXT_OF(x)

struct action_row {
	const char *name;
	uint32_t action;
	uint32_t data_max; /* of errnoRet; 0: the action takes none */
};

enum {
	DATA_BITS = 0xffff,
	ERRNO_MAX = 4095 /* the kernel's MAX_ERRNO: it would cap silently */
};

static const struct action_row actions[] = {
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD, 0 },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, 0 },
	{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, 0 },
	{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP, 0 },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0), ERRNO_MAX },
	{ "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0), DATA_BITS },
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, 0 },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG, 0 },
	{ "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY, 0 },
};

struct operator_row {
	const char *name;
	enum scmp_compare op;
};

static const struct operator_row operators[] = {
	{ "SCMP_CMP_NE", SCMP_CMP_NE },
	{ "SCMP_CMP_LT", SCMP_CMP_LT },
	{ "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ },
	{ "SCMP_CMP_GE", SCMP_CMP_GE },
	{ "SCMP_CMP_GT", SCMP_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
};

struct flag_row {
	const char *name;
	unsigned flag;
};

static const struct flag_row flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FLAG_WAIT_KILLABLE_RECV },
};

/* One compilation. */
struct build {
	scmp_filter_ctx ctx;
	uint32_t default_action;
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

/* @pointer names the action, @data_pointer its errno. */
static int decode_action(const char *name, const uint32_t *data, const char *pointer,
			 const char *data_pointer, uint32_t *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		const struct action_row *row = &actions[i];

		if (strcmp(row->name, name) != 0)
			continue;
		if (data && !row->data_max)
			return err_field(e, EINVAL, data_pointer, "%s takes no errno", name);
		if (data && *data > row->data_max)
			return err_field(e, EINVAL, data_pointer, "%u is above %s's maximum %u",
					 *data, name, row->data_max);
		*ret = row->action | (data ? *data : row->data_max ? EPERM : 0);
		return 0;
	}
	return err_field(e, EINVAL, pointer, "unknown seccomp action %s", name);
}

/*
 * Without a list: SPEC_ALLOW, as runc and crun do. A filter otherwise switches the speculative
 * store bypass mitigation on for its task, which costs up to a third of the speed and which Linux
 * itself has not asked of filters any more since 5.16. An empty list is no flags.
 */
static int decode_flags(const struct oci_seccomp *config, unsigned *ret, struct err *e)
{
	unsigned set = config->flags.items ? 0 : SECCOMP_FLAG_SPEC_ALLOW;

	for (size_t i = 0; i < config->flags.count; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(flags) && strcmp(flags[k].name, config->flags.items[i]) != 0)
			k++;
		if (k == ARRAY_SIZE(flags))
			return err_field(e, EINVAL, POINTER("/linux/seccomp/flags/%zu", i),
					 "unknown seccomp flag %s", config->flags.items[i]);
		set |= flags[k].flag;
	}
	/* The kernel refuses it without a listener; no filter here has one. */
	*ret = set & ~(unsigned)SECCOMP_FLAG_WAIT_KILLABLE_RECV;
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
		if (r < 0 && r != -EEXIST)
			return err_field(e, -r, POINTER("/linux/seccomp/architectures/%zu", i),
					 "add architecture %s to the filter", list->items[i]);
	}
	return 0;
}

static int decode_arg(const struct oci_seccomp_arg *arg, const char *pointer,
		      struct scmp_arg_cmp *ret, struct err *e)
{
	size_t k = 0;

	if (arg->index > 5)
		return err_field(e, EINVAL, pointer, "argument index %u is above 5", arg->index);
	while (k < ARRAY_SIZE(operators) && strcmp(operators[k].name, arg->op) != 0)
		k++;
	if (k == ARRAY_SIZE(operators))
		return err_field(e, EINVAL, pointer, "unknown seccomp operator %s", arg->op);
	/* Of MASKED_EQ, value is the mask and valueTwo what must remain. */
	*ret = (struct scmp_arg_cmp){ .arg = arg->index,
				      .op = operators[k].op,
				      .datum_a = arg->value,
				      .datum_b = arg->value_two ? *arg->value_two : 0 };
	return 0;
}

/* Adds one system call of a rule: all conditions at once, or each by itself. */
static int add_conditions(struct build *b, uint32_t action, int number,
			  const struct scmp_arg_cmp *args, size_t count, bool is_each_alone)
{
	int r = 0;

	if (!is_each_alone)
		return seccomp_rule_add_array(b->ctx, action, number, (unsigned)count, args);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = seccomp_rule_add_array(b->ctx, action, number, 1, &args[i]);
	return r;
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
		if (number == __NR_SCMP_ERROR)
			continue;
		r = add_conditions(b, action, number, args, rule->args.count, is_repeated);
		if (r < 0)
			return err_field(e, -r,
					 POINTER("/linux/seccomp/syscalls/%zu/names/%zu", index, i),
					 "add a seccomp rule for %s", rule->names.items[i]);
	}
	return 0;
}

static int add_rule(struct arena *a, struct build *b, size_t index,
		    const struct oci_seccomp_syscall *rule, struct err *e)
{
	struct scmp_arg_cmp *args = arena_array(a, rule->args.count + 1, sizeof(*args));
	uint32_t action;
	int r = decode_action(rule->action, rule->errno_ret,
			      POINTER("/linux/seccomp/syscalls/%zu/action", index),
			      POINTER("/linux/seccomp/syscalls/%zu/errnoRet", index), &action, e);

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

/* The memfd with the exported program -> the arena. */
static int read_program(struct arena *a, int fd, struct seccomp_filter *ret, struct err *e)
{
	struct sock_filter *insns;
	struct stat st;
	size_t count;

	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "stat the compiled seccomp filter");
	count = (size_t)st.st_size / sizeof(*insns);
	if (count > SECCOMP_INSNS_MAX)
		return err_field(e, E2BIG, "/linux/seccomp",
				 "the seccomp filter has %zu instructions, the kernel takes %d",
				 count, SECCOMP_INSNS_MAX);
	insns = arena_array(a, count + 1, sizeof(*insns));
	if (!insns)
		return err_set(e, ENOMEM, "read the compiled seccomp filter");
	if (pread(fd, insns, count * sizeof(*insns), 0) != (ssize_t)(count * sizeof(*insns)))
		return err_set(e, EIO, "read the compiled seccomp filter");
	ret->insns = insns;
	ret->count = (uint16_t)count;
	return 0;
}

static int compile(struct arena *a, const struct oci_seccomp *config, struct seccomp_filter *ret,
		   struct err *e)
{
	__attribute__((cleanup(release_ctx))) scmp_filter_ctx ctx = NULL;
	_cleanup_fd_ int fd = -1;
	struct build b = { 0 };
	int r = decode_action(config->default_action, config->default_errno_ret,
			      "/linux/seccomp/defaultAction", "/linux/seccomp/defaultErrnoRet",
			      &b.default_action, e);

	if (r < 0)
		return r;
	b.ctx = ctx = seccomp_init(b.default_action);
	if (!ctx)
		return err_set(e, EINVAL, "begin a seccomp filter with %s", config->default_action);
	r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r < 0)
		return err_set(e, -r, "ask libseccomp for a binary tree");
	r = add_archs(&b, &config->architectures, e);
	for (size_t i = 0; r == 0 && i < config->syscalls.count; i++)
		r = add_rule(a, &b, i, &config->syscalls.items[i], e);
	if (r < 0)
		return r;
	fd = memfd_create("seccomp", MFD_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "create a memfd for the seccomp filter");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return err_set(e, -r, "compile the seccomp filter");
	return read_program(a, fd, ret, e);
}

/* Refusals that concern SCMP_ACT_NOTIFY; listenerPath without it is ignored (config-linux.md). */
static int check_notify(const struct oci_seccomp *config, struct err *e)
{
	static const char word[] = "SCMP_ACT_NOTIFY";
	size_t i = 0;

	if (strcmp(config->default_action, word) == 0)
		return err_field(e, EINVAL, "/linux/seccomp/defaultAction",
				 "SCMP_ACT_NOTIFY cannot be used as the default action");
	while (i < config->syscalls.count && strcmp(config->syscalls.items[i].action, word) != 0)
		i++;
	if (i == config->syscalls.count)
		return 0;
	/* The descriptor of the listener is sent by a write of the filtered process itself. */
	for (size_t k = i; k < config->syscalls.count; k++) {
		const struct oci_seccomp_syscall *rule = &config->syscalls.items[k];

		for (size_t n = 0; n < rule->names.count; n++)
			if (strcmp(rule->action, word) == 0 &&
			    strcmp(rule->names.items[n], "write") == 0)
				return err_field(
					e, EINVAL,
					POINTER("/linux/seccomp/syscalls/%zu/names/%zu", k, n),
					"SCMP_ACT_NOTIFY cannot be used for the write syscall");
	}
	if (!config->listener_path)
		return err_field(e, EINVAL, POINTER("/linux/seccomp/syscalls/%zu/action", i),
				 "SCMP_ACT_NOTIFY without a listenerPath");
	err_kind(e, ERR_UNSUPPORTED, ENOTSUP, "seccomp notification to %s", config->listener_path);
	return err_at(e, "/linux/seccomp/listenerPath");
}

int seccomp_prepare(struct arena *a, const struct oci_seccomp *config, int cache_fd,
		    struct seccomp_filter *ret, struct err *e)
{
	struct seccomp_filter filter = { 0 };
	const struct scmp_version *v;
	struct seccomp_key key;
	int r;

	if (!config) {
		*ret = filter;
		return 0;
	}
	r = check_notify(config, e);
	if (r == 0)
		r = decode_flags(config, &filter.flags, e);
	if (r < 0)
		return r;
	if (cache_fd >= 0) {
		v = seccomp_version();
		seccomp_key_of(config, (unsigned[3]){ v->major, v->minor, v->micro },
			       seccomp_arch_native(), &key);
	}
	if (cache_fd < 0 || !seccomp_cache_load(a, cache_fd, &key, &filter)) {
		r = compile(a, config, &filter, e);
		if (r < 0)
			return r;
		if (cache_fd >= 0)
			seccomp_cache_store(cache_fd, &key, &filter);
	}
	*ret = filter;
	return 0;
}

/* Without NOTIFY, which is refused as long as there is no listener. */
const char *seccomp_action_name(size_t i)
{
	return i < ARRAY_SIZE(actions) - 1 ? actions[i].name : NULL;
}

const char *seccomp_operator_name(size_t i)
{
	return i < ARRAY_SIZE(operators) ? operators[i].name : NULL;
}

const char *seccomp_flag_name(size_t i)
{
	return i < ARRAY_SIZE(flags) ? flags[i].name : NULL;
}

/* The last one, WAIT_KILLABLE_RECV, is known but means nothing without a listener. */
const char *seccomp_supported_flag_name(size_t i)
{
	return i < ARRAY_SIZE(flags) - 1 ? flags[i].name : NULL;
}

bool seccomp_has_arch(const char *name)
{
	return find_arch(name) != 0;
}
