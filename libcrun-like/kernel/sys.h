/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * System calls that the C library of Debian 12 does not wrap, and constants newer than its kernel
 * headers (6.1). Each wrapper returns the call's value, or -errno. Nothing else in davit uses
 * syscall(2).
 */
#ifndef DAVIT_KERNEL_SYS_H
#define DAVIT_KERNEL_SYS_H

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "base/util.h"

static inline long sys_result(long r)
{
	return r < 0 ? neg_errno() : r;
}

/* Whether there is such a call (-ENOSYS): with arguments that none takes. */
static inline long sys_probe(long number)
{
	return sys_result(syscall(number, -1L, NULL, 0L, 0L, 0L, 0L));
}

static inline int sys_openat2(int dirfd, const char *path, const struct open_how *how)
{
	return (int)sys_result(syscall(SYS_openat2, dirfd, path, how, sizeof(*how)));
}

static inline int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)sys_result(syscall(SYS_open_tree, dirfd, path, flags | OPEN_TREE_CLOEXEC));
}

/* A mount namespace of a copy of the tree @fd, all of it. */
static inline int sys_open_tree_namespace(int fd)
{
	unsigned flags = 1U << 1 /* OPEN_TREE_NAMESPACE, Linux 7.0 */ | OPEN_TREE_CLOEXEC;

	return (int)sys_result(
		syscall(SYS_open_tree, fd, "", flags | AT_EMPTY_PATH | AT_RECURSIVE));
}

static inline int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to,
				 unsigned flags)
{
	return (int)sys_result(syscall(SYS_move_mount, from_fd, from, to_fd, to, flags));
}

static inline int sys_fsopen(const char *type)
{
	return (int)sys_result(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC));
}

static inline int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux)
{
	return (int)sys_result(syscall(SYS_fsconfig, fd, cmd, key, value, aux));
}

static inline int sys_fsmount(int fd, unsigned attr_flags)
{
	return (int)sys_result(syscall(SYS_fsmount, fd, FSMOUNT_CLOEXEC, attr_flags));
}

static inline int sys_fspick(int dirfd, const char *path, unsigned flags)
{
	return (int)sys_result(syscall(SYS_fspick, dirfd, path, flags | FSPICK_CLOEXEC));
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)sys_result(syscall(SYS_pivot_root, new_root, put_old));
}

static inline int sys_mount_setattr(int dirfd, const char *path, unsigned flags,
				    const struct mount_attr *attr)
{
	return (int)sys_result(syscall(SYS_mount_setattr, dirfd, path, flags, attr, sizeof(*attr)));
}

static inline int sys_pidfd_open(pid_t pid)
{
	return (int)sys_result(syscall(SYS_pidfd_open, pid, 0));
}

static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)sys_result(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)sys_result(syscall(SYS_close_range, first, last, flags));
}

static inline pid_t sys_clone3(struct clone_args *args)
{
	return (pid_t)sys_result(syscall(SYS_clone3, args, sizeof(*args)));
}

/* <linux/bpf.h> is long and wanted by one file alone. */
union bpf_attr;
static inline int sys_bpf(int cmd, union bpf_attr *attr, size_t size)
{
	return (int)sys_result(syscall(SYS_bpf, cmd, attr, size));
}

static inline int sys_seccomp(unsigned op, unsigned flags, const void *args)
{
	return (int)sys_result(syscall(SYS_seccomp, op, flags, args));
}

/* With words in the last three arguments, which these calls do not have: for seccomp filters. */
static inline long sys_sendmsg_more(int fd, const void *msg, int flags, const unsigned long more[3])
{
	return sys_result(syscall(SYS_sendmsg, fd, msg, flags, more[0], more[1], more[2]));
}

static inline long sys_close_more(int fd, const unsigned long more[3])
{
	return sys_result(syscall(SYS_close, fd, 0, 0, more[0], more[1], more[2]));
}

/* @header and @data as in linux/capability.h. */
static inline int sys_capget(void *header, void *data)
{
	return (int)sys_result(syscall(SYS_capget, header, data));
}

static inline int sys_capset(void *header, const void *data)
{
	return (int)sys_result(syscall(SYS_capset, header, data));
}

/* The C library's versions speak to other threads, and refuse two signals of its own. The first
 * 32-bit architectures have 16-bit ids behind the plain names. */
#ifdef SYS_setresuid32
enum {
	SYS_NR_SETGROUPS = SYS_setgroups32,
	SYS_NR_SETRESGID = SYS_setresgid32,
	SYS_NR_SETRESUID = SYS_setresuid32
};
#else
enum {
	SYS_NR_SETGROUPS = SYS_setgroups,
	SYS_NR_SETRESGID = SYS_setresgid,
	SYS_NR_SETRESUID = SYS_setresuid
};
#endif

static inline int sys_setgroups(size_t count, const uint32_t *gids)
{
	return (int)sys_result(syscall(SYS_NR_SETGROUPS, count, gids));
}

static inline int sys_setresgid(uint32_t gid)
{
	return (int)sys_result(syscall(SYS_NR_SETRESGID, gid, gid, gid));
}

static inline int sys_setresuid(uint32_t uid)
{
	return (int)sys_result(syscall(SYS_NR_SETRESUID, uid, uid, uid));
}

/* The default action. The kernel's own layout of a sigaction: all zero, and large enough for every
 * architecture. */
static inline int sys_reset_signal(int sig)
{
	static const unsigned long by_default[8];

	return (int)sys_result(syscall(SYS_rt_sigaction, sig, by_default, NULL, sizeof(uint64_t)));
}

static inline int sys_set_signal_mask(uint64_t mask)
{
	return (int)sys_result(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask)));
}

/* The length with the NUL. getcwd(3) hides "(unreachable)". */
static inline int sys_getcwd(char *buf, size_t size)
{
	return (int)sys_result(syscall(SYS_getcwd, buf, size));
}

/* The length, without a NUL. For buffers of the heap: gcc 12's sanitizers make a branch for a null
 * one, and then warn of it at readlinkat(3), whose declaration says what it writes. */
static inline int sys_readlink(int dirfd, const char *name, char *buf, size_t size)
{
	return (int)sys_result(syscall(SYS_readlinkat, dirfd, name, buf, size));
}

/* What getdents64(2) writes; the C libraries do not agree on a name for it. */
struct sys_dirent {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

static inline int sys_getdents(int fd, void *buf, size_t size)
{
	return (int)sys_result(syscall(SYS_getdents64, fd, buf, size));
}

/* What statx(2) writes. The C libraries have no statx, or one without the mount's id, and their
 * declarations clash with those of linux/stat.h. */
struct sys_statx {
	uint32_t mask; /* what of the rest is there: SYS_STATX_* */
	uint32_t block_size;
	uint64_t attributes;
	uint32_t links, uid, gid;
	uint16_t mode;
	uint64_t inode, size, blocks, attributes_mask;
	uint64_t times[4][2];
	uint32_t device[2], on_device[2]; /* major, minor; of the node, and of its file system */
	uint64_t mount_id;
	uint64_t later[13];
};
_Static_assert(sizeof(struct sys_statx) == 256, "the size that the kernel writes");

enum {
	SYS_STATX_TYPE = 1,
	SYS_STATX_BASIC = 0x7ff,
	SYS_STATX_INO = 1 << 8,
	SYS_STATX_MNT_ID = 1 << 12,
	SYS_STATX_MNT_ID_UNIQUE = 1 << 14, /* Linux 6.8: never used again */
	SYS_STATX_ATTR_MOUNT_ROOT = 1 << 13
};

static inline int sys_statx(int fd, unsigned mask, struct sys_statx *ret)
{
	return (int)sys_result(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, mask, ret));
}

/* What the kernel knows already: a server of the file system is not asked. */
static inline int sys_statx_known(const char *path, struct sys_statx *ret)
{
	return (int)sys_result(syscall(SYS_statx, AT_FDCWD, path, 0x4000 /* AT_STATX_DONT_SYNC */,
				       SYS_STATX_BASIC, ret));
}

/* The beginning of what statmount(2) tells, without strings. Linux 6.8. */
struct sys_statmount {
	uint32_t size, options;
	uint64_t mask; /* what of the rest is there */
	uint32_t device[2];
	uint64_t magic;
	uint32_t superblock_flags, type;
	uint64_t id, parent;
	uint32_t old_id, old_parent;
	uint64_t attrs; /* MOUNT_ATTR_* of the mount itself */
	uint64_t later[55];
};
_Static_assert(sizeof(struct sys_statmount) == 512, "the size that the kernel writes");

/* @id: SYS_STATX_MNT_ID_UNIQUE's. */
static inline int sys_statmount_basic(uint64_t id, struct sys_statmount *ret)
{
	const struct {
		uint32_t size, spare;
		uint64_t id, mask;
	} what = { sizeof(what), 0, id, 2 /* STATMOUNT_MNT_BASIC */ };

	return (int)sys_result(syscall(457 /* SYS_statmount */, &what, ret, sizeof(*ret), 0));
}

static inline int sys_join_session_keyring(const char *name)
{
	enum {
		JOIN_SESSION_KEYRING = 1
	}; /* KEYCTL_JOIN_SESSION_KEYRING of linux/keyctl.h */

	return (int)sys_result(syscall(SYS_keyctl, JOIN_SESSION_KEYRING, name));
}

static inline int sys_give_key(int key, uid_t uid, gid_t gid)
{
	enum {
		CHOWN = 4
	}; /* KEYCTL_CHOWN */

	return (int)sys_result(syscall(SYS_keyctl, CHOWN, key, uid, gid));
}

/* @attr: a struct sched_attr of linux/sched/types.h, whose first member is its size. */
static inline int sys_sched_setattr(pid_t pid, const void *attr)
{
	return (int)sys_result(syscall(SYS_sched_setattr, pid, attr, 0));
}

/* Of one process; 0 is the caller. @class_level: IOPRIO_PRIO_VALUE() of linux/ioprio.h. */
static inline int sys_ioprio_set(pid_t pid, int class_level)
{
	enum {
		WHO_PROCESS = 1
	}; /* IOPRIO_WHO_PROCESS */

	return (int)sys_result(syscall(SYS_ioprio_set, WHO_PROCESS, pid, class_level));
}

/* @bits: how many bits of @mask there are. The kernel takes one more, and looks at one less. */
static inline int sys_set_mempolicy(int mode, const unsigned long *mask, unsigned long bits)
{
	return (int)sys_result(syscall(SYS_set_mempolicy, mode, mask, bits + 1));
}

/* Whatever a seccomp filter says of it: the C libraries' own may try for ever. */
_Noreturn static inline void sys_exit(int status)
{
	syscall(SYS_exit_group, status);
	__builtin_trap();
}

/* Returns only on error. */
static inline int sys_execveat(int fd, char *const argv[], char *const envp[])
{
	return (int)sys_result(syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH));
}

#endif
