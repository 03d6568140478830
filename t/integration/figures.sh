#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What bus, pool, persist, config and log count is what has happened, and goes
# on over their deaths.
. t/lib/story.sh
story_begin
MS_DEV_DIR=$dir
export MS_DEV_DIR
cp etc/dev.conf "$dir/dev.conf"
start_msd "$dir/dev.conf"
await_ready persist
figure() { # NAME [LABELS]: of the first series that has them
	msctl metrics "${1%_count}" -o prom | sed -n "/^$1[{ ].*${2:-}/{s/.* //p;q}"
}
shows() { # NAME LABELS VALUE
	await "$1{$2} is $3, not $(figure "$1" "$2")" 10 \
	    '[ "$(figure '"$1"' '"'$2'"')" = '"$3"' ]'
}

seq 1 500 | sed 's/.*/{"specversion":"1.0","id":"e&","source":"\/t","type":"t","subject":"t.a","data":&}/' >"$dir/events"
msctl bus pub --file "$dir/events" >/dev/null || fail "publish"
msctl bus pub --file "$dir/events" >/dev/null || fail "publish again"
shows ms_persist_events_total '' 500
shows ms_bus_duplicates_total '' 500
shows ms_bus_consumer_lag_events 'consumer="persist"' 0
shows ms_persist_commit_seconds_count '' 500
shows ms_bus_route_seconds_count '' 1000
shows ms_pool_connections 'state="leased"' 1
shows ms_config_generation '' 1

psql "host=$dir/run/pool port=6432 user=ms dbname=ms" \
    -c 'select pg_terminate_backend(pg_backend_pid())' >/dev/null 2>&1
shows ms_pool_errors_total 'kind="lost"' 1

sed 's/^\[config\]/&\nno_such_key = 1/' "$dir/dev.conf" >"$dir/bad.conf"
grep -q no_such_key "$dir/bad.conf" || printf '[config]\nno_such_key = 1\n' >>"$dir/bad.conf"
cp "$dir/dev.conf" "$dir/good.conf"
cp "$dir/bad.conf" "$dir/dev.conf"
kill -HUP "$(pid_of config)"
shows ms_config_reloads_total 'result="refused"' 1
cp "$dir/good.conf" "$dir/dev.conf"
kill -HUP "$(pid_of config)"
shows ms_config_reloads_total 'result="unchanged"' 1
expect "lines of the bus are counted" \
    '[ "$(figure ms_log_lines_total "source=\"bus\"")" -ge 2 ]'

for worker in bus persist pool log; do
	pid=$(pid_of $worker)
	kill -KILL "$pid"
	await_other_pid $worker "$pid"
done
await_ready persist
shows ms_persist_events_total '' 500
shows ms_bus_route_seconds_count '' 1000
shows ms_pool_errors_total 'kind="lost"' 1
sed 's/"e/"f/' "$dir/events" >"$dir/more"
msctl bus pub --file "$dir/more" >/dev/null || fail "publish more"
shows ms_persist_events_total '' 1000
shows ms_bus_route_seconds_count '' 1500
story_end
