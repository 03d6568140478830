#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# While ms-pool is away, killed or restarted, its clients wait in line: none is
# refused, because msd keeps the socket.  Its counters go on where they were.
. t/lib/story.sh
. t/lib/postgres.sh
on_exit() {
	[ -z "$msd" ] || kill -KILL "$msd" 2>/dev/null
	[ -z "$msd" ] || wait "$msd" 2>/dev/null
	rm -rf "$dir"
}
story_begin
pg_begin || exit 1
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
[worker pool]
command = ms-pool
ready = notify
backoff = 1s..1s
stable_after = 1h
fd_store_max = 8
prepare_signal = USR2
[pool app]
upstream = host=$PG_DIR user=postgres dbname=postgres
[pool other]
upstream = host=$PG_DIR user=postgres dbname=postgres
listen_port = 6433
CONF
start_msd "$dir/ms.conf"
await_ready pool
ask() { psql -XqAt -v ON_ERROR_STOP=1 -h "$dir/run/pool" -p "${port:-6432}" -U postgres postgres "$@"; }
stored() { msctl status pool --json | sed -n 's/.*"fds_stored":\([0-9]*\).*/\1/p'; }
count() { msctl pool status --json | sed -n 's/.*"name":"app"[^}]*"'"$1"'":\([0-9]*\).*/\1/p'; }

expect "it serves" '[ "$(ask -c "select 1")" = 1 ]'
await "sockets and counters of both are kept, not $(stored)" 5 '[ "$(stored)" = 4 ]'
socket=$(stat -c %i "$dir/run/pool/.s.PGSQL.6432")

# killed twice: the second restart waits a second, and so does the client
pid=$(pid_of pool)
kill -KILL "$pid"
await_other_pid pool "$pid"
kill -KILL "$(pid_of pool)"
await "it is away" 10 '[ "$(state_of pool)" = backoff ]'
expect "who comes meanwhile waits and is served" '[ "$(ask -c "select 2")" = 2 ]'
expect "by the third life" 'msctl status pool --json | grep -q "\"generation\":3"'
expect "which counts on" '[ "$(count lives)" = 3 ] && [ "$(count acquired)" = 2 ]'

# a planned restart waits for a running query; who comes meanwhile waits, too
ask -c "select pg_sleep(1), 'finished'" >"$dir/busy" 2>&1 &
busy=$!
pg_await "select count(*) = 1 from pg_stat_activity where query ~ 'finished' and state = 'active' and pid <> pg_backend_pid()"
msctl restart pool >/dev/null || fail "restart"
await "it is stopping" 5 '[ "$(state_of pool)" = stopping ]'
expect "who comes meanwhile is served" '[ "$(ask -c "select 3")" = 3 ]'
expect "by the fourth life" 'msctl status pool --json | grep -q "\"generation\":4"'
wait "$busy" || fail "the running query: $(cat "$dir/busy")"
expect "and the other pool as well" '[ "$(port=6433 ask -c "select 4")" = 4 ]'
expect "it was the same socket all the time" '[ "$(stat -c %i "$dir/run/pool/.s.PGSQL.6432")" = "$socket" ]'

# short sessions do not notice a planned restart at all
loop() {
	while [ ! -e "$dir/end" ]; do
		ask -c "select 1" >>"$dir/served.$1" 2>>"$dir/failed"
	done
}
loop 1 & one=$!
loop 2 & two=$!
for n in 1 2 3; do
	had=$(cat "$dir"/served.* 2>/dev/null | wc -l)
	await "both are served" 10 '[ "$(cat "$dir"/served.* | wc -l)" -gt $((had + 2)) ]'
	msctl restart pool --wait >/dev/null || fail "restart"
done
: >"$dir/end"
wait "$one" "$two"
expect "nobody was turned away: $(sort "$dir/failed" | uniq -c)" '[ ! -s "$dir/failed" ]'

# a pool that left the configuration leaves the store, too
sed -i '/^\[pool other\]/,$d' "$dir/ms.conf"
msctl restart pool --wait >/dev/null || fail "restart"
await "only one pool's are kept, not $(stored)" 5 '[ "$(stored)" = 2 ]'
expect "the other's file is gone" '[ ! -e "$dir/run/pool/.s.PGSQL.6433" ]'

# another address: the old one is nobody's
sed -i 's/^\[pool app\]/&\nlisten_port = 6434/' "$dir/ms.conf"
msctl restart pool --wait >/dev/null || fail "restart"
expect "the new address serves" '[ "$(port=6434 ask -c "select 4")" = 4 ]'
expect "the old one is gone" '[ ! -e "$dir/run/pool/.s.PGSQL.6432" ]'
sed -i '/^listen_port = 6434/d' "$dir/ms.conf"
msctl restart pool --wait >/dev/null || fail "restart"
expect "and back" '[ "$(ask -c "select 4")" = 4 ]'

# a file somebody removed is made anew
rm "$dir/run/pool/.s.PGSQL.6432"
msctl restart pool --wait >/dev/null || fail "restart"
expect "it is reached again" '[ "$(ask -c "select 5")" = 5 ]'
await "and kept" 5 '[ "$(stored)" = 2 ]'

msctl stop pool --wait >/dev/null || fail "stop"
expect "what is stopped refuses at once" '! ask -c "select 6" 2>/dev/null'
expect "its socket is gone" '[ ! -e "$dir/run/pool/.s.PGSQL.6432" ]'
story_end
