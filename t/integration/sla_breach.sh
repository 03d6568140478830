#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A database that has become slow breaks the promise about persistence: the
# event says so on the bus, with the trace of the worst commit; the gauge and
# the status line show it; a threshold that allows it ends it.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<'CONF'
[worker postgres]
command       = etc/dev/postgres ${STORY_DIR}/postgres
ready         = notify
start_timeout = 2m
stop_signal   = INT
[worker bus]
command = ms-bus
ready   = notify
[worker pool]
command = ms-pool
ready   = notify
[worker persist]
command = ms-persist
ready   = notify
[worker metrics]
command = ms-metrics
ready   = notify
[pool main]
upstream = host=${STORY_DIR}/postgres/socket user=ms dbname=ms
[persist]
environment  = development
auto_migrate = yes
migrations   = migrations
CONF
rest() { # KEY = VALUE
	sed '/^\[metrics\]/,$d' "$dir/ms.conf" >"$dir/ms.conf.new"
	cat >>"$dir/ms.conf.new" <<CONF
[metrics]
listen = none
sample_interval = 100ms
sla_routing = 0
sla_acquisition = 0
sla_processing = 0
$1
CONF
	mv "$dir/ms.conf.new" "$dir/ms.conf"
}
rest 'sla_persistence = 15ms'
start_msd "$dir/ms.conf"
await_ready persist
await_ready metrics
await "the tables are there" 20 'msctl db migrate status | grep -q " 0 pending"'
psql -h "$dir/postgres/socket" -U ms ms -Xqc '
create function slow() returns trigger language plpgsql
    as $$ begin perform pg_sleep(0.03); return null; end $$;
create trigger slow after insert on ms_framework.event_store
    for each statement execute function slow()' >"$dir/psql" 2>&1 ||
    fail "$(cat "$dir/psql")"

# Batches of their own: one after the other until somebody complains.
(
	n=0
	until [ -s "$dir/breached" ] || [ $n -ge 1000 ]; do
		n=$((n + 1))
		printf '{"specversion":"1.0","id":"n%s","source":"/t","type":"t.made","subject":"t.a.made","traceparent":"00-%032d-%016d-01","data":%s}\n' \
		    $n $n $n $n | msctl bus pub >/dev/null
	done
) &
feeder=$!
timeout 30 "$B/msctl" bus sub 'sla.breached' -n 1 >"$dir/breached" ||
    fail "no event about a slow database"
wait $feeder || :
event=$(cat "$dir/breached")
says() {
	echo "$event" | grep -q "$1" || fail "the event does not say $1: $event"
}
says '"sla":"persistence"'
says '"metric":"ms_persist_commit_seconds"'
says '"threshold_seconds":0.015'
says '"window_seconds":60'
says '"trace_id":"[0-9]\{32\}"'
says '"traceparent":"00-[0-9]\{32\}-'
p99=$(echo "$event" | sed -n 's/.*"p99_seconds":\([0-9.]*\).*/\1/p')
expect "the figure is above the threshold: $p99" \
    'awk "BEGIN { exit !($p99 > 0.015 && $p99 < 10) }"'
await "status says so" 10 \
    'msctl status metrics | grep -q "slower than promised: persistence"'
expect "the gauge says so" \
    'msctl metrics ms_sla_breached -o prom |
	grep -q "^ms_sla_breached{worker=\"metrics\",sla=\"persistence\"} 1"'
expect "it alone" \
    '[ "$(msctl metrics ms_sla_breached -o prom | grep -c "} 1$")" = 1 ]'

# Nothing is promised any more: that ends it, and is told.
rest 'sla_persistence = 0'
msctl reload >/dev/null || fail "reload"
await "the end is told" 20 \
    'msctl bus tail "sla.restored" -n 1 | grep -q "\"lasted_seconds\":"'
await "status is quiet again" 10 '! msctl status metrics | grep -q slower'
story_end
