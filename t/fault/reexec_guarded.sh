#!/bin/sh
# A re-exec below the guardian: it hands USR2 down, msd stays its child, and
# both go on doing what they are for.  Also in the middle of a shutdown.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
guardian = yes
[worker a]
command = sleep 1000
[worker deaf]
command = $N deaf say:READY=1
ready = notify
stop_timeout = 3s
CONF
"$B/msd" -D -c "$dir/ms.conf" || fail "-D"
msd=$(cat "$dir/run/msd.pid")
main=$(msd_pid) a=$(pid_of a)
kill -USR2 "$msd"
await "it has happened" 10 'msctl events --json | grep -q "\"how\":\"reexec\""'
expect "msd has its number" '[ "$(msd_pid)" = "$main" ] && [ "$(pid_of a)" = "$a" ]'
expect "its lines go to its log" 'grep -q "took over" "$dir/log/msd.log"'
kill -9 "$main"
await "killed after that it comes back" 5 'now=$(msd_pid) && [ -n "$now" ] && [ "$now" != "$main" ]'
await_ready deaf
expect "nothing of before lives" '! kill -0 "$a" 2>/dev/null'
main=$(msd_pid)
msctl reexec >/dev/null || fail "reexec"
kill -TERM "$msd"
await "it is stopping" 5 '[ "$(state_of deaf)" = stopping ]'
msctl reexec >/dev/null || fail "reexec while it stops"
await "it is still stopping, and ends" 10 '! kill -0 "$msd" 2>/dev/null'
msd=
expect "with 0" 'tail -n 1 "$dir/log/msd.log" | grep -q "msd ends code=0"'
expect "the pid file is gone" '[ ! -e "$dir/run/msd.pid" ]'
story_end
