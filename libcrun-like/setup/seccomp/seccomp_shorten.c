/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp_shorten.h. The old program is followed for calls of which only the architecture and
 * the number are known. It compares both with constants alone, so between two neighbouring
 * constants all numbers have the same end: an answer, or the instruction that first looks at
 * something else of the call. The new program finds the range of the number by halving, and goes on
 * at that instruction, in a copy of the part of the old program that can be reached from there.
 */
#include "setup/seccomp/seccomp_shorten.h"

#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	ARCHS_MAX = 32,
	ENDS_MAX = 32, /* different ones of an architecture */
	FAR = 255,     /* the longest conditional jump */
	LD_WORD = BPF_LD | BPF_W | BPF_ABS
};

struct end {
	bool is_answer; /* or an instruction's number */
	uint32_t value;
};

struct range {
	uint32_t first;
	struct end end;
};

struct program {
	const struct sock_filter *insns;
	size_t count;
};

struct archs {
	uint32_t items[ARCHS_MAX];
	size_t count;
};

struct output {
	struct sock_filter *insns;
	size_t count, room;
	uint32_t *places; /* of the old instructions in the new program, once they are copied */
};

static bool is_same(struct end a, struct end b)
{
	return a.is_answer == b.is_answer && a.value == b.value;
}

/* An architecture that the program asks for. */
static bool note(struct archs *archs, uint32_t arch)
{
	for (size_t i = 0; archs && i < archs->count; i++)
		if (archs->items[i] == arch)
			return true;
	if (archs && archs->count == ARCHS_MAX)
		return false;
	if (archs)
		archs->items[archs->count++] = arch;
	return true;
}

struct known {
	uint32_t arch, number;
};

/* Where a call ends up; false: by something that is not understood here. */
static bool follow(const struct program *p, struct known call, struct archs *archs, struct end *ret)
{
	enum {
		NOTHING,
		ARCH,
		NUMBER
	} what = NOTHING;
	uint32_t a = 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct sock_filter *f = &p->insns[i];
		bool holds;

		switch (f->code) {
		case LD_WORD:
			if (f->k != offsetof(struct seccomp_data, nr) &&
			    f->k != offsetof(struct seccomp_data, arch)) {
				*ret = (struct end){ false, (uint32_t)i };
				return true;
			}
			what = f->k == offsetof(struct seccomp_data, nr) ? NUMBER : ARCH;
			a = what == NUMBER ? call.number : call.arch;
			continue;
		case BPF_RET | BPF_K:
			*ret = (struct end){ true, f->k };
			return true;
		case BPF_JMP | BPF_JA:
			i += f->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			holds = a == f->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			holds = a > f->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			holds = a >= f->k;
			break;
		default:
			return false;
		}
		if (what == NOTHING || (what == ARCH && (f->code != (BPF_JMP | BPF_JEQ | BPF_K) ||
							 !note(archs, f->k))))
			return false;
		i += holds ? f->jt : f->jf;
	}
	return false;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The first number of each range in which no comparison changes its outcome, ascending. */
static size_t find_borders(const struct program *p, uint32_t *ret)
{
	size_t count = 0, kept = 0;

	ret[count++] = 0;
	for (size_t i = 0; i < p->count; i++) {
		if (BPF_CLASS(p->insns[i].code) != BPF_JMP ||
		    p->insns[i].code == (BPF_JMP | BPF_JA))
			continue;
		ret[count++] = p->insns[i].k;
		if (p->insns[i].k < UINT32_MAX)
			ret[count++] = p->insns[i].k + 1;
	}
	qsort(ret, count, sizeof(*ret), compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || ret[i] != ret[i - 1])
			ret[kept++] = ret[i];
	return kept;
}

/* A value that is compared with nothing. */
static uint32_t find_other(const uint32_t *borders, size_t count)
{
	uint32_t other = 0x5eccea11;

	while (bsearch(&other, borders, count, sizeof(other), compare))
		other += 2;
	return other;
}

/* What becomes of the calls of one architecture: ranges of the same end, and how many. 0: not
 * understood. */
static size_t find_ranges(const struct program *p, uint32_t arch, const uint32_t *borders,
			  size_t count, struct archs *archs, struct range *ret)
{
	size_t ranges = 0;

	for (size_t i = 0; i < count; i++) {
		struct end end;

		if (!follow(p, (struct known){ arch, borders[i] }, archs, &end))
			return 0;
		if (ranges == 0 || !is_same(ret[ranges - 1].end, end))
			ret[ranges++] = (struct range){ borders[i], end };
	}
	return ranges;
}

static void put(struct output *o, struct sock_filter f)
{
	if (o->count < o->room)
		o->insns[o->count] = f;
	o->count++;
}

struct block {
	const struct range *ranges;
	size_t base; /* the first of its comparisons */
	struct end ends[ENDS_MAX];
	size_t end_count, exits; /* where the ends are */
};

static size_t exit_of(const struct block *b, struct end end)
{
	size_t i = 0;

	while (!is_same(b->ends[i], end))
		i++;
	return b->exits + i;
}

/* Ranges [low, high): a comparison, those of the lower half, those of the upper half. */
static bool put_ranges(struct output *o, const struct block *b, size_t low, size_t high)
{
	size_t middle = low + (high - low) / 2, at = o->count, lower = at + 1, upper;

	if (high - low < 2)
		return true;
	upper = lower + (middle - low - 1);
	if (middle - low == 1)
		lower = exit_of(b, b->ranges[low].end);
	if (high - middle == 1)
		upper = exit_of(b, b->ranges[middle].end);
	if (lower - at - 1 > FAR || upper - at - 1 > FAR)
		return false;
	put(o, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, b->ranges[middle].first,
					    (uint8_t)(upper - at - 1), (uint8_t)(lower - at - 1)));
	return put_ranges(o, b, low, middle) && put_ranges(o, b, middle, high);
}

static bool find_ends(struct block *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t k = 0;

		while (k < b->end_count && !is_same(b->ends[k], b->ranges[i].end))
			k++;
		if (k == ENDS_MAX)
			return false;
		if (k == b->end_count)
			b->ends[b->end_count++] = b->ranges[i].end;
	}
	return true;
}

/* The calls of one architecture. A jump to an old instruction has its number until it has a place.
 */
static bool put_block(struct output *o, const struct range *ranges, size_t count)
{
	struct block b = { .ranges = ranges, .base = o->count + 1 };

	b.exits = b.base + count - 1;
	if (!find_ends(&b, count))
		return false;
	put(o, (struct sock_filter)BPF_STMT(LD_WORD, offsetof(struct seccomp_data, nr)));
	if (!put_ranges(o, &b, 0, count))
		return false;
	for (size_t i = 0; i < b.end_count; i++)
		put(o, (struct sock_filter)BPF_STMT(b.ends[i].is_answer ? BPF_RET | BPF_K
									: BPF_JMP | BPF_JA,
						    b.ends[i].value));
	return true;
}

/* Which of the old program can be reached from what has been put so far: all jumps go forward. */
static void mark(const struct program *p, const struct output *o, size_t first)
{
	for (size_t i = first; i < o->count; i++)
		if (o->insns[i].code == (BPF_JMP | BPF_JA))
			o->places[o->insns[i].k] = 1;
	for (size_t i = 0; i < p->count; i++) {
		const struct sock_filter *f = &p->insns[i];

		if (!o->places[i] || BPF_CLASS(f->code) == BPF_RET)
			continue;
		if (f->code == (BPF_JMP | BPF_JA)) {
			o->places[i + 1 + f->k] = 1;
		} else if (BPF_CLASS(f->code) == BPF_JMP) {
			o->places[i + 1 + f->jt] = 1;
			o->places[i + 1 + f->jf] = 1;
		} else {
			o->places[i + 1] = 1;
		}
	}
}

/* Those, in their order, with the jumps made shorter; and the jumps to them. */
static void put_rest(const struct program *p, struct output *o, size_t first)
{
	size_t blocks_end = o->count, at = o->count;

	mark(p, o, first);
	for (size_t i = 0; i < p->count; i++)
		if (o->places[i])
			o->places[i] = (uint32_t)at++;
	for (size_t i = 0; i < p->count; i++) {
		struct sock_filter f = p->insns[i];
		uint32_t next = o->places[i] + 1;

		if (!o->places[i])
			continue;
		if (f.code == (BPF_JMP | BPF_JA)) {
			f.k = o->places[i + 1 + f.k] - next;
		} else if (BPF_CLASS(f.code) == BPF_JMP) {
			f.jt = (uint8_t)(o->places[i + 1 + f.jt] - next);
			f.jf = (uint8_t)(o->places[i + 1 + f.jf] - next);
		}
		put(o, f);
	}
	for (size_t i = first; i < blocks_end && i < o->room; i++)
		if (o->insns[i].code == (BPF_JMP | BPF_JA))
			o->insns[i].k = o->places[o->insns[i].k] - (uint32_t)i - 1;
}

struct work {
	struct program old;
	uint32_t *borders;
	size_t border_count;
	struct range *ranges;
	struct archs archs;
	uint32_t other; /* stands for every architecture that is not asked for */
};

/* The architectures that are asked for come to light on the way. */
static bool write_program(struct work *w, struct output *o)
{
	size_t blocks[ARCHS_MAX], first;
	size_t count =
		find_ranges(&w->old, w->other, w->borders, w->border_count, &w->archs, w->ranges);
	struct end other = w->ranges[0].end;

	if (count != 1 || !other.is_answer)
		return false;
	for (size_t i = 0; i < w->archs.count; i++)
		if (!find_ranges(&w->old, w->archs.items[i], w->borders, w->border_count, &w->archs,
				 w->ranges))
			return false;
	put(o, (struct sock_filter)BPF_STMT(LD_WORD, offsetof(struct seccomp_data, arch)));
	for (size_t i = 0; i < w->archs.count; i++) {
		put(o, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, w->archs.items[i], 0,
						    1));
		put(o, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	}
	put(o, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, other.value));
	first = o->count;
	for (size_t i = 0; i < w->archs.count; i++) {
		blocks[i] = o->count;
		count = find_ranges(&w->old, w->archs.items[i], w->borders, w->border_count, NULL,
				    w->ranges);
		if (!put_block(o, w->ranges, count) || o->count > o->room)
			return false;
	}
	put_rest(&w->old, o, first);
	if (o->count > o->room)
		return false;
	for (size_t i = 0; i < w->archs.count; i++)
		o->insns[2 + 2 * i].k = (uint32_t)(blocks[i] - (2 + 2 * i) - 1);
	return true;
}

/* Both programs, for every architecture and number. */
static bool is_equal(const struct work *w, const struct output *o)
{
	const struct program new = { o->insns, o->count };

	for (size_t i = 0; i <= w->archs.count; i++) {
		uint32_t arch = i < w->archs.count ? w->archs.items[i] : w->other;

		for (size_t k = 0; k < w->border_count; k++) {
			const struct known call = { arch, w->borders[k] };
			struct end before, after;

			if (!follow(&w->old, call, NULL, &before) ||
			    !follow(&new, call, NULL, &after))
				return false;
			if (!before.is_answer)
				before.value = o->places[before.value];
			if (!is_same(before, after))
				return false;
		}
	}
	return true;
}

/* Whether each instruction leads to one behind it, as the kernel asks too: what follows relies on
 * it.
 */
static bool stays_inside(const struct program *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct sock_filter *f = &p->insns[i];
		size_t behind = p->count - i - 1, skipped = 0;

		if (BPF_CLASS(f->code) == BPF_RET)
			continue;
		if (f->code == (BPF_JMP | BPF_JA))
			skipped = f->k;
		else if (BPF_CLASS(f->code) == BPF_JMP)
			skipped = f->jt > f->jf ? f->jt : f->jf;
		if (skipped >= behind)
			return false;
	}
	return true;
}

const struct sock_filter *seccomp_shorten(struct arena *a, const struct sock_filter *insns,
					  size_t *count)
{
	struct work w = { .old = { insns, *count } };
	struct output o = { .room = *count };

	w.borders = arena_array(a, 2 * *count + 1, sizeof(*w.borders));
	w.ranges = arena_array(a, 2 * *count + 1, sizeof(*w.ranges));
	o.insns = arena_array(a, *count, sizeof(*o.insns));
	o.places = arena_array(a, *count + FAR + 2, sizeof(*o.places));
	if (!w.borders || !w.ranges || !o.insns || !o.places || !stays_inside(&w.old))
		return insns;
	w.border_count = find_borders(&w.old, w.borders);
	w.other = find_other(w.borders, w.border_count);
	if (!write_program(&w, &o) || o.count >= *count || !is_equal(&w, &o))
		return insns;
	*count = o.count;
	return o.insns;
}
