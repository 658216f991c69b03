/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp.h: everything about a filter but its compilation, which is libseccomp's.
 */
#include "setup/seccomp/seccomp.h"

#include <linux/seccomp.h>
#include <string.h>

#include "base/words.h"
#include "setup/annotations.h"
#include "setup/seccomp/seccomp_cache.h"
#include "setup/seccomp/seccomp_compile.h"
#include "setup/seccomp/seccomp_raw.h"
#include "setup/seccomp/seccomp_shorten.h"

static const char notify[] = "SCMP_ACT_NOTIFY";

static const struct word flag_rows[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FLAG_WAIT_KILLABLE_RECV },
};
static const struct words flags = WORDS("seccomp flag", flag_rows);

void seccomp_source_of(const struct oci_config *config, const char *default_receiver,
		       struct seccomp_source *ret)
{
	const struct oci_seccomp *s = config->linux_config ? config->linux_config->seccomp : NULL;
	const char *fail = annotation_find(&config->annotations, ANNOTATION_SECCOMP_FAIL_UNKNOWN);
	const char *receiver = annotation_find(&config->annotations, ANNOTATION_SECCOMP_RECEIVER);

	*ret = (struct seccomp_source){
		.config = s,
		.raw = annotation_find(&config->annotations, ANNOTATION_SECCOMP_RAW),
		.fails_on_unknown = fail && strcmp(fail, "0") != 0,
		.receiver = receiver ? receiver : default_receiver,
	};
	if (s && s->listener_path)
		ret->receiver = s->listener_path;
}

bool seccomp_is_wanted(const struct seccomp_source *s)
{
	return s->config || s->raw;
}

/*
 * Without a list: SPEC_ALLOW, as runc and crun do. A filter otherwise switches the speculative
 * store bypass mitigation on for its task, which costs up to a third of the speed and which Linux
 * itself has not asked of filters any more since 5.16. An empty list is no flags.
 */
static int decode_flags(const struct oci_seccomp *config, unsigned *ret, struct err *e)
{
	*ret = config && config->flags.items ? 0 : SECCOMP_FLAG_SPEC_ALLOW;
	if (!config || !config->flags.count)
		return 0;
	return words_union(&flags, config->flags.items, config->flags.count, "/linux/seccomp/flags",
			   ret, e);
}

static int compile(struct arena *a, const struct seccomp_source *s, struct seccomp_filter *f,
		   struct err *e)
{
	size_t count;

	if (seccomp_compile(a, s, f, e) < 0)
		return -e->code;
	count = f->count;
	f->insns = seccomp_shorten(a, f->insns, &count);
	f->count = (uint16_t)count;
	return 0;
}

static int compile_cached(struct arena *a, const struct seccomp_source *s, int cache_fd,
			  struct seccomp_filter *f, struct err *e)
{
	struct seccomp_compiler compiler;
	struct seccomp_key key;
	int r;

	if (cache_fd < 0)
		return compile(a, s, f, e);
	seccomp_compiler_of(&compiler);
	seccomp_key_of(s, &compiler, &key);
	if (seccomp_cache_load(a, cache_fd, &key, f))
		return 0;
	r = compile(a, s, f, e);
	if (r == 0)
		seccomp_cache_store(cache_fd, &key, f);
	return r;
}

/* Asked of the program, not of the profile: a rule may name none but unknown calls. */
static bool notifies(const struct seccomp_filter *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->insns[i].code == (BPF_RET | BPF_K) &&
		    (f->insns[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

/* Where the notification was asked for. */
static int fail_receiver(const struct seccomp_source *s, struct err *e)
{
	const struct oci_seccomp *c = s->config;
	size_t i = 0;

	if (s->raw)
		return err_field(e, EINVAL, ANNOTATION_POINTER(ANNOTATION_SECCOMP_RAW),
				 "a program that notifies: seccomp listenerPath is not set");
	if (strcmp(c->default_action, notify) == 0)
		return err_field(e, EINVAL, "/linux/seccomp/defaultAction",
				 "%s: seccomp listenerPath is not set", notify);
	while (i < c->syscalls.count && strcmp(c->syscalls.items[i].action, notify) != 0)
		i++;
	return err_field(e, EINVAL, POINTER("/linux/seccomp/syscalls/%zu/action", i),
			 "%s: seccomp listenerPath is not set", notify);
}

static int add_listener(struct arena *a, const struct seccomp_source *s, struct seccomp_filter *f,
			struct err *e)
{
	size_t count = f->count + (size_t)SECCOMP_GATE_INSNS;
	struct sock_filter *insns = arena_array(a, count, sizeof(*insns));
	int r;

	if (!s->receiver)
		return fail_receiver(s, e);
	if (s->receiver[0] != '/')
		return err_kind(e, ERR_CONFIG, EINVAL,
				"the receiver of the seccomp listener, %s, is not an absolute path",
				s->receiver);
	if (count > SECCOMP_INSNS_MAX)
		return err_field(e, E2BIG, "/linux/seccomp",
				 "the seccomp filter has %zu instructions, the kernel takes %d",
				 count, SECCOMP_INSNS_MAX);
	if (!insns)
		return err_set(e, ENOMEM, "prepare the seccomp filter");
	r = seccomp_gate_make(&f->gate);
	if (r < 0)
		return err_set(e, -r, "draw random words for the seccomp filter");
	seccomp_gate_write(&f->gate, insns);
	memcpy(insns + SECCOMP_GATE_INSNS, f->insns, f->count * sizeof(*insns));
	f->insns = insns;
	f->count = (uint16_t)count;
	f->has_listener = true;
	f->receiver = s->receiver;
	return 0;
}

int seccomp_prepare(struct arena *a, const struct seccomp_source *s, int cache_fd,
		    struct seccomp_filter *ret, struct err *e)
{
	struct seccomp_filter f = { .way = { .fd = -1 } };
	int r;

	if (!seccomp_is_wanted(s)) {
		*ret = f;
		return 0;
	}
	r = decode_flags(s->config, &f.flags, e);
	if (r == 0)
		r = s->raw ? seccomp_raw_decode(a, s->raw, &f, e)
			   : compile_cached(a, s, cache_fd, &f, e);
	if (r == 0 && notifies(&f))
		r = add_listener(a, s, &f, e);
	if (r < 0)
		return r;
	if (!f.has_listener) /* it says how to wait for one's answers; the kernel refuses it */
		f.flags &= ~(unsigned)SECCOMP_FLAG_WAIT_KILLABLE_RECV;
	if (!seccomp_knows_flags(f.flags)) {
		err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP, "this kernel lacks a seccomp flag");
		return err_at(e, "/linux/seccomp/flags");
	}
	*ret = f;
	return 0;
}

static int fail_load(int code, struct err *e)
{
	err_set(e, code, "load the seccomp filter");
	if (code == EACCES)
		err_hint(e, "it wants process.noNewPrivileges or CAP_SYS_ADMIN");
	else if (code == EBUSY)
		err_hint(e, "another seccomp filter with a listener is in force already");
	return -code;
}

int seccomp_apply(const struct seccomp_filter *f, struct err *e)
{
	int r;

	if (!f->has_listener) {
		r = f->count ? seccomp_install(f->insns, f->count, f->flags) : 0;
		return r < 0 ? fail_load(-r, e) : 0;
	}
	r = seccomp_install_listener(f->insns, f->count, f->flags);
	if (r < 0)
		return fail_load(-r, e);
	r = seccomp_gate_hand_over(&f->gate, f->way.fd, f->way.note, f->way.len, r);
	return r < 0 ? err_set(e, -r, "hand the seccomp listener over") : 0;
}

const char *seccomp_flag_name(size_t i)
{
	return *seccomp_built_version() ? words_name(&flags, i) : NULL;
}
