#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The bus is killed with kill -9 again and again under load; no acknowledged
# event is lost, none is stored twice, and what comes twice says so.
B=${B:-build/release}
rounds=${ROUNDS:-20}
dir=$(mktemp -d "${TMPDIR:-/tmp}/ms-bus9.XXXXXX") || exit 2
bus= checker=
trap '[ -z "$bus$checker" ] || kill -9 $bus $checker 2>/dev/null
    rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; tail -n 20 "$dir"/log "$dir"/said; exit 1; }

mkdir "$dir/run"
: >"$dir/said"
printf '%s\n' '[msd]' "run_dir = $dir/run" "state_dir = $dir" \
    '[bus]' 'segment_size = 4M' 'retention_size = 100G' \
    'dedup_window = 5s' >"$dir/conf"
start() {
	: >"$dir/ready"
	"$B/ms-bus" -c "$dir/conf" -N bus 2>"$dir/ready" &
	bus=$!
	timeout 60 tail -n +1 -f "$dir/ready" | grep -q -e ' ready ' ||
	    fail "round $round: not ready: $(cat "$dir/ready")"
	cat "$dir/ready" >>"$dir/log"
}

progress() { # work goes on since the last start
	had=$(wc -l <"$dir/said")
	timeout 60 tail -n +$((had + 1)) -f "$dir/said" | grep -q . ||
	    fail "round $round: nothing moves"
}

round=0
start
"$B/t/probes/bus_checker" "$dir/run" >"$dir/said" 2>&1 &
checker=$!
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	progress
	sleep "0.$((round * 7 % 5))$((round * 3 % 10))" # when is what matters
	kill -9 $bus
	wait $bus 2>/dev/null
	kill -0 $checker 2>/dev/null || fail "the checker gave up"
	start
done
kill -TERM $checker
wait $checker || fail "the checker found something"
checker=
tail -n 1 "$dir/said"
# (a write cut short is a torn tail; nobody was told of it)
grep -q -e CORRUPTION -e CURSOR_AHEAD "$dir/log" &&
    fail "a kill is no reason for any of this"
kill -TERM $bus
wait $bus || fail "the bus ended with $?"
bus=
