# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The engine's side of a config.json that an engine wrote (tests/configs): the config fitted to this
# machine, the namespaces that it joins, and whoever takes the console.
PYTHON=/usr/bin/python3 # what stands before it in PATH may be a slow wrapper
[ -x "$PYTHON" ] || PYTHON=python3

# The engine's side: who holds the namespaces to join, who receives the console.
end_helpers() {
	local pid
	for pid in ${HOLDER-} ${RECEIVER-}; do
		kill -KILL "$pid" 2>/dev/null || continue
		has_ended "$pid"
	done
	HOLDER='' RECEIVER=''
}

# has_ended PID: within thirty seconds. The first process of a pid namespace may still wait in the kernel
# until the container's, which this machine's first process inherited, has been reaped.
has_ended() {
	local try
	for try in {1..1500}; do
		[ -n "$(tr -d '\0' 2>/dev/null <"/proc/$1/environ")" ] || return 0
		sleep 0.02
	done
	echo "process $1 lives after $try tries"
	return 1
}

# localise NAME: BUNDLE/config.json, and CREATE, the options of create. Says what was taken out.
localise() {
	CREATE=(-b "$BUNDLE" --pid-file "$T/pid")
	DAVIT_TEST=$TOKEN "$PYTHON" -ES "$HERE/localise.py" "$TOP/tests/configs/$1.json" \
		"$BUNDLE" "$TOKEN" "$CGROOT" >"$T/adapted" 2>"$T/localise.err" </dev/null 3>&- 4>&- || {
		cat "$T/localise.err"
		return 1
	}
	sed "s/^/not on this machine: /" "$T/adapted"
	[ ! -s "$T/adapted" ] || sed "s/^/# $1: not on this machine: /" "$T/adapted" >&3
	HOLDER=$(cat "$BUNDLE/holder" 2>/dev/null) || HOLDER=''
	if grep -q '"terminal": true' "$BUNDLE/config.json"; then
		receive_console
	fi
}

receive_console() {
	DAVIT_TEST=$TOKEN "$PYTHON" -ES "$HERE/recv-console.py" "$T/console.sock" "$T/console" \
		>"$T/console.log" 2>&1 </dev/null 3>&- 4>&- &
	RECEIVER=$!
	disown "$RECEIVER" # bash would tell of its end
	appears_at "$T/console.sock"
	CREATE+=(--console-socket "$T/console.sock")
}

# appears_at FILE: within thirty seconds.
appears_at() {
	local try
	for try in {1..1500}; do
		[ ! -e "$1" ] || return 0
		sleep 0.02
	done
	echo "$1 does not appear after $try tries"
	cat "$T/console.log"
	return 1
}
