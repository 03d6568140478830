#!/bin/sh
# Without its guardian msd stops in order; there is never a second instance,
# neither then nor while what a dead msd left behind is cleaned up.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
guardian = yes
[worker slow]
command = /bin/sh -c "trap 'sleep 1; exit 0' TERM; setsid sleep 1001 & while :; do sleep 0.1; done"
[worker a]
command = sleep 1000
CONF
start_msd "$dir/ms.conf"
await_ready a
main=$(msd_pid)
kill -9 "$msd"
wait "$msd" 2>/dev/null
msd=
code=0; "$B/msd" -c "$dir/ms.conf" >"$dir/second" 2>&1 || code=$?
expect "while msd stops a second one exits 7, not $code" '[ $code = 7 ]'
await "msd stops by itself" 10 '! kill -0 "$main" 2>/dev/null'
expect "in order" 'grep -q "reason=\"the guardian is gone\"" "$dir/msd.out" && grep -q "msd ends code=0" "$dir/msd.out"'
await "nothing is left of it" 5 '[ -z "$(left_behind)" ]'
expect "nor is the pid file" '[ ! -e "$dir/run/msd.pid" ]'

start_msd "$dir/ms.conf"
await_ready a
kill -9 "$(msd_pid)"
code=0; "$B/msd" -c "$dir/ms.conf" >"$dir/second" 2>&1 || code=$?
expect "beside the guardian a second msd exits 7, not $code" '[ $code = 7 ]'
expect "and names the guardian" 'grep -q "as pid $msd " "$dir/second"'
await "msd is there again" 5 'msctl wait root --state ready --timeout 5s >/dev/null 2>&1'
story_end
