#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Clients that connect and are gone before a byte was exchanged take nothing
# away from those who come after them, neither requests nor announcements.
B=${B:-build/release}
dir=$(mktemp -d "${TMPDIR:-/tmp}/ms-hasty.XXXXXX") || exit 2
pid=
trap '[ -z "$pid" ] || kill -9 $pid 2>/dev/null; rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; cat "$dir/log"; exit 1; }
await() { # FILE PATTERN
	timeout 20 tail -n +1 -f "$dir/$1" | grep -q -e "$2" ||
	    fail "never seen in $1: $2"
}

printf '[msd]\nrun_dir = %s\nstate_dir = %s/state\n' "$dir" "$dir" >"$dir/conf"
: >"$dir/log"
"$B/ms-config" -c "$dir/conf" -N config 2>>"$dir/log" &
pid=$!
await log ' ready '
timeout 60 "$B/t/probes/hasty" "$dir/config.ipc" 500 || fail "requests: hasty"
timeout 60 "$B/t/probes/hasty" "$dir/config.pub.ipc" 500 || fail "announcements: hasty"

got=$("$B/msctl" -s "$dir/msd.sock" config get bus.max_consumers 2>&1)
[ "$got" = 256 ] || fail "no answer after hasty clients: $got"

: >"$dir/seen"
"$B/t/probes/config_watch" "$dir" 1 >>"$dir/seen" 2>&1 &
await seen watching
# A subscriber has connected before the publisher knows it, so the first
# announcement may miss it; one of a few must not.
head -n 3 "$dir/conf" >"$dir/base"
for n in 9 10 11 12 13 14 15 16; do
	{ cat "$dir/base"; printf '[bus]\nmax_consumers = %d\n' $n; } >"$dir/conf"
	kill -HUP $pid
	timeout 2 tail -n +1 -f "$dir/seen" | grep -q '"bus.max_consumers"' && exit 0
done
fail "never announced: bus.max_consumers"
