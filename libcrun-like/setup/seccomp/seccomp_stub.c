/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp_stub.h. Only instructions that the kernel can evaluate by number and architecture
 * alone: calls that are always allowed stay in its bitmap (Linux 5.11).
 */
#include "setup/seccomp/seccomp_stub.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

void seccomp_stub_write(const struct seccomp_stub *rows, size_t count, struct sock_filter *ret)
{
	for (size_t i = 0; i < count; i++) {
		const struct sock_filter row[SECCOMP_STUB_INSNS] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rows[i].arch, 0, 4),
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, rows[i].last, 0, 2),
			BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, rows[i].end, 1, 0),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		};

		memcpy(ret + i * SECCOMP_STUB_INSNS, row, sizeof(row));
	}
}
