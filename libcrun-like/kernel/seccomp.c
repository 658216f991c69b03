/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp.h. The raw calls, because the C library has none; no heap, runs in INIT.
 */
#include "seccomp.h"

#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "sys.h"

static int install(const struct sock_filter *insns, unsigned short count, unsigned flags)
{
	/* The kernel only reads the program; the header lacks the const. */
	struct sock_fprog program = { .len = count,
				      .filter = (struct sock_filter *)(uintptr_t)insns };

	return sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
}

int seccomp_install(const struct sock_filter *insns, unsigned short count, unsigned flags)
{
	int r = install(insns, count, flags);

	/* With TSYNC a positive value is the thread that could not be synchronised. */
	return r > 0 ? -ESRCH : r;
}

int seccomp_install_listener(const struct sock_filter *insns, unsigned short count, unsigned flags)
{
	/* Both have a positive value to return; the kernel wants to be told which it shall be. */
	if (flags & SECCOMP_FLAG_TSYNC)
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	return install(insns, count, flags | SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

bool seccomp_knows_flags(unsigned flags)
{
	if (flags & SECCOMP_FLAG_WAIT_KILLABLE_RECV) /* refused alone */
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	/* Without a program: the flags are looked at first, then it is EFAULT. */
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, NULL) != -EINVAL;
}

bool seccomp_has_filter(void)
{
	return prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER;
}

int seccomp_gate_make(struct seccomp_gate *ret)
{
	return getrandom(ret->secret, sizeof(ret->secret), 0) == sizeof(ret->secret) ? 0 : -EIO;
}

void seccomp_gate_write(const struct seccomp_gate *g, struct sock_filter ret[SECCOMP_GATE_INSNS])
{
	enum {
		HEAD = 4,
		PASS = SECCOMP_GATE_INSNS - 1, /* the last instruction */
		FIRST_ARG = 6 - SECCOMP_GATE_WORDS
	};
	const struct sock_filter head[HEAD] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmsg, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close, 1, 0),
		BPF_STMT(BPF_JMP | BPF_JA, PASS - HEAD + 1),
	};
	size_t n = HEAD;

	memcpy(ret, head, sizeof(head));
	for (unsigned i = 0; i < SECCOMP_GATE_WORDS; i++) {
		uint64_t word = g->secret[i];
		uint32_t half[2];

		/* In the order of memory, as the program loads them. */
		memcpy(half, &word, sizeof(word));
		for (unsigned k = 0; k < 2; k++, n += 2) {
			ret[n] = (struct sock_filter)BPF_STMT(
				BPF_LD | BPF_W | BPF_ABS,
				(uint32_t)offsetof(struct seccomp_data, args) +
					8 * (FIRST_ARG + i) + 4 * k);
			ret[n + 1] = (struct sock_filter)BPF_JUMP(
				BPF_JMP | BPF_JEQ | BPF_K, half[k], 0, (uint8_t)(PASS - n - 1));
		}
	}
	ret[PASS] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
}

int seccomp_gate_hand_over(const struct seccomp_gate *g, int sockfd, const void *data, size_t len,
			   int pass_fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS,
				  .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	const struct msghdr msg = { .msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = control.bytes,
				    .msg_controllen = sizeof(control.bytes) };
	long r;

	memcpy(CMSG_DATA(&control.header), &pass_fd, sizeof(int));
	do
		r = sys_sendmsg_more(sockfd, &msg, MSG_NOSIGNAL, g->secret);
	while (r == -EINTR);
	/* Or the death of who listens would go unnoticed: calls would wait for an answer for
	 * ever. */
	sys_close_more(pass_fd, g->secret);
	return r < 0 ? (int)r : 0;
}
