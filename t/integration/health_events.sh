#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Changes of health are events: the database goes away and comes back, a worker
# is stopped by a signal and goes on, msd is silent for a while; and who asks by
# HTTP sees the same.
. t/lib/story.sh
story_begin
MS_DEV_DIR=$dir
MS__METRICS__HEALTH_INTERVAL=200ms
export MS_DEV_DIR MS__METRICS__HEALTH_INTERVAL
start_msd etc/dev.conf
for name in postgres redis log config metrics bus pool persist; do
	await_ready $name
done
await "the monitor finds nothing to tell" 20 \
    'msctl health --deep >/dev/null && msctl metrics ms_health_level | grep -q persist'
url=http://$(cat "$dir/run/metrics.http")
get() { body=$(curl -s -w ' %{http_code}' "$url/$1"); }
await "HTTP says that all is well" 10 \
    'get health; [ "${body##* }" = 200 ] && [ "${body%%,*}" = "{\"ok\":true" ]'

# WORKER LEVEL REASON: the last that was told of it
told() {
	msctl bus tail health.changed -n 100 --data 2>/dev/null |
	    grep "\"worker\":\"$1\"" | tail -n 1 |
	    grep -q "\"to\":\"$2\",\"reasons\":\[$3"
}
expect "nothing has failed yet" \
    '! msctl bus tail health.changed -n 100 --data | grep "\"to\":\"failed\""'

msctl stop postgres --wait >/dev/null
await "persist has failed" 20 'told persist failed "\"database: "'
await "pool has failed" 20 'told pool failed ".*\"upstream main: "'
await "HTTP says 503" 10 'get health; [ "${body##* }" = 503 ]'
case $body in *'"name":"persist","verdict":"failed","reasons":["database'*) ;;
*) fail "$body" ;; esac
msctl start postgres --wait >/dev/null
await "persist is well again" 30 'told persist ok'
await "pool is well again" 30 'told pool ok'
await "HTTP says 200" 10 'get health; [ "${body##* }" = 200 ]'

pid=$(pid_of config)
kill -STOP "$pid"
await "a stopped config has failed" 20 \
    'told config failed "\"not alive: stopped by a signal\""'
kill -CONT "$pid"
await "config is well again" 20 'told config ok'

pid=$(msd_pid)
kill -STOP "$pid"
await "HTTP does not go on with what a silent msd said" 20 \
    'get health; [ "${body%%,\"age*}" = "{\"ok\":false,\"verdict\":\"degraded\"" ]'
kill -CONT "$pid"
await "HTTP says that all is well again" 20 \
    'get health; [ "${body%%,*}" = "{\"ok\":true" ]'
expect "the bus was well all the time" '! told bus failed'
story_end
