#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every verb of the bus, said rightly and wrongly; after kill -9 the cursors
# and the window of duplicates are what they were.
B=${B:-build/release}
dir=$(mktemp -d "${TMPDIR:-/tmp}/ms-busv.XXXXXX") || exit 2
bus=
trap '[ -z "$bus" ] || kill -9 $bus 2>/dev/null; rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; cat "$dir"/log*; exit 1; }
start() { # LOG
	: >"$dir/$1"
	"$B/ms-bus" -c "$dir/conf" -N bus 2>"$dir/$1" &
	bus=$!
	timeout 60 tail -n +1 -f "$dir/$1" | grep -q -e ' ready ' ||
	    fail "not ready"
}
ctl() { "$B/msctl" --run-dir "$dir" "$@"; }

printf '%s\n' '[msd]' "run_dir = $dir" "state_dir = $dir" >"$dir/conf"
start log1
"$B/t/probes/bus_verbs" "$dir" || fail "a claim does not hold"
before=$(ctl --json bus consumers | tr -d ' ' | grep -o '"ack_floor":[0-9]*')
kill -9 $bus
wait $bus 2>/dev/null
start log2
after=$(ctl --json bus consumers | tr -d ' ' | grep -o '"ack_floor":[0-9]*')
[ -n "$before" ] && [ "$before" = "$after" ] ||
    fail "cursors were $before and are $after"
ctl --json bus stats | tr -d ' ' | grep -q '"dedup_entries":5' ||
    fail "the window of duplicates was not rebuilt"

# A second broker on the same log is refused, and the first is not disturbed.
mkdir "$dir/other"
printf '%s\n' '[msd]' "run_dir = $dir/other" "state_dir = $dir" >"$dir/conf2"
"$B/ms-bus" -c "$dir/conf2" -N bus 2>"$dir/log3"
code=$?
[ $code -eq 75 ] || fail "a second broker ended with $code"
grep -q 'in use by another process' "$dir/log3" || fail "no reason given"

# Damage where data was promised to be safe: exit 6, and a way to go on.
kill -TERM $bus
wait $bus || fail "the bus ended with $?"
printf 'X' | dd of="$dir/bus/00000000000000000001.log" bs=1 seek=300 \
    conv=notrunc 2>/dev/null
"$B/ms-bus" -c "$dir/conf" -N bus 2>"$dir/log4"
code=$?
[ $code -eq 6 ] || fail "a damaged log ended with $code"
grep -q 'on_corruption' "$dir/log4" || fail "no way to go on is named"
printf '%s\n' '[bus]' 'on_corruption = isolate' >>"$dir/conf"
start log5
grep -q 'CORRUPTION.*first=2 last=2' "$dir/log5" || fail "no range named"
kill -TERM $bus
wait $bus || fail "the bus ended with $?"
bus=
