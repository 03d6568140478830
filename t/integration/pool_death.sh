#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PostgreSQL is killed and comes back: clients that wait succeed.  ms-pool is
# killed and comes back: it listens again.  Sessions cut off learn why.
. t/lib/pool.sh
pg_begin || exit 1
pool_database 5 || exit 1
pool_begin 'size = 5' 'acquire_timeout = 30s' || exit 1

[ "$(pool_psql -c 'select 1')" = 1 ] || fail "before the death"
pool_spawn -c 'select pg_sleep(60)' >"$PG_DIR/cut" 2>&1
cut=$!
pg_await "select count(*) = 1 from pg_stat_activity where usename = 'app' and query ~ 'sleep.60'"
pg_kill
wait $cut && fail "a query survived kill -9 of its server"
i=0 pids=
while [ $i -lt 10 ]; do
	pool_spawn -c 'select 1' >"$PG_DIR/out.$i" 2>&1
	pids="$pids $!"
	i=$((i + 1))
done
pg_start || exit 1
for pid in $pids; do
	wait "$pid" || fail "a waiting client: $(cat "$PG_DIR"/out.*)"
done

# an upstream that is away when we start is no reason not to be ready
pg_kill
pool_stop
pool_start
pool_spawn -c 'select 1' >"$PG_DIR/late" 2>&1
late=$!
pg_start || exit 1
wait $late || fail "a client that came before the server: $(cat "$PG_DIR/late")"

kill -9 "$POOL_PID"
wait "$POOL_PID" 2>/dev/null
pool_start
[ "$(pool_psql -c 'select 1')" = 1 ] || fail "after kill -9 of ms-pool"

# a database that is not there: the server's own word, at once
out=$(pg "drop database app with (force)" && pool_psql -c 'select 1' 2>&1) &&
    fail "connected to a dropped database"
case $out in
*FATAL*'database "app" does not exist'*) ;;
*) fail "dropped database: $out" ;;
esac
pg "create database app owner app"

# stop: idle sessions are told, a running query gets its time
mkfifo "$PG_DIR/sql"
exec 8<>"$PG_DIR/sql"
pool_spawn <"$PG_DIR/sql" >"$PG_DIR/idle" 2>&1
idle=$!
echo "select 'here';" >&8
pool_spawn -c "select pg_sleep(1), 'finished'" >"$PG_DIR/busy" 2>&1
busy=$!
pg_await "select count(*) = 2 from pg_stat_activity where usename = 'app'"
pg_await "select count(*) = 1 from pg_stat_activity where usename = 'app' and query ~ 'finished' and state = 'active'"
pool_stop || fail "stop said $?"
wait $busy || fail "a query at stop: $(cat "$PG_DIR/busy")"
grep -q finished "$PG_DIR/busy" || fail "the running query got no row"
echo 'select 2;' >&8
exec 8>&-
wait $idle && fail "an idle session outlived the pool"
grep -q 'shutting down' "$PG_DIR/idle" || fail "idle: $(cat "$PG_DIR/idle")"
[ ! -e "$POOL_DIR/.s.PGSQL.6432" ] || fail "the socket is left behind"
