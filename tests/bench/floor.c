/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * floor: the least that the kernel must be asked for to run one default container.
 *
 *     floor ROOTFS PROGRAM [ARG...]
 *
 * One cgroup, one clone3 into six new namespaces and that cgroup, the mounts, devices, links, masks
 * and read-only paths that engines ask for, pivot_root, a seccomp filter of one instruction,
 * execve, wait, rmdir. No config is read, no state is kept, nothing is checked, no right is
 * dropped: the time that a runtime takes beyond this is its own. Root, with cgroup2 on
 * /sys/fs/cgroup.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* <sys/mount.h> does not go together with <linux/mount.h> in Debian 12. */
enum {
	RECURSIVE = 0x8000,
	REC_SLAVE = 0x84000,
	DETACH = 2
};

enum {
	LOCKED = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC
};

/* clang-format off */
static const struct mount_row {
	const char *type, *at;
	unsigned attr;
	const char *options[6]; /* name, value, ... */
} mounts[] = {
	{ "proc", "proc", LOCKED, { NULL } },
	{ "tmpfs", "dev", MOUNT_ATTR_NOSUID, { "mode", "755", "size", "65536k" } },
	{ "devpts", "dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
	  { "ptmxmode", "0666", "mode", "0620", "gid", "5" } },
	{ "tmpfs", "dev/shm", LOCKED, { "mode", "1777", "size", "65536k" } },
	{ "mqueue", "dev/mqueue", LOCKED, { NULL } },
	{ "sysfs", "sys", LOCKED | MOUNT_ATTR_RDONLY, { NULL } },
	{ "cgroup2", "sys/fs/cgroup", LOCKED | MOUNT_ATTR_RDONLY, { NULL } },
	{ "tmpfs", "run", MOUNT_ATTR_NOSUID, { "mode", "755", "size", "65536k" } },
};

static const struct {
	const char *at;
	unsigned major, minor;
} nodes[] = {
	{ "dev/null", 1, 3 }, { "dev/zero", 1, 5 }, { "dev/full", 1, 7 },
	{ "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 },
};

static const struct {
	const char *at, *target;
} links[] = {
	{ "dev/fd", "/proc/self/fd" }, { "dev/stdin", "/proc/self/fd/0" },
	{ "dev/stdout", "/proc/self/fd/1" }, { "dev/stderr", "/proc/self/fd/2" },
	{ "dev/ptmx", "pts/ptmx" },
};

static const char *const masked_files[] = {
	"proc/kcore", "proc/keys", "proc/latency_stats", "proc/timer_list", "proc/timer_stats",
	"proc/sched_debug", NULL
};
static const char *const masked_folders[] = {
	"proc/acpi", "proc/asound", "proc/scsi", "sys/firmware", "sys/devices/virtual/powercap", NULL
};
static const char *const read_only[] = {
	"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger", NULL
};
/* clang-format on */

static int must(long r, const char *what)
{
	if (r >= 0)
		return (int)r;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static int copy_of(const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, AT_FDCWD, path,
			    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

static void attach(int mount, const char *at)
{
	must(syscall(SYS_move_mount, mount, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH), at);
	close(mount);
}

static int new_mount(const struct mount_row *row)
{
	int context = must(syscall(SYS_fsopen, row->type, FSOPEN_CLOEXEC), row->type), mount;

	for (int i = 0; i < 6 && row->options[i]; i += 2)
		must(syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, row->options[i],
			     row->options[i + 1], 0),
		     row->options[i]);
	must(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), row->type);
	mount = must(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, row->attr), row->type);
	close(context);
	return mount;
}

static void fill_dev(void)
{
	umask(0);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		must(mknod(nodes[i].at, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)),
		     nodes[i].at);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		must(symlink(links[i].target, links[i].at), links[i].at);
}

static void hide(void)
{
	static const struct mount_row empty = { "tmpfs", "empty", MOUNT_ATTR_RDONLY, { NULL } };
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	for (const char *const *p = masked_files; *p; p++)
		if (access(*p, F_OK) == 0)
			attach(must(copy_of("dev/null", 0), *p), *p);
	for (const char *const *p = masked_folders; *p; p++)
		if (access(*p, F_OK) == 0)
			attach(new_mount(&empty), *p);
	for (const char *const *p = read_only; *p; p++) {
		int copy = copy_of(*p, RECURSIVE);

		if (copy < 0 && errno == ENOENT)
			continue;
		must(syscall(SYS_mount_setattr, must(copy, *p), "", AT_EMPTY_PATH | RECURSIVE,
			     &attr, sizeof(attr)),
		     *p);
		attach(copy, *p);
	}
}

static void be_container(const char *root, char **argv)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog filter = { 1, &allow };
	int tree;

	must(syscall(SYS_mount, NULL, "/", NULL, REC_SLAVE, NULL), "/");
	tree = must(copy_of(root, RECURSIVE), root);
	must(syscall(SYS_move_mount, tree, "", AT_FDCWD, root, MOVE_MOUNT_F_EMPTY_PATH), root);
	must(fchdir(tree), root);
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		if (strncmp(mounts[i].at, "dev/", 4) == 0)
			must(mkdir(mounts[i].at, 0755), mounts[i].at);
		attach(new_mount(&mounts[i]), mounts[i].at);
	}
	fill_dev();
	hide();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(syscall(SYS_umount2, ".", DETACH), "umount");
	must(chdir("/"), "/");
	must(sethostname("floor", 5), "hostname");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter), "seccomp");
	execv(argv[0], argv);
	must(-1, argv[0]);
}

int main(int argc, char **argv)
{
	struct clone_args args = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
			 CLONE_NEWCGROUP | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
	};
	siginfo_t end = { 0 };
	char cgroup[64];
	long pid;

	if (argc < 3) {
		fprintf(stderr, "usage: floor ROOTFS PROGRAM [ARG...]\n");
		return 2;
	}
	snprintf(cgroup, sizeof(cgroup), "/sys/fs/cgroup/floor-%d", getpid());
	must(mkdir(cgroup, 0755), cgroup);
	args.cgroup = (uint64_t)must(open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC), cgroup);
	pid = must(syscall(SYS_clone3, &args, sizeof(args)), "clone3");
	if (pid == 0)
		be_container(argv[1], argv + 2);
	must(waitid(P_PID, (id_t)pid, &end, WEXITED), "wait");
	while (rmdir(cgroup) < 0 && errno == EBUSY)
		sched_yield();
	return end.si_status;
}
