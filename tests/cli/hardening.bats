#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How davit and libdavit.so were built. Needs no root: nothing is run but readelf and nm.
load helpers
# bats file_tags=plain

setup() {
	requires command:readelf command:nm
	library=$(dirname "$DAVIT")/../libdavit.so
	[ -e "$library" ] || skip "needs a build folder around $DAVIT"
}

both() {
	local file
	for file in "$DAVIT" "$library"; do
		"$@" "$file" || { echo "$file"; return 1; }
	done
}

@test "davit is position independent" {
	readelf -hW "$DAVIT" | grep -q 'Type:.*DYN'
	readelf -dW "$DAVIT" | grep -q 'FLAGS_1.*PIE'
}

has_full_relro() {
	readelf -lW "$1" | grep -q GNU_RELRO && readelf -dW "$1" | grep -q 'BIND_NOW\|Flags:.*NOW'
}

@test "relocations are read-only and bound at start" {
	both has_full_relro
}

has_plain_stack() {
	local flags
	flags=$(readelf -lW "$1" | awk '$1 == "GNU_STACK" { print $7 }')
	[ "$flags" = RW ]
}

@test "the stack is not executable" {
	both has_plain_stack
}

has_no_writable_code() {
	! readelf -lW "$1" | grep -E '^ +LOAD.* RWE '
}

@test "no segment is writable and executable" {
	both has_no_writable_code
}

has_canaries() {
	readelf -sW "$1" | grep -q '__stack_chk_fail'
}

@test "functions guard their stack" {
	both has_canaries
}

@test "string functions are the checked ones" {
	requires plain-build
	readelf -sW "$DAVIT" | grep -q '_chk\b'
}

has_no_search_path() {
	! readelf -dW "$1" | grep -E 'RPATH|RUNPATH'
}

@test "no search path for libraries is built in" {
	requires plain-build # in a build folder meson gives sanitized, dynamic programs one
	both has_no_search_path
}

@test "davit needs no library, or exactly the listed ones" {
	requires plain-build
	needed=$(readelf -dW "$DAVIT" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' ')
	echo "needed: $needed"
	[ -z "$needed" ] || [ "$needed" = "libc.so.6 libcap.so.2 libseccomp.so.2 libyajl.so.2 " ]
	[ -n "$needed" ] || ! readelf -lW "$DAVIT" | grep -q INTERP
}

@test "libdavit.so shows davit_ names alone" {
	requires plain-build
	names=$(nm -D --defined-only "$library" | awk '$2 != "A" { print $3 }')
	echo "$names" | grep -v '^davit_' && return 1
	[ -n "$names" ]
}

has_no_text_relocations() {
	! readelf -dW "$1" | grep TEXTREL
}

@test "neither has text relocations" {
	both has_no_text_relocations
}
