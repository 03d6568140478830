#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The database goes away and comes back.  ms-persist stops asking it for every
# request, says so and answers at once; ms-pool knocks from time to time, one
# connection at a time; what was published meanwhile is stored when it is back,
# and a client that waited is served.
set -eu
. t/lib/story.sh
story_begin
export MS_DEV_DIR="$dir" MS__PERSIST__RETRY=50ms..500ms
export MS__PERSIST__DATABASE="host=$dir/postgres/socket"
start_msd etc/dev.conf
await_ready persist
await_ready pool
sql() { psql -h "$dir/postgres/socket" -U ms ms -Atc "$1" 2>/dev/null; }
pooled() { psql -h "$dir/run/pool" -p 6432 -U ms ms -Atc "$1" 2>/dev/null; }
# what the system says of its own health may be stored too
stored() {
	sql "select count(*) from ms_framework.event_store where subject like 't.a.%'" || echo none
}
pool_breaker() { # STATE
	msctl pool status --json | grep -q "\"breaker\":\"$1\""
}

msctl bus pub t.a.made --data 1 >/dev/null
await "the first event is stored" 20 '[ "$(stored)" = 1 ]'
expect "the pool serves" '[ "$(pooled "select 1")" = 1 ]'
expect "its breaker is closed" 'pool_breaker closed'

msctl stop postgres --wait >/dev/null
pooled 'select 2' >"$dir/waited" &
waiter=$!
msctl bus pub t.a.made --data 2 >/dev/null || fail "the bus needs no database"
await "persist refuses work for it" 20 \
    'grep -q "work for it is refused" "$dir/log/persist.log"'
await "and says so" 5 'msctl status persist | grep -q "database away"'
begun=$(date +%s)
code=0; timeout 20 "$B/msctl" db migrate status >"$dir/out" 2>&1 || code=$?
[ "$code" != 0 ] && [ "$code" != 124 ] || fail "migrate status: exit $code"
expect "a request is answered at once" '[ $(($(date +%s) - begun)) -le 2 ]'
expect "with the reason" 'grep -q "database is away" "$dir/out"'
await "the breaker of the pool is open" 20 'pool_breaker open'

msctl start postgres --wait >/dev/null
await "what was published meanwhile is stored" 20 '[ "$(stored)" = 2 ]'
expect "the database is back" 'grep -q "database is back" "$dir/log/persist.log"'
wait $waiter || fail "a client that waited: $(cat "$dir/waited")"
await "the breaker of the pool is closed" 20 'pool_breaker closed'
expect "migrate status works" 'msctl db migrate status | grep -q 0001'
story_end
