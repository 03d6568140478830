#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing of a session is left for the next client of its server.
. t/lib/pool.sh
pg_begin || exit 1
pool_database 1 || exit 1
pool_begin 'size = 1' || exit 1

pid=$(pool_psql -c 'select pg_backend_pid()')
pool_psql >/dev/null <<'SQL' || fail "the first session failed"
set search_path = pg_catalog;
set timezone = 'Asia/Tokyo';
create temp table secret as select 42 as answer;
prepare stolen as select 'row of another';
select pg_advisory_lock(4711);
listen gossip;
declare c cursor with hold for select 1;
SQL
out=$(pool_psql <<'SQL'
select pg_backend_pid();
show search_path;
show timezone;
select to_regclass('pg_temp.secret') is null;
select count(*) from pg_prepared_statements;
select count(*) from pg_locks where locktype = 'advisory';
select count(*) from pg_listening_channels();
select count(*) from pg_cursors where name = 'c';
SQL
)
want="$pid
\"\$user\", public
$(pg 'show timezone')
t
0
0
0
0"
[ "$out" = "$want" ] || fail "left behind: $out"

# start-up parameters reach the server, and only their own session
out=$(PGOPTIONS='-c search_path=one,two -c statement_timeout=7s' \
    PGAPPNAME="it's me" pool_psql -c 'show search_path' \
    -c 'show statement_timeout' -c 'show application_name')
[ "$out" = "one,two
7s
it's me" ] || fail "start-up parameters: $out"
[ "$(pool_psql -c 'show statement_timeout')" = 0 ] || fail "options leaked"
out=$(PGOPTIONS='-c no_such_thing=1' pool_psql -c 'select 1' 2>&1) &&
    fail "an unknown parameter was taken"
case $out in
*FATAL*no_such_thing*) ;;
*) fail "unknown parameter: $out" ;;
esac

# a client that vanishes in a transaction: its rows are not there
pool_psql -c 'create table t (n int)' || fail "create table"
mkfifo "$PG_DIR/sql"
exec 8<>"$PG_DIR/sql"
pool_spawn <"$PG_DIR/sql" >"$PG_DIR/out" 2>&1
client=$!
echo "begin; insert into t values (1);" >&8
pg_await "select count(*) = 1 from pg_stat_activity where usename = 'app' and state = 'idle in transaction'"
kill -9 $client
exec 8>&-
wait $client 2>/dev/null
[ "$(pool_psql -c 'select count(*), pg_backend_pid() from t')" = "0|$pid" ] ||
    fail "the transaction of a vanished client"
pool_is_calm || fail "warnings"
pool_stop || fail "stop said $?"
