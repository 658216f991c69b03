/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Readers of profiles and of the image's files: linux.seccomp (compiled, never loaded), filters in
 * base64, the beginnings of programs, /etc/passwd, and what a program tells its service manager.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "kernel/binfmt.h"
#include "oci-spec/json.h"
#include "setup/process/credentials.h"
#include "setup/seccomp/seccomp.h"
#include "setup/seccomp/seccomp_raw.h"

static bool on_fault(void *arg, const struct err *violation)
{
	*(bool *)arg = true;
	return false;
}

/* The text is linux.seccomp's. */
static void run_seccomp(struct fuzz_input *in)
{
	const char *text = arena_printf(&in->arena,
					"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
					"\"linux\":{\"seccomp\":%s}}",
					in->text);
	struct seccomp_source source;
	struct seccomp_filter f;
	struct oci_config *c;
	struct err e = { 0 };
	bool is_bad = false;
	int r;

	if (!text || oci_config_decode(&in->arena, text, strlen(text), "profile", &c, &e) < 0)
		return;
	oci_config_check(c, on_fault, &is_bad);
	if (is_bad)
		return;
	seccomp_source_of(c, "/run/agent", &source);
	if (!seccomp_is_wanted(&source))
		return;
	r = seccomp_prepare(&in->arena, &source, -1, &f, &e);
	fuzz_check_error(r, &e);
	if (r == 0 && (!f.count || !f.insns))
		fuzz_fail("a filter without instructions", in->text);
}

static void run_raw(struct fuzz_input *in)
{
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };

	fuzz_check_error(seccomp_raw_decode(&in->arena, in->text, &f, &e), &e);
}

static int memory_file(const char *name, const void *data, size_t len)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		fuzz_fail("memfd", name);
	return fd;
}

static void run_program(struct fuzz_input *in)
{
	int fd = memory_file("program", in->text, in->len);
	struct binfmt b = { 0 };
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (binfmt_look(path, &b) == 0) {
		if (!memchr(b.interpreter, '\0', sizeof(b.interpreter)))
			fuzz_fail("an interpreter without an end", "");
		(void)binfmt_machine_name(b.machine);
	}
	close(fd);
}

/* The working folder is a root whose /etc/passwd the text is: the one that tests/fuzz/run makes in
 * memory, and removes. */
static int open_root(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	mkdir("etc", 0700); /* the first time */
	return fd;
}

static void run_passwd(struct fuzz_input *in)
{
	int rootfd = open_root(),
	    fd = openat(rootfd, "etc/passwd", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char home[64];

	if (fd < 0 || write(fd, in->text, in->len) != (ssize_t)in->len)
		fuzz_fail("write", "etc/passwd");
	close(fd);
	for (uint32_t uid = 0; uid < 2000; uid += 1000) {
		credentials_resolve_home(rootfd, uid, home, sizeof(home));
		if (home[0] != '/')
			fuzz_fail("a home that is not absolute", home);
	}
	close(rootfd);
}

const struct fuzz_sort fuzz_sorts[] = {
	{ 's', run_seccomp }, { 'b', run_raw }, { 'x', run_program },
	{ 'u', run_passwd },  { 0, NULL },
};
