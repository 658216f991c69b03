/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See bpf_device.h. Building: the rules of one type, sorted by major, are replayed in their order
 * once for each major that is named (with the rules for every major between them) and once for all
 * others. Each replay gives a default and the minors that differ from it; these become the code:
 *
 *	if (major != M) goto next;            once a major
 *		if (minor != N) goto +leaf;   once a minor
 *		leaf: the answer, exit
 *		...
 *		leaf of the default, exit
 *
 * The same code runs twice: to count the instructions and to write them.
 */
#include "kernel/bpf_device.h"

#include <string.h>

#include "kernel/sys.h"

enum {
	ACCESS_ALL = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE,
	JUMP_MAX = INT16_MAX,
	INSNS_MAX = 1000 * 1000, /* the kernel's BPF_COMPLEXITY_LIMIT_INSNS */
	LOAD_TRIES = 5,
	ATTACHED_MAX = 64, /* the kernel's own limit for one cgroup (BPF_CGROUP_MAX_PROGS) */
	REG_ACCESS = BPF_REG_2,
	REG_TYPE = BPF_REG_3,
	REG_MAJOR = BPF_REG_4,
	REG_MINOR = BPF_REG_5
};

/* How a program of ours is known again among those attached to a cgroup. */
static const char prog_name[] = "davit_device";

struct ranked {
	const struct bpf_device_rule *rule;
	size_t order;
};

struct minor {
	int64_t number;
	unsigned access;
};

/* What one major allows: @access, but for the minors listed (sorted). */
struct verdict {
	unsigned access;
	struct minor *minors;
	size_t count;
};

struct builder {
	struct bpf_insn *insns; /* NULL: counting */
	size_t count;
	bool too_far;
	struct ranked *ranked;
	struct minor *minors;
};

static void emit(struct builder *b, struct bpf_insn insn)
{
	if (b->insns)
		b->insns[b->count] = insn;
	b->count++;
}

static void emit_alu(struct builder *b, unsigned op, unsigned reg, int32_t imm)
{
	emit(b, (struct bpf_insn){ .code = (uint8_t)(BPF_ALU | BPF_K | op),
				   .dst_reg = reg & 0xf,
				   .imm = imm });
}

static void emit_load(struct builder *b, unsigned reg, size_t offset)
{
	emit(b, (struct bpf_insn){ .code = BPF_LDX | BPF_W | BPF_MEM,
				   .dst_reg = reg & 0xf,
				   .src_reg = BPF_REG_1,
				   .off = (int16_t)offset });
}

static void emit_answer(struct builder *b, bool yes)
{
	emit_alu(b, BPF_MOV, BPF_REG_0, yes);
	emit(b, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* A jump whose distance land_jump() fills in. 32 bit wide: numbers are not sign-extended. */
static size_t emit_jump(struct builder *b, unsigned op, unsigned reg, uint32_t value)
{
	emit(b, (struct bpf_insn){ .code = (uint8_t)(BPF_JMP32 | BPF_K | op),
				   .dst_reg = reg & 0xf,
				   .imm = (int32_t)value });
	return b->count - 1;
}

static void land_jump(struct builder *b, size_t jump)
{
	size_t distance = b->count - jump - 1;

	if (distance > JUMP_MAX)
		b->too_far = true;
	else if (b->insns)
		b->insns[jump].off = (int16_t)distance;
}

/* Nothing allowed refuses a request for no access at all too (access(2) with F_OK), as v1 did. */
static void emit_leaf(struct builder *b, unsigned access)
{
	size_t jump;

	if (access == 0 || access == ACCESS_ALL) {
		emit_answer(b, access != 0);
		return;
	}
	jump = emit_jump(b, BPF_JSET, REG_ACCESS, ACCESS_ALL & ~access);
	emit_answer(b, true);
	land_jump(b, jump);
	emit_answer(b, false);
}

static void emit_verdict(struct builder *b, const struct verdict *v)
{
	for (size_t i = 0; i < v->count; i++) {
		size_t jump;

		if (v->minors[i].access == v->access)
			continue;
		jump = emit_jump(b, BPF_JNE, REG_MINOR, (uint32_t)v->minors[i].number);
		emit_leaf(b, v->minors[i].access);
		land_jump(b, jump);
	}
	emit_leaf(b, v->access);
}

static int compare_ranked(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	if (a->rule->major != b->rule->major)
		return a->rule->major < b->rule->major ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int compare_minor(const void *x, const void *y)
{
	const struct minor *a = x, *b = y;

	return a->number < b->number ? -1 : a->number > b->number;
}

static void change_access(unsigned *access, const struct bpf_device_rule *r)
{
	*access = r->allow ? *access | r->access : *access & ~r->access;
}

static size_t collect_minors(const struct ranked *from, size_t count, struct minor *to)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (from[i].rule->minor >= 0)
			to[n++] = (struct minor){ .number = from[i].rule->minor };
	return n;
}

static size_t sort_minors(struct minor *minors, size_t count)
{
	size_t n = 0;

	qsort(minors, count, sizeof(*minors), compare_minor);
	for (size_t i = 0; i < count; i++)
		if (n == 0 || minors[n - 1].number != minors[i].number)
			minors[n++] = minors[i];
	return n;
}

static void replay_rule(struct verdict *v, const struct bpf_device_rule *r)
{
	struct minor key = { .number = r->minor }, *found;

	if (r->minor >= 0) {
		found = bsearch(&key, v->minors, v->count, sizeof(key), compare_minor);
		change_access(&found->access, r); /* found: collect_minors() saw the rule */
		return;
	}
	change_access(&v->access, r);
	for (size_t i = 0; i < v->count; i++)
		change_access(&v->minors[i].access, r);
}

/* The rules for every major (@wild) and those for one (@own), merged into their order. */
static struct verdict replay(struct builder *b, const struct ranked *wild, size_t wilds,
			     const struct ranked *own, size_t owns)
{
	struct verdict v = { .minors = b->minors };
	size_t w = 0, o = 0;

	v.count = collect_minors(wild, wilds, v.minors);
	v.count += collect_minors(own, owns, v.minors + v.count);
	v.count = sort_minors(v.minors, v.count);
	while (w < wilds || o < owns) {
		if (o == owns || (w < wilds && wild[w].order < own[o].order))
			replay_rule(&v, wild[w++].rule);
		else
			/* cppcheck: without rules of its own, o == owns */
			replay_rule(&v, own[o++].rule);
	}
	return v;
}

static bool is_uniform(const struct verdict *v)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->minors[i].access != v->access)
			return false;
	return true;
}

static size_t count_same_major(const struct ranked *r, size_t count)
{
	size_t n = 0;

	while (n < count && r[n].rule->major == r[0].rule->major)
		n++;
	return n;
}

static void emit_type(struct builder *b, const struct bpf_device_rule *rules, size_t count,
		      char type)
{
	size_t n = 0, wilds = 0, owns;
	struct verdict others, v;
	bool others_uniform;

	for (size_t i = 0; i < count; i++)
		if (rules[i].type == 'a' || rules[i].type == type)
			b->ranked[n++] = (struct ranked){ &rules[i], i };
	qsort(b->ranked, n, sizeof(*b->ranked), compare_ranked);
	if (n > 0 && b->ranked[0].rule->major < 0)
		wilds = count_same_major(b->ranked, n);
	others = replay(b, b->ranked, wilds, NULL, 0);
	others_uniform = is_uniform(&others);
	for (size_t at = wilds; at < n && !b->too_far; at += owns) {
		size_t jump;

		owns = count_same_major(b->ranked + at, n - at);
		v = replay(b, b->ranked, wilds, b->ranked + at, owns);
		if (others_uniform && v.access == others.access && is_uniform(&v))
			continue;
		jump = emit_jump(b, BPF_JNE, REG_MAJOR, (uint32_t)b->ranked[at].rule->major);
		emit_verdict(b, &v);
		land_jump(b, jump);
		b->too_far |= b->count > INSNS_MAX; /* and no hours of work */
	}
	others = replay(b, b->ranked, wilds, NULL, 0); /* the scratch was used meanwhile */
	emit_verdict(b, &others);
}

static void emit_all(struct builder *b, const struct bpf_device_rule *rules, size_t count)
{
	size_t jump;

	b->count = 0;
	emit_load(b, REG_ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_load(b, REG_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(b, REG_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit(b, (struct bpf_insn){ .code = BPF_ALU | BPF_X | BPF_MOV,
				   .dst_reg = REG_TYPE,
				   .src_reg = REG_ACCESS });
	emit_alu(b, BPF_AND, REG_TYPE, 0xffff);
	emit_alu(b, BPF_RSH, REG_ACCESS, 16);
	/* The kernel knows two types: what is not a block device is a character device. */
	jump = emit_jump(b, BPF_JNE, REG_TYPE, BPF_DEVCG_DEV_BLOCK);
	emit_type(b, rules, count, 'b');
	land_jump(b, jump);
	emit_type(b, rules, count, 'c');
}

static bool is_valid(const struct bpf_device_rule *r)
{
	return (r->type == 'a' || r->type == 'b' || r->type == 'c') && r->major >= -1 &&
	       r->major <= UINT32_MAX && r->minor >= -1 && r->minor <= UINT32_MAX &&
	       !(r->access & ~(unsigned)ACCESS_ALL);
}

int bpf_device_build(struct arena *a, const struct bpf_device_rule *rules, size_t count,
		     struct bpf_device_program *ret)
{
	struct builder b = { 0 };

	for (size_t i = 0; i < count; i++)
		if (!is_valid(&rules[i]))
			return -EINVAL;
	b.ranked = arena_array(a, count + 1, sizeof(*b.ranked));
	b.minors = arena_array(a, count + 1, sizeof(*b.minors));
	if (!b.ranked || !b.minors)
		return -ENOMEM;
	emit_all(&b, rules, count);
	if (b.too_far)
		return -E2BIG;
	b.insns = arena_array(a, b.count, sizeof(*b.insns));
	if (!b.insns)
		return -ENOMEM;
	emit_all(&b, rules, count);
	*ret = (struct bpf_device_program){ b.insns, b.count };
	return 0;
}

/* Without a branch that answers 0 there is nothing that it could refuse. */
bool bpf_device_allows_all(const struct bpf_device_program *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->insns[i].code == (BPF_ALU | BPF_K | BPF_MOV) &&
		    p->insns[i].dst_reg == BPF_REG_0 && p->insns[i].imm == 0)
			return false;
	return true;
}

int bpf_device_load(const struct bpf_device_program *p)
{
	union bpf_attr attr = { 0 };
	int fd = -EAGAIN;

	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)p->insns;
	attr.insn_cnt = (uint32_t)p->count;
	/* Must be there; it decides only about helpers that are for the GPL alone. None is called.
	 */
	attr.license = (uintptr_t) "LGPL-2.1-or-later";
	memcpy(attr.prog_name, prog_name, sizeof(prog_name));
	/* The verifier gives up when a signal comes in between. */
	for (int i = 0; i < LOAD_TRIES && fd == -EAGAIN; i++)
		fd = sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	return fd;
}

static int attach(int cgroup_fd, int prog_fd, int replaced_fd)
{
	union bpf_attr attr = { 0 };

	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)prog_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replaced_fd >= 0) { /* Linux 5.6 */
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replaced_fd;
	}
	return sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
}

static int detach(int cgroup_fd, int prog_fd)
{
	union bpf_attr attr = { 0 };

	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)prog_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return sys_bpf(BPF_PROG_DETACH, &attr, sizeof(attr));
}

/* The fd of program @id when it is one of ours, -ENOENT when it is not (or gone). */
static int open_ours(uint32_t id)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { 0 };
	_cleanup_fd_ int fd = -1;
	int r;

	attr.prog_id = id;
	fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr,
		     sizeof(attr)); /* the kernel opens it close-on-exec */
	if (fd < 0)
		return fd;
	attr = (union bpf_attr){ 0 };
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	r = sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
	if (r < 0)
		return r;
	return strcmp(info.name, prog_name) == 0 ? take_fd(&fd) : -ENOENT;
}

static int query_ids(int cgroup_fd, uint32_t ids[static ATTACHED_MAX])
{
	union bpf_attr attr = { 0 };
	int r;

	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = ATTACHED_MAX;
	r = sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));
	return r < 0 ? r : (int)attr.query.prog_cnt;
}

int bpf_device_attach(int cgroup_fd, int prog_fd)
{
	uint32_t ids[ATTACHED_MAX];
	int n = query_ids(cgroup_fd, ids);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		_cleanup_fd_ int old = open_ours(ids[i]);

		/* One that cannot be looked at may be ours, and would go on to deny beside the new.
		 */
		if (old < 0 && old != -ENOENT)
			return old;
		if (old >= 0)
			return attach(cgroup_fd, prog_fd, old);
	}
	return attach(cgroup_fd, prog_fd, -1);
}

int bpf_device_detach(int cgroup_fd)
{
	uint32_t ids[ATTACHED_MAX];
	int n = query_ids(cgroup_fd, ids), r;

	for (int i = 0; i < n; i++) {
		_cleanup_fd_ int old = open_ours(ids[i]);

		if (old == -ENOENT)
			continue;
		r = old < 0 ? old : detach(cgroup_fd, old);
		if (r < 0)
			return r;
	}
	return n < 0 ? n : 0;
}

int bpf_device_query(int cgroup_fd, size_t *ret_count)
{
	uint32_t ids[ATTACHED_MAX];
	int n = query_ids(cgroup_fd, ids);
	size_t ours = 0;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		_cleanup_fd_ int fd = open_ours(ids[i]);

		ours += fd >= 0;
	}
	*ret_count = ours;
	return 0;
}
