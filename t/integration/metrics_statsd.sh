#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A StatsD server is told differences that add up; a server that is away and a
# disk that is full cost numbers, a counter and one line of the log.
set -eu
. t/lib/story.sh
. t/lib/metrics.sh
sink=
story_begin
start_sink() { # PORT
	rm -f "$dir/port"
	"$B/t/probes/udp_sink" "$1" "$dir/port" "$dir/statsd" &
	sink=$!
	await "the sink listens" 10 '[ -s "$dir/port" ]'
	port=$(cat "$dir/port")
}
stop_sink() {
	kill "$sink"
	wait "$sink" 2>/dev/null || :
	sink=
}
trap '[ -z "$sink" ] || kill "$sink"; story_cleanup' EXIT

start_sink 0
write_metrics_conf "interval = 200ms
statsd = 127.0.0.1:$port
json_file = $dir/numbers.ndjson"
start_msd "$dir/ms.conf"
await_ready metrics
await_http

# ---- differences add up --------------------------------------------------------
await "gauges come" 20 'grep -q "^ms_worker_up:1|g|#worker:config$" "$dir/statsd"'
i=0
while [ $i -lt 7 ]; do
	msctl config get msd.run_dir >/dev/null
	i=$((i + 1))
done
told() {
	sed -n 's/^ms_worker_requests_total:\([0-9]*\)|c|#worker:config,route:config.get,result:ok$/\1/p' \
	    "$dir/statsd" | awk '{ s += $1 } END { print s + 0 }'
}
await "seven requests are told of" 20 '[ "$(told)" = 7 ]'
timed() {
	sed -n 's/^ms_worker_request_seconds:[0-9.]*|ms\(|@\([0-9.]*\)\)\{0,1\}|#worker:config,route:config.get$/\2/p' \
	    "$dir/statsd" | awk '{ s += $1 ? 1 / $1 : 1 } END { printf "%.0f\n", s }'
}
await "seven times are told of" 20 '[ "$(timed)" = 7 ]'
! awk '/^-- / && $2 > 1432 { bad = 1 } END { exit !bad }' "$dir/statsd" ||
    fail "a packet is too long"
grep -v -e '^-- ' "$dir/statsd" |
    grep -vE '^[a-z0-9_]+:-?[0-9.]+\|(c|g|ms|h)(\|@[0-9.e-]+)?(\|#[a-z_]+:[^|]*)?$' &&
    fail "that is no StatsD"

# ---- the file, moved away -----------------------------------------------------------
await "lines come" 20 '[ -s "$dir/numbers.ndjson" ]'
mv "$dir/numbers.ndjson" "$dir/rotated"
await "a new file begins" 20 '[ -s "$dir/numbers.ndjson" ]'
grep -q '^{"at":"[^"]*","name":"ms_worker_up","kind":"gauge","labels":{"worker":"config"},"value":1}$' \
    "$dir/rotated" || fail "no JSON: $(head -n 3 "$dir/rotated")"

# ---- a reload changes nothing it does not name -----------------------------------------
msctl signal metrics HUP >/dev/null
msctl config get msd.run_dir >/dev/null
await "no difference is lost by a reload" 20 '[ "$(told)" = 8 ]'

# ---- nobody there ------------------------------------------------------------------
lost() { scrape | number ms_metrics_statsd_packets_lost_total; }
stop_sink
await "lost packets are counted" 20 '[ "$(lost)" -gt 3 ]'
await "the status says so" 10 'msctl status metrics | grep -q "is away"'
start_sink "$port"
await "the server is there again" 20 \
    'grep -q "statsd is there again" "$dir/log/metrics.log"'
[ "$(grep -c 'statsd is away' "$dir/log/metrics.log")" = 1 ] ||
    fail "an outage is told of once"
msctl config get msd.run_dir >/dev/null
await "a server that comes back is told on" 20 '[ "$(told)" -ge 9 ]'

# ---- by name -------------------------------------------------------------------------
sed -i "s|^statsd = .*|statsd = localhost:$port|" "$dir/ms.conf"
: >"$dir/statsd"
msctl signal metrics HUP >/dev/null
await "a name is looked up" 20 'grep -q "^ms_worker_up:1" "$dir/statsd"'
sed -i "s|^statsd = .*|statsd = nobody.invalid:$port|" "$dir/ms.conf"
msctl signal metrics HUP >/dev/null
await "an unknown name is told of" 20 \
    'grep -q "statsd is away.*nobody.invalid" "$dir/log/metrics.log"'
scrape -o /dev/null || fail "a lookup holds the listener"

# ---- no room ------------------------------------------------------------------------
sed -i 's|^json_file.*|json_file = /dev/full|' "$dir/ms.conf"
msctl signal metrics HUP >/dev/null
await "lost lines are counted" 20 \
    '[ "$(scrape | number ms_metrics_json_lines_lost_total)" -gt 100 ]'
await "and told of" 5 'grep -q "numbers are not written" "$dir/log/metrics.log"'
[ "$(grep -c 'numbers are not written' "$dir/log/metrics.log")" = 1 ] ||
    fail "a full disk is told of once"
stop_sink
story_end
