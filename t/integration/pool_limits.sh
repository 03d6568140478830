#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Forty clients share five servers; who waits too long or is one too many gets
# the right SQLSTATE, and a second user's server takes an idle one's place.
. t/lib/pool.sh
pg_begin || exit 1
pool_database 5 || exit 1
pool_begin 'size = 5' 'max_clients = 40' 'acquire_timeout = 20s' || exit 1

i=0 pids=
while [ $i -lt 40 ]; do
	pool_spawn -c 'select pg_backend_pid(), pg_sleep(0.03)' \
	    >"$PG_DIR/out.$i" 2>&1
	pids="$pids $!"
	i=$((i + 1))
done
for pid in $pids; do
	wait "$pid" || { cat "$PG_DIR"/out.*; fail "a client of forty failed"; }
done
servers=$(cat "$PG_DIR"/out.* | cut -d '|' -f 1 | sort -u | wc -l)
[ "$servers" -le 5 ] || fail "$servers servers for a pool of 5"
[ "$servers" -ge 2 ] || fail "only $servers server did all the work"
pool_is_calm || fail "warnings while forty shared five"
pool_stop || fail "stop said $?"

# the forty-first (here: the third) client, and who waits too long
pool_begin 'size = 1' 'max_clients = 2' 'acquire_timeout = 300ms' || exit 1
pool_spawn -c 'select pg_sleep(30)' >/dev/null 2>&1
holder=$!
pg_await "select count(*) = 1 from pg_stat_activity where query ~ 'sleep.30' and usename = 'app'"
out=$(pool_psql -v VERBOSITY=verbose -c 'select 1' 2>&1) &&
    fail "got a second server of one"
case $out in
*acquire_timeout*) ;;
*) fail "who waited too long was told: $out" ;;
esac
kill -9 $holder
wait $holder 2>/dev/null
pg_await "select count(*) = 0 from pg_stat_activity where query ~ 'sleep.30' and usename = 'app'"
[ "$(pool_psql -c 'select 1')" = 1 ] || fail "no server after its holder died"
pool_stop

# keys: the client's user and database where the upstream names none
pg "create role other login"
sed "s/ user=app dbname=app//" "$POOL_DIR/conf" >"$POOL_DIR/conf.new"
mv "$POOL_DIR/conf.new" "$POOL_DIR/conf"
pool_start
for who in app other app other; do
	[ "$(pool_psql -U $who -d app -c 'select current_user')" = $who ] ||
	    fail "$who did not get its own session"
done
pg_await "select count(*) = 1 from pg_stat_activity where usename in ('app', 'other')" ||
    fail "an idle server of another user was not evicted"
out=$(pool_psql -U nobody_here -c 'select 1' 2>&1) && fail "a stranger came in"
case $out in
*'role "nobody_here" does not exist'*) ;;
*) fail "stranger: $out" ;;
esac
pool_stop || fail "stop said $?"

# a wrong configuration: every error with its place, exit 6, nothing started
printf '[pool a]\nupstream = hst=/tmp\n[pool b]\nupstream = host=/tmp\nmode = transaction\n' \
    >"$POOL_DIR/conf"
"$B/ms-pool" -n -c "$POOL_DIR/conf" -N pool 2>"$POOL_DIR/errors"
code=$?
[ $code -eq 6 ] || fail "a wrong configuration ended with $code"
grep -q 'conf:2:12: .*hst' "$POOL_DIR/errors" || fail "$(cat "$POOL_DIR/errors")"
grep -q 'conf:5:8: .*not supported yet' "$POOL_DIR/errors" || fail "$(cat "$POOL_DIR/errors")"
