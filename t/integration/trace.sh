#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One trace id from the publisher to the live subscriber, the durable consumer
# and the event store, with the bus killed on the way; what is no trace is
# refused before anything is sent.
. t/lib/story.sh
story_begin
MS_DEV_DIR=$dir
export MS_DEV_DIR
trace=4bf92f3577b34da6a3ce929d0e0e4736
parent=00-$trace-00f067aa0ba902b7-01
start_msd etc/dev.conf
await_ready persist
sql() { psql -h "$dir/postgres/socket" -U ms ms -Atc "$1" 2>/dev/null; }

code=0
msctl bus pub t.x --data 1 --traceparent "${parent%-01}" 2>"$dir/err" || code=$?
expect "what is no traceparent exits 2, not $code" \
    '[ $code = 2 ] && grep -q "traceparent: 52 characters" "$dir/err"'
printf '%s\n' '{"specversion":"1.0","id":"x","source":"/t","type":"t","subject":"t.x","traceparent":"00-1"}' >"$dir/bad"
code=0; msctl bus pub --file "$dir/bad" 2>"$dir/err" || code=$?
expect "nor in a file, which names the line" \
    '[ $code = 6 ] && grep -q "bad:1: traceparent" "$dir/err"'

"$B/msctl" bus sub 't.trace.>' -n 1 >"$dir/live" &
sub=$!
# it is heard once the subscription is up
await "a live subscriber hears it" 20 \
    'msctl bus pub t.trace.made --data 1 --traceparent $parent >/dev/null &&
    ! kill -0 $sub 2>/dev/null'
expect "with its trace" 'grep -q "\"traceparent\":\"$parent\"" "$dir/live"'

# the numbers of who had it keep it as the worst of this minute; the pool's
# client says its trace to the pool
psql "host=$dir/run/pool port=6432 user=ms dbname=ms options='-c ms.traceparent=$parent'" -Atc 'show ms.traceparent' >"$dir/shown" ||
    fail "a session through the pool"
expect "and its session too" 'grep -q "$parent" "$dir/shown"'
exemplars() { msctl metrics "$1" -o openmetrics | grep "trace_id=\"$trace\""; }
await "the store has committed it" 20 'exemplars ms_persist_commit_seconds >/dev/null'
for row in ms_bus_route_seconds ms_bus_event_seconds ms_pool_acquire_seconds; do
	expect "$row names it" 'exemplars $row >/dev/null'
done

kill -KILL "$(pid_of bus)"
msctl bus pub t.trace.after --data '{"n":2}' --traceparent $parent >/dev/null ||
    fail "publish while the bus comes back"
await "the store finds both by the trace" 30 \
    '[ "$(sql "select count(distinct subject) from ms_framework.trace(\$\$$trace\$\$)")" = 2 ]'
expect "the numbers have it after kill -9" 'exemplars ms_bus_route_seconds >/dev/null'
expect "the log has it after kill -9" \
    '[ "$(msctl bus tail "t.trace.*" -n 1000 | grep -c "$parent")" -ge 2 ]'
expect "and the traceparent is whole" \
    '[ "$(sql "select distinct metadata->>\$\$traceparent\$\$ from ms_framework.event_store where subject like \$\$t.trace%\$\$")" = $parent ]'
story_end
