#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Clients that break the protocol, vanish half-way or never read are told so
# or dropped; the pool and everybody else's sessions stay whole.
. t/lib/pool.sh
pg_begin || exit 1
pool_database 3 || exit 1
pool_begin 'size = 3' || exit 1
pool_psql -c 'create table seen (what text)' || fail "create table"

"$B/t/probes/pg_rude" "$POOL_DIR/.s.PGSQL.6432" app app || fail "rude client"
for i in 1 2 3 4 5 6; do
	[ "$(pool_psql -c "select $i")" = $i ] || fail "a session after the rude"
done
# it said good-bye behind a query: the query counts, as without a pool
pg_await "select count(*) = 0 from pg_stat_activity where query ~ 'goodbye' and pid <> pg_backend_pid()"
[ "$(pool_psql -c 'select what from seen')" = goodbye ] || fail "a last query was lost"

mkfifo "$PG_DIR/in" "$PG_DIR/told"
exec 8<>"$PG_DIR/in"
"$B/t/probes/pg_rude" "$POOL_DIR/.s.PGSQL.6432" app app glutton \
    <"$PG_DIR/in" >"$PG_DIR/told" 8>&- &
glutton=$!
read -r told <"$PG_DIR/told"
[ "$told" = full ] || fail "the glutton said: $told"
pg_await "select count(*) = 1 from pg_stat_activity where wait_event = 'ClientWrite'" ||
    fail "nothing holds the server of a client that does not read"
[ "$(pool_psql -c 'select 1')" = 1 ] || fail "beside a client that does not read"
rss=$(awk '/VmRSS/ { print $2 }' "/proc/$POOL_PID/status")
case $B in *asan*) ;; *) [ "$rss" -lt 20000 ] || fail "the pool holds $rss KiB" ;; esac
kill -9 $glutton
wait $glutton 2>/dev/null
exec 8>&-
pg_await "select count(*) = 0 from pg_stat_activity where query ~ 'generate_series' and usename = 'app'" ||
    fail "the query of a dead glutton goes on"
pool_is_calm || fail "warnings"
pool_stop || fail "stop said $?"
