#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The numbers of a worker that is killed, stopped, stopped for good and found
# with a damaged file: they never go back, and who asks is always answered.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[worker bus]
command = ms-bus
ready = notify
backoff = 1ms..1ms
[supervisor root]
intensity = 1000
CONF
start_msd "$dir/ms.conf"
await_ready bus
file=$dir/run/metrics/bus

value() { # SERIES, as Prometheus prints it
	msctl metrics -w bus -o prom | awk -v s="$1" '$1 == s { print $2 }'
}
# Counters and counts, one a line.
counters() { msctl metrics -w bus -o prom | grep -E '^ms_[a-z_]+(_total|_count)[{ ]' | sort; }
none_went_back() { # EARLIER LATER
	awk 'NR == FNR { was[$1] = $2; next }
	     $1 in was && $2 + 0 < was[$1] + 0 { print $1, was[$1], $2; bad = 1 }
	     { seen[$1] = 1 }
	     END { for (s in was) if (!(s in seen)) { print s, "is gone"; bad = 1 }
	           exit bad }' "$1" "$2"
}
requests='ms_worker_requests_total{worker="bus",route="bus.stats",result="ok"}'

asked=0
for round in 1 2 3 4 5 6 7 8; do
	for i in 1 2 3; do
		msctl bus stats >/dev/null || fail "the bus does not answer"
		asked=$((asked + 1))
	done
	counters >"$dir/before"
	old=$(pid_of bus)
	msctl bus pub a.b --data '{}' >/dev/null 2>&1 &
	kill -KILL "$old"
	wait $! || :
	await_other_pid bus "$old"
	counters >"$dir/after"
	none_went_back "$dir/before" "$dir/after" || fail "a number went back"
done
[ "$(value "$requests")" = "$asked" ] ||
    fail "asked $asked times, counted $(value "$requests")"

# Stopped by a signal: asked for all the same, at once.
pid=$(pid_of bus)
kill -STOP "$pid"
timeout 5 "$B/msctl" metrics -w bus -o prom >"$dir/stopped" || fail "no answer"
grep -qF "$requests $asked" "$dir/stopped" || fail "other numbers of a stopped worker"
kill -CONT "$pid"

# Stopped for good: the last numbers stay.
msctl stop bus --wait >/dev/null
[ "$(value "$requests")" = "$asked" ] || fail "the numbers went with the worker"

# Somebody writes over it: said, and begun afresh by the next life.
printf 'nonsense' | dd of="$file" conv=notrunc 2>/dev/null
msctl metrics -w bus -o prom 2>&1 | grep -q "bus.*not a metrics segment" ||
    fail "a damaged file is not told of: $(msctl metrics -w bus 2>&1 | head -5)"
msctl start bus --wait >/dev/null
grep -q 'numbers of earlier lives are lost.*not a metrics segment' "$dir/msd.out" \
    "$dir"/log/*.log || fail "the next life says nothing"
msctl bus stats >/dev/null
[ "$(value "$requests")" = 1 ] || fail "the next life does not count"
story_end
