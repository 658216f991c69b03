/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the kernel enters the static command (ld -e): create, run, exec and restore execute
 * themselves again from a sealed mount (kernel/seal.h), and what the C library and the linked
 * libraries do at start-up need not be done for a process that ends at once. So the first of the
 * two is over before the C library has begun: nothing is relocated yet, there is no thread-local
 * storage, no stack protector and no errno. This is an offer only. Whatever does not work here goes
 * the ordinary way, which judges all of it (davit_seal_self()), and a process that claims to be
 * sealed is examined there.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#if defined(__x86_64__)

/* The stack as the kernel laid it; rdx is kept for the C library. */
__asm__(".text\n"
	".globl davit_entry\n"
	".type davit_entry, @function\n"
	"davit_entry:\n"
	"	endbr64\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	mov %rdx, %rbx\n"
	"	mov %rsp, %r12\n"
	"	and $-16, %rsp\n"
	"	call entry_seal\n"
	"	mov %r12, %rsp\n"
	"	mov %rbx, %rdx\n"
	"	jmp _start\n"
	".size davit_entry, .-davit_entry\n");

static long call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}

#elif defined(__aarch64__)

__asm__(".text\n"
	".globl davit_entry\n"
	".type davit_entry, %function\n"
	"davit_entry:\n"
	"	hint #34\n" /* bti c */
	"	mov x29, #0\n"
	"	mov x19, x0\n"
	"	mov x0, sp\n"
	"	bl entry_seal\n"
	"	mov x0, x19\n"
	"	mov x30, #0\n"
	"	b _start\n"
	".size davit_entry, .-davit_entry\n");

static long call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
}

#endif

static bool is_word(const char *word, const char *other)
{
	while (*word && *word == *other)
		word++, other++;
	return *word == *other;
}

/* Where one of these is the value of an option, a process is sealed in vain. */
static bool has_verb(char *const *argv)
{
	for (; *argv; argv++)
		if (is_word(*argv, "run") || is_word(*argv, "create") || is_word(*argv, "exec") ||
		    is_word(*argv, "restore"))
			return true;
	return false;
}

/* The ordinary way leaves more to the sealed process then (sealed.h). */
static bool mentions_systemd(char *const *argv)
{
	static const char word[] = "systemd";

	for (; *argv; argv++) {
		for (const char *at = *argv; *at; at++) {
			unsigned i = 0;

			while (word[i] && at[i] == word[i])
				i++;
			if (!word[i])
				return true;
		}
	}
	return false;
}

/* Set-user-id, which main() refuses, or a security module's doing. */
static bool is_privileged(char *const *envp)
{
	const Elf64_auxv_t *aux;

	while (*envp)
		envp++;
	for (aux = (const Elf64_auxv_t *)(envp + 1); aux->a_type != AT_NULL; aux++)
		if (aux->a_type == AT_SECURE)
			return aux->a_un.a_val != 0;
	return true;
}

/* The path of a mount that is attached nowhere, or of a sealed file in memory. */
static bool may_be_sealed(const char *path, long len)
{
	static const char memfd[] = "/memfd:";
	long i = 0;

	while (i < (long)sizeof(memfd) - 1 && i < len && path[i] == memfd[i])
		i++;
	return len < 0 || i == (long)sizeof(memfd) - 1 || len == 1 || path[1] == ' ';
}

void entry_seal(char **stack);
void entry_seal(char **stack)
{
	char **argv = stack + 1, **envp = argv + (intptr_t)stack[0] + 1;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID,
				   .propagation = 1UL << 18 /* MS_PRIVATE */ };
	char path[16];
	long exe, tree;

	if (!stack[0] || !has_verb(argv + 1) || mentions_systemd(argv + 1) || is_privileged(envp))
		return;
	if (may_be_sealed(path, call(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)path,
				     sizeof(path), 0)))
		return;
	exe = call(SYS_openat, AT_FDCWD, (long)"/proc/self/exe", O_RDONLY | O_CLOEXEC, 0, 0);
	if (exe < 0)
		return;
	tree = call(SYS_open_tree, exe, (long)"",
		    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH, 0, 0);
	/* Below 3 a standard stream is closed, which the ordinary way sees to first. */
	if (exe > 2 && tree > 2 &&
	    call(SYS_mount_setattr, tree, (long)"", AT_EMPTY_PATH, (long)&attr, sizeof(attr)) == 0)
		(void)call(SYS_execveat, tree, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH);
	if (tree >= 0)
		(void)call(SYS_close, tree, 0, 0, 0, 0);
	(void)call(SYS_close, exe, 0, 0, 0, 0);
}
