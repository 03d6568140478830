#!/bin/sh
# One client and the bus: acknowledged publishing, durable consumption, and how
# long a start takes with all of it in the log.  Prints `name value unit`.
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
for what in publish synced; do "$B/t/bench/bus_flow" "$dir" $what 1000000; done
"$B/t/bench/bus_flow" "$dir" latency 20000
"$B/t/bench/bus_flow" "$dir" consume 2000000
echo "bus.rss.busy $(awk '/^VmRSS/ { print $2 / 1024 }' /proc/$bus/status) mib"
kill -9 $bus
wait $bus 2>/dev/null || :
start
echo "bus.start.after_kill $(sed -n 's/.* start_ms=//p' "$dir/log") ms"
