/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.seccomp, or a raw program in an annotation -> a filter that INIT loads. Compiled in HOST,
 * outside the container's cgroup: a small memory limit must not matter. Its place in the order of
 * things is setup/process/credentials'.
 *
 * A filter that notifies (SCMP_ACT_NOTIFY) has a listener: INIT, right after it has loaded the
 * filter, hands the listener's descriptor over to HOST through the filter's gate
 * (kernel/seccomp.h), whatever the profile says about its calls; HOST gives it to the agent
 * (setup/seccomp/seccomp_agent.h).
 */
#ifndef DAVIT_SETUP_SECCOMP_SECCOMP_H
#define DAVIT_SETUP_SECCOMP_SECCOMP_H

#include "base/arena.h"
#include "base/err.h"
#include "kernel/seccomp.h"
#include "oci-spec/config.h"

/* What a filter is made of. */
struct seccomp_source {
	const struct oci_seccomp *config; /* may be NULL */
	const char *raw;                  /* base64 of a program, instead of config's rules */
	bool fails_on_unknown;            /* names of system calls that are not known */
	const char *receiver;             /* where the listener goes; NULL: nowhere */
};

struct seccomp_filter {
	const struct sock_filter *insns;
	uint16_t count; /* 0: no filter */
	unsigned flags; /* SECCOMP_FLAG_* of kernel/seccomp.h */
	bool has_listener;
	struct seccomp_gate gate; /* of a filter with a listener */
	const char *receiver;     /* the same: the agent's socket */

	/* Set in INIT: over what its listener leaves, and the bytes that go with it. */
	struct seccomp_way {
		int fd;
		const void *note;
		size_t len;
	} way;
};

/*
 * The annotations are crun's: run.oci.seccomp_bpf_data, run.oci.seccomp_fail_unknown_syscall,
 * run.oci.seccomp.receiver. @default_receiver, when neither listenerPath nor an annotation names
 * one, may be NULL.
 */
void seccomp_source_of(const struct oci_config *config, const char *default_receiver,
		       struct seccomp_source *ret);
/* Does it ask for a filter at all? */
bool seccomp_is_wanted(const struct seccomp_source *s);

/*
 * @cache_fd: seccomp_cache_open()'s directory, or -1. With a cached program libseccomp is not
 * entered. Touches nothing on the host but that directory; asks the kernel about flags.
 */
int seccomp_prepare(struct arena *a, const struct seccomp_source *s, int cache_fd,
		    struct seccomp_filter *ret, struct err *e);

/* INIT: loads it; nothing when it is empty. A listener goes where @f->way says. */
int seccomp_apply(const struct seccomp_filter *f, struct err *e);

/* The libseccomp that davit was built for, "2.5.4"; "" without. */
const char *seccomp_built_version(void);

/* The names that profiles may use in this build; NULL after the last. For `features`. */
const char *seccomp_action_name(size_t i);
const char *seccomp_operator_name(size_t i);
const char *seccomp_flag_name(size_t i);
bool seccomp_has_arch(const char *name);

#endif
