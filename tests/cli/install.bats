#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The installed tree: a program outside this one finds, compiles against and runs with libdavit.
load helpers
# bats file_tags=plain

setup_file() {
	load helpers
	BUILD=$(cd "$(dirname "$DAVIT")/.." && pwd)
	export BUILD DEST=$BATS_FILE_TMPDIR/dest
	[ -f "$BUILD/build.ninja" ] || return 0
	meson install -C "$BUILD" --destdir "$DEST" --no-rebuild --quiet
}

setup() {
	[ -d "$DEST" ] || skip "needs a build folder around $DAVIT"
	PREFIX=$(dirname "$(dirname "$(find "$DEST" -path '*/include/davit.h')")")
	PC=$(find "$DEST" -name libdavit.pc)
	cat >"$BATS_TEST_TMPDIR/hello.c" <<'END'
#include <davit.h>
#include <stdio.h>
int main(void)
{
	struct davit_error *err = davit_error_new();
	struct davit_context *ctx = 0;
	struct davit_context_options options = { .size = sizeof(options), .root = "/nonexistent/davit" };
	int r = davit_context_new(&options, &ctx, err);
	char *json = 0;

	if (r == 0)
		r = davit_state(ctx, "nosuch", &json, err);
	printf("%s %d %s\n", davit_version(), r < 0, davit_error_kind(err));
	davit_context_free(ctx);
	davit_error_free(err);
	return 0;
}
END
}

@test "the command, the library, its header, its pkg-config file the manual and the completions are installed" {
	[ -x "$PREFIX/bin/davit" ]
	[ -f "$PREFIX/include/davit.h" ]
	[ -n "$PC" ]
	[ -n "$(find "$PREFIX" -name 'libdavit.so.*')" ]
	[ -n "$(find "$PREFIX" -name libdavit.a)" ]
	for page in davit davit-run; do
		[ -s "$PREFIX/share/man/man8/$page.8" ]
	done
	[ -s "$PREFIX/share/man/man3/libdavit.3" ]
	nm -D --defined-only "$(find "$PREFIX" -name 'libdavit.so.*' | head -n 1)" | sed -n 's/.* T \(davit_[a-z_]*\).*/\1/p' >"$BATS_TEST_TMPDIR/calls"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/calls")" -gt 30 ]
	while read -r call; do
		[ -s "$PREFIX/share/man/man3/$call.3" ]
	done <"$BATS_TEST_TMPDIR/calls"
	[ -s "$PREFIX/share/bash-completion/completions/davit" ]
	[ -s "$PREFIX/share/zsh/site-functions/_davit" ]
	[ -s "$PREFIX/share/fish/vendor_completions.d/davit.fish" ]
	[ "$(find "$PREFIX/include" -name '*.h' | wc -l)" -eq 1 ]
}

@test "an outside program compiles with pkg-config's flags, and runs" {
	requires plain-build command:cc command:pkg-config
	export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR=$DEST
	PKG_CONFIG_PATH=$(dirname "$PC")
	# shellcheck disable=SC2046  # flags are words
	cc -Wall -Wextra -Wpedantic -Werror -std=c99 -o "$BATS_TEST_TMPDIR/hello" "$BATS_TEST_TMPDIR/hello.c" \
		$(pkg-config --cflags --libs libdavit)
	LD_LIBRARY_PATH=$(dirname "$(find "$PREFIX" -name libdavit.so)") run "$BATS_TEST_TMPDIR/hello"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = "$(pkg-config --modversion libdavit) 1 container-not-found" ]
}

@test "an outside program is linked statically with what pkg-config --static names" {
	requires plain-build command:cc command:pkg-config
	export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR=$DEST
	PKG_CONFIG_PATH=$(dirname "$PC")
	# Nothing that others must install for a program with the shared library.
	[ "$(pkg-config --libs libdavit | wc -w)" -eq 2 ]
	[ -z "$(pkg-config --print-requires-private libdavit)" ]
	# shellcheck disable=SC2046  # flags are words
	cc -static -Wall -Wextra -Werror -o "$BATS_TEST_TMPDIR/hello" "$BATS_TEST_TMPDIR/hello.c" \
		$(pkg-config --static --cflags --libs libdavit)
	run readelf -d "$BATS_TEST_TMPDIR/hello"
	[[ $output != *NEEDED* ]]
	run "$BATS_TEST_TMPDIR/hello"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = "$(pkg-config --modversion libdavit) 1 container-not-found" ]
}

@test "davit.h serves C++ too" {
	requires command:c++
	printf '#include <davit.h>\nint main() { return 0; }\n' >"$BATS_TEST_TMPDIR/hello.cc"
	c++ -Wall -Wextra -Werror -fsyntax-only -I "$PREFIX/include" "$BATS_TEST_TMPDIR/hello.cc"
}

# In a mount namespace in which the tree is installed, and which has a state root of its own.
installed() {
	# shellcheck disable=SC2016  # the inner shell's
	unshare -m sh -c 'mount --bind "$0" "$1" && mount -t tmpfs tmpfs /run && shift && exec "$@"' \
		"$PREFIX/bin" "${PREFIX#"$DEST"}/bin" "$@" </dev/null 3>&- 4>&-
}

@test "the example program, built by pkg-config alone as C and as C++, lives a container" {
	requires root cgroup2 plain-build command:cc command:c++ command:pkg-config
	[ -d "${PREFIX#"$DEST"}/bin" ] || skip "needs ${PREFIX#"$DEST"}/bin"
	new_bundle
	program sh -c 'exit 42'
	export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR=$DEST DAVIT_TEST=$TOKEN
	PKG_CONFIG_PATH=$(dirname "$PC")
	# shellcheck disable=SC2046  # flags are words
	cc -Wall -Wextra -Wpedantic -Werror -std=c99 -o "$T/life" "$TOP/contrib/examples/life.c" $(pkg-config --cflags --libs libdavit)
	# shellcheck disable=SC2046
	c++ -x c++ -Wall -Wextra -Wpedantic -Werror -o "$T/life++" "$TOP/contrib/examples/life.c" $(pkg-config --cflags --libs libdavit)
	export LD_LIBRARY_PATH
	LD_LIBRARY_PATH=$(dirname "$(find "$PREFIX" -name libdavit.so)")
	for life in life life++; do
		status=0
		installed "$T/$life" "$ID" "$BUNDLE" >"$T/state" || status=$?
		[ "$status" -eq 42 ]
		jq -e --arg id "$ID" '.id == $id and .status == "created"' "$T/state"
	done
	check_clean
}

@test "the static library's names are those of davit.h and no others" {
	requires plain-build
	nm -g --defined-only "$(find "$PREFIX" -name libdavit.a)" | awk '$2 ~ /^[A-Z]$/ { print $3 }' | sort >"$BATS_TEST_TMPDIR/static"
	nm -D --defined-only "$(find "$PREFIX" -name 'libdavit.so.*' | head -n 1)" |
		awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$BATS_TEST_TMPDIR/shared"
	[ -s "$BATS_TEST_TMPDIR/static" ]
	diff "$BATS_TEST_TMPDIR/static" "$BATS_TEST_TMPDIR/shared"
}
