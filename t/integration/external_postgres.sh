#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PostgreSQL as a worker: ready by its own READY=1, stopped by INT, and after
# kill -9 of the postmaster the old backends are gone before the next one starts.
. t/lib/story.sh
. t/lib/postgres.sh
[ -n "$PG_BIN" ] || { echo "skipped: no PostgreSQL server"; exit 0; }
story_begin
PG_DIR=$dir/pg
mkdir "$PG_DIR"
user=
if [ "$(id -u)" -eq 0 ]; then
	chown postgres "$PG_DIR"
	user='user = postgres'
fi
pg_run "$PG_BIN/initdb" -D "$PG_DIR/data" -U postgres -A trust -N --no-locale \
    -E UTF8 >"$PG_DIR/initdb" 2>&1 || fail "initdb: $(cat "$PG_DIR/initdb")"
write_conf "$dir/ms.conf" <<CONF
[worker postgres]
command = $PG_BIN/postgres -D $PG_DIR/data -k $PG_DIR -c listen_addresses= \\
          -c fsync=off
$user
ready = notify
stop_signal = INT
stop_timeout = 30s
start_timeout = 60s
[worker client]
command = sleep 1000
requires = postgres
CONF
start_msd "$dir/ms.conf"
await_ready client
expect "it answers as soon as it is ready" '[ "$(pg "select 1")" = 1 ]'

psql -X -h "$PG_DIR" -U postgres -d postgres \
    -c "select pg_sleep(1000)" >"$dir/psql" 2>&1 &
psql=$!
await "a session is busy" 20 \
    '[ "$(pg "select count(*) from pg_stat_activity where query like '"'%pg_sleep(1000)%'"' and state = '"'active'"' and pid <> pg_backend_pid()")" = 1 ]'
old=$(pid_of postgres)
family=$(pgrep -P "$old")
client=$(pid_of client)
expect "it has a family" '[ "$(echo "$family" | wc -l)" -ge 4 ]'
kill -9 "$old"
await_other_pid postgres "$old"
for pid in $family; do
	expect "its old process $pid is gone" '! kill -0 $pid 2>/dev/null'
done
wait "$psql" && fail "the session outlived its server"
expect "one restart was enough: the old backends were not in the way" \
    'msctl status postgres --json | grep -q "\"restarts\":1,"'
expect "the new one met none of them" \
    '! grep -q "still in use\|pre-existing\|lock file" "$dir/log/postgres.log"'
await_ready client
expect "what needs it was started again behind it" '[ "$(pid_of client)" != "$client" ]'
expect "it answers again" '[ "$(pg "select 1")" = 1 ]'

msctl stop postgres --wait >/dev/null || fail "stop"
expect "INT is a fast shutdown" 'grep -q "fast shutdown request" "$dir/log/postgres.log"'
expect "and a clean one" 'grep -q "database system is shut down" "$dir/log/postgres.log"'
expect "why says so" 'msctl why postgres | grep -q "exit code 0, by operator"'
story_end
