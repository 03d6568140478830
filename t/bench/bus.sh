#!/bin/sh
# The bus: acknowledged publishing, durable consumption, live subscribers, and
# how long a start takes with all of it in the log; beside it what bare NNG
# needs for a request and its answer.  Prints `name value unit`.
set -eu
B=${B:-build/release}
dir=$(mktemp -d "${TMPDIR:-/tmp}/ms-bench.XXXXXX")
bus=
trap '[ -z "$bus" ] || kill -9 $bus 2>/dev/null; rm -rf "$dir"' EXIT
printf '%s\n' '[msd]' "run_dir = $dir" "state_dir = $dir" >"$dir/conf"
start() {
	: >"$dir/log"
	"$B/ms-bus" -c "$dir/conf" -N bus 2>"$dir/log" &
	bus=$!
	timeout 60 tail -n +1 -f "$dir/log" | grep -q -e ' ready '
}
start
rss() { awk -v name=$1 '/^VmRSS/ { print name, $2 / 1024, "mib" }' /proc/$bus/status; }
flow() { "$B/t/bench/bus_flow" "$dir" "$@"; }
flow publish 1000000
flow synced 1000000
flow publishers 64000
flow latency 20000
"$B/t/bench/nng_reqrep" "$dir" 20000
flow accepted 20000
flow consume 2000000
"$B/t/bench/bus_live" "$dir" throughput 1 500000
"$B/t/bench/bus_live" "$dir" throughput 4 300000
"$B/t/bench/bus_live" "$dir" latency 1 30000
# A start looks at every batch of the log, so its time grows with the bytes.
log_bytes=$(cat "$dir"/bus/*.log | wc -c)
kill -9 $bus
wait $bus 2>/dev/null || :
start
sed -n 's/.* start_ms=//p' "$dir/log" | awk -v bytes="$log_bytes" '
	{ print "bus.recover.1gib", $1 / 1000 * 2 ^ 30 / bytes, "s" }'

# At its height the memory is the window of duplicates; idle is behind it.
kill -9 $bus
wait $bus 2>/dev/null || :
window=5
printf '%s\n' '[bus]' "dedup_window = ${window}s" >>"$dir/conf"
start
flow burst 10000000
rss bus.rss.burst
sleep $((window * 2))
rss bus.rss.after_burst
