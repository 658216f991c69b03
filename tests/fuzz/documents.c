/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Documents: config.json, process and resources objects, the journal, states and features. What is
 * decoded is checked, encoded and decoded again; a config.json without a fault is prepared as
 * `plan` does it, which changes nothing on the host.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "lifecycle/examine.h"
#include "lifecycle/lifecycle.h"
#include "lifecycle/plan.h"
#include "lifecycle/step.h"
#include "oci-spec/features.h"
#include "oci-spec/json.h"
#include "oci-spec/state.h"
#include "setup/resources/cgroup_knobs.h"

struct faults {
	const struct fuzz_input *in;
	size_t count;
};

static bool on_fault(void *arg, const struct err *violation)
{
	struct faults *f = arg;
	struct err e = *violation;

	fuzz_check_error(-e.code, &e);
	oci_find_line(f->in->text, f->in->len, &e);
	if (!e.line)
		fuzz_fail("a fault without a line", e.pointer);
	f->count++;
	return true;
}

static void on_unknown(void *arg, const char *pointer, unsigned line)
{
	if (!*pointer || !line)
		fuzz_fail("an unknown key without a place", pointer);
}

static void on_line(void *arg, const char *text)
{
	*(size_t *)arg += strlen(text);
}

static void describe_steps(const struct plan *plan)
{
	size_t len = 0;
	const struct describe d = { on_line, &len };

	for (size_t i = 0; i < life_step_count; i++)
		if (step_is_active(&life_steps[i], plan) && life_steps[i].describe)
			life_steps[i].describe(plan, &d);
}

static void make_plan(struct fuzz_input *in, const struct oci_config *config)
{
	static const struct davit_context ctx = { .root = "/run/davit", .name = "davit" };
	struct plan plan = { .ctx = &ctx,
			     .id = "ID",
			     .bundle = "/proc/self",
			     .config_path = "/proc/self/config.json",
			     .text = in->text,
			     .text_len = in->len,
			     .config = config,
			     .is_resumable = true,
			     .is_dry = true };
	struct err e = { 0 };
	int r = plan_prepare(&plan, &e);

	fuzz_check_error(r, &e);
	if (r == 0) {
		r = plan_filter(&plan, -1, &e);
		fuzz_check_error(r, &e);
	}
	if (r == 0)
		describe_steps(&plan);
	plan_release(&plan);
}

static bool on_any(void *arg, const struct err *fault)
{
	fuzz_check_error(-fault->code, fault);
	return true;
}

/* Where the document's faults are, as `validate` notes them. */
struct places {
	char pointers[64][sizeof(((struct err *)0)->pointer)];
	size_t count;
};

static bool note_fault(void *arg, const struct err *fault)
{
	struct places *p = arg;

	if (p->count < ARRAY_SIZE(p->pointers))
		memcpy(p->pointers[p->count++], fault->pointer, sizeof(fault->pointer));
	return on_any(NULL, fault);
}

static bool is_faulty(const void *arg, const char *section)
{
	const struct places *p = arg;

	for (size_t i = 0; i < p->count; i++)
		if (strncmp(p->pointers[i], section, strlen(section)) == 0)
			return true;
	return p->count == ARRAY_SIZE(p->pointers);
}

static void on_refusal(void *arg, const struct err *fault)
{
	on_any(arg, fault);
}

/* As `validate`, which goes on after faults. */
static void examine(struct fuzz_input *in)
{
	struct places places = { .count = 0 };
	const struct oci_text text = { in->text, in->len, "config.json" };
	struct plan plan = { .id = "ID", .bundle = "/proc/self", .is_dry = true };
	struct oci_config *c;
	struct err e = { 0 };
	int r = oci_config_decode_all(&plan.arena, &text, note_fault, &places, &c, &e);

	fuzz_check_error(r, &e);
	if (r == 0) {
		oci_config_check(c, note_fault, &places);
		plan.config = c;
		plan_examine(&plan, &(struct examine){ true, on_refusal, is_faulty, &places });
	}
	plan_release(&plan);
}

static void run_config(struct fuzz_input *in)
{
	struct faults f = { in, 0 };
	struct oci_config *c, *again;
	struct err e = { 0 };
	char *text;
	size_t len;
	int r;

	examine(in);
	r = oci_config_decode(&in->arena, in->text, in->len, "config.json", &c, &e);
	fuzz_check_error(r, &e);
	if (r < 0)
		return;
	oci_config_check(c, on_fault, &f);
	oci_config_unknown_keys(in->text, in->len, "config.json", on_unknown, NULL, &e);
	text = oci_config_encode(&in->arena, c, true, &len);
	if (!text || oci_config_decode(&in->arena, text, len, "again", &again, &e) < 0)
		fuzz_fail("what was encoded is not decoded", e.msg);
	if (!f.count)
		make_plan(in, c);
}

static void run_process(struct fuzz_input *in)
{
	struct faults f = { in, 0 };
	struct oci_process *p;
	struct err e = { 0 };
	int r = oci_process_decode(&in->arena, in->text, in->len, "process", &p, &e);

	fuzz_check_error(r, &e);
	if (r == 0)
		oci_process_check(p, on_fault, &f);
	if (r == 0 && !f.count) {
		static const struct davit_context ctx = { .root = "/run/davit", .name = "davit" };
		const struct oci_config c = { .oci_version = "1.0.0", .process = p };
		struct plan plan = {
			.ctx = &ctx, .id = "ID", .config = &c, .is_exec = true, .is_dry = true
		};

		r = plan_prepare_process(&plan, &e);
		fuzz_check_error(r, &e);
		plan_release(&plan);
	}
}

static void run_resources(struct fuzz_input *in)
{
	static const struct cgroup_host host = {
		.where = "/sys/fs/cgroup",
		.controllers = "cpuset cpu io memory hugetlb pids rdma misc",
	};
	const struct cgroup_write *writes = NULL;
	struct faults f = { in, 0 };
	struct oci_resources *res;
	struct err e = { 0 };
	int r = oci_resources_decode(&in->arena, in->text, in->len, "resources", &res, &e);

	fuzz_check_error(r, &e);
	if (r == 0)
		oci_resources_check(res, on_fault, &f);
	if (r < 0 || f.count)
		return;
	r = cgroup_knobs_prepare(&in->arena, res, &host, &writes, &e);
	fuzz_check_error(r, &e);
	for (; r == 0 && writes; writes = writes->next)
		if (!writes->file || strchr(writes->file, '/') || !writes->value)
			fuzz_fail("not a file of a cgroup", writes->file ? writes->file : "none");
}

static void run_journal(struct fuzz_input *in)
{
	struct davit_state *s;
	struct err e = { 0 };
	size_t len;
	int r = davit_state_decode(&in->arena, in->text, in->len, "state.json", &s, &e);

	fuzz_check_error(r, &e);
	if (r == 0 && !davit_state_encode(&in->arena, s, &len))
		fuzz_fail("not encoded", s->id);
}

static void run_state(struct fuzz_input *in)
{
	struct oci_state *s;
	struct err e = { 0 };
	size_t len;
	int r = oci_state_decode(&in->arena, in->text, in->len, "state", &s, &e);

	fuzz_check_error(r, &e);
	if (r == 0 && !oci_state_encode(&in->arena, s, true, &len))
		fuzz_fail("not encoded", s->id);
}

static void run_features(struct fuzz_input *in)
{
	struct oci_features *f;
	struct err e = { 0 };
	size_t len;
	int r = oci_features_decode(&in->arena, in->text, in->len, "features", &f, &e);

	fuzz_check_error(r, &e);
	if (r == 0 && !oci_features_encode(&in->arena, f, true, &len))
		fuzz_fail("not encoded", "features");
}

const struct fuzz_sort fuzz_sorts[] = {
	{ 'c', run_config },  { 'p', run_process }, { 'r', run_resources },
	{ 'j', run_journal }, { 's', run_state },   { 'f', run_features },
	{ 0, NULL },
};
