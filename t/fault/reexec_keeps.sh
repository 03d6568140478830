#!/bin/sh
# msd replaces its program: its own number, its workers and everything that
# was under way stay as they were -- a backoff, a stop that takes its time, a
# socket, a start that waits for READY, clients that follow and that wait.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
cat >"$dir/conf" <<CONF
[worker log]
command = $PWD/$B/ms-log
ready = notify
[worker talks]
command = /bin/sh -c "n=0; while :; do echo line \$\$\$\$ n=\$\$n; n=\$\$((n+1)); sleep 0.05; done"
[worker plain]
command = sleep 1000
[worker crashes]
command = /bin/sh -c "[ ! -e $dir/crash ] || exit 3; exec sleep 1001"
backoff = 4s..4s
[worker deaf]
command = $N deaf say:READY=1
ready = notify
stop_timeout = 4s
[worker listens]
command = sleep 1002
listen = web=unix:$dir/web.sock
[worker slow]
command = $N pause:3000 say:STATUS=awake say:READY=1
ready = notify
[worker gone]
command = $N deaf say:READY=1
ready = notify
stop_timeout = 4s
CONF
write_conf "$dir/ms.conf" <"$dir/conf"
start_msd "$dir/ms.conf"
await "the slow one is starting" 20 '[ "$(state_of slow)" = starting ] && [ "$(state_of gone)" = ready -o "$(state_of gone)" = down -o "$(state_of gone)" = starting ]'
"$B/msctl" wait slow --state ready --timeout 20s >"$dir/wait" 2>&1 &
waiter=$!
"$B/msctl" events -f --json >"$dir/events" 2>&1 &
follower=$!
"$B/msctl" logs talks -f >"$dir/logs" 2>&1 &
reader=$!
await "the followers are there" 10 '[ -s "$dir/logs" ]'
plain=$(pid_of plain) listens=$(pid_of listens) slow=$(pid_of slow)
inode=$(stat -c %i "$dir/web.sock")
msctl reexec >"$dir/out" 2>&1 || fail "reexec: $(cat "$dir/out")"
expect "the answer names the pid" 'grep -q "pid $msd$" "$dir/out"'
expect "msd has its number" '[ "$(msctl version --json | sed "s/.*\"pid\":\([0-9]*\).*/\1/")" = "$msd" ]'
expect "workers keep theirs" '[ "$(pid_of plain)" = "$plain" ] && [ "$(pid_of listens)" = "$listens" ] && [ "$(pid_of slow)" = "$slow" ]'
expect "the starting one is starting still" '[ "$(state_of slow)" = starting ]'
wait $waiter || fail "who waits for READY is answered: $(cat "$dir/wait")"
await_ready gone

# during a backoff, a stop and a removal
touch "$dir/crash"
kill -9 "$(pid_of crashes)"
await "crashes waits" 10 '[ "$(state_of crashes)" = backoff ]'
due=$(msctl status crashes --json | sed -n 's/.*"next_start_ms":\([0-9]*\).*/\1/p')
sed '/worker gone/,$d' "$dir/conf" | write_conf "$dir/ms.conf"
deaf=$(pid_of deaf) gone=$(pid_of gone)
msctl reload >/dev/null || fail "reload"
msctl stop deaf >/dev/null || fail "stop"
await "deaf is stopping" 5 '[ "$(state_of deaf)" = stopping ]'
echo '# edited and not reloaded
[worker never]
command = sleep 1003' >>"$dir/ms.conf"
kill -USR2 "$msd"
await "USR2 does the same" 10 '[ "$(msctl events --json | grep -c "\"how\":\"reexec\"")" = 2 ]'
expect "the backoff goes on" '[ "$(state_of crashes)" = backoff ]'
left=$(msctl status crashes --json | sed -n 's/.*"next_start_ms":\([0-9]*\).*/\1/p')
expect "with the time that was left: $due, now $left" '[ "$left" -gt 0 ] && [ "$left" -le "$due" ]'
expect "the stop goes on" '[ "$(state_of deaf)" = stopping ] && kill -0 $deaf'
expect "so does the removal" 'kill -0 $gone && msctl status gone >/dev/null'
expect "what is in the file and was not reloaded is not in force" '! msctl status never >/dev/null 2>&1'
rm "$dir/crash"
await "deaf is killed in time" 6 '[ "$(state_of deaf)" = down ] && ! kill -0 $deaf 2>/dev/null'
await "so is the one that left" 6 '! msctl status gone >/dev/null 2>&1 && ! kill -0 $gone 2>/dev/null'
await_ready crashes
expect "why still knows" 'msctl why crashes --json | grep -q "\"signal\":\"KILL\""'
expect "the socket is the same" '[ "$(stat -c %i "$dir/web.sock")" = "$inode" ]'
kill -9 "$listens"
await_other_pid listens "$listens"
expect "also after a restart" '[ "$(stat -c %i "$dir/web.sock")" = "$inode" ]'
expect "READY of a new process is heard" 'msctl restart slow --wait --timeout 20s >/dev/null'
expect "its status too" 'msctl status slow --json | grep -q "\"status_text\":\"awake\""'

# streams
kill -0 $follower || fail "the follower of events has ended: $(cat "$dir/events")"
kill -0 $reader || fail "the follower of logs has ended: $(tail -n 3 "$dir/logs")"
await "it sees the last event" 5 'grep -q "\"event\":\"ready\",\"name\":\"slow\".*\"generation\":2" "$dir/events"'
expect "events have no gap" 'sed "s/{\"seq\":\([0-9]*\).*/\1/" "$dir/events" | awk "NR > 1 && \$1 != last + 1 { bad = 1 } { last = \$1 } END { exit bad }"'
expect "nor have the lines of a worker" 'sed -n "s/.* n=\([0-9]*\)$/\1/p" "$dir/log/talks.log" | awk "NR > 1 && \$1 != last + 1 { bad = 1 } { last = \$1 } END { exit bad || NR < 20 }"'
kill $follower $reader
wait $follower $reader 2>/dev/null
story_end
