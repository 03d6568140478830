#!/bin/sh
# A health check says when a worker is ready and when it is not well any more;
# probes are bounded in time, number and output, and never outlive the worker.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
PORT=$((20000 + $$ % 10000))
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
on_initial_failure = retry
[worker tcp]
command = $N pause:300 listen:$PORT
ready = check
check = tcp:localhost:$PORT
[worker unix]
command = sleep 1000
ready = check
check = unix:$dir/unix.sock
listen = s=unix:$dir/unix.sock
[worker never]
command = sleep 1000
ready = check
check = unix:$dir/nobody.sock
start_timeout = 300ms
restart = temporary
[worker opens]
command = sleep 1000
ready = check
check = exec:test -e $dir/open
[worker sick]
command = sleep 1000
check = exec:/bin/sh -c "test -e $dir/well || { echo feeling bad; exit 255; }"
check_interval = 50ms
check_failures = 3
[worker flaps]
command = sleep 1000
check = exec:/bin/sh -c "if [ -e $dir/flip ]; then rm $dir/flip; else touch $dir/flip; false; fi"
check_interval = 30ms
check_failures = 2
[worker hangs]
command = sleep 1000
check = exec:/bin/sh -c "sleep 1000 & sleep 1000"
check_interval = 50ms
check_timeout = 100ms
check_failures = 2
restart = temporary
[worker floods]
command = sleep 1000
check = exec:/bin/sh -c "yes | head -c 50000; exec yes"
check_interval = 50ms
check_failures = 1
restart = temporary
[worker absent]
command = sleep 1000
check = exec:$dir/no/such/program
check_interval = 50ms
check_failures = 1
restart = temporary
[worker reloads]
command = $N "on:HUP:say:RELOADING=1" "on:USR1:say:READY=1" say:READY=1
ready = notify
check = exec:test -e $dir/reloads.good
check_interval = 50ms
check_failures = 2
restart = temporary
[worker last]
command = sleep 1000
after = opens
CONF
touch "$dir/well" "$dir/reloads.good"
start_msd "$dir/ms.conf"
why() { msctl why "$1" --json; }
failures_of() { msctl status "$1" --json | sed -n 's/.*"check_failures":\([0-9]*\).*/\1/p'; }
events_of() { msctl events --json | grep -c "\"event\":\"$1\",\"name\":\"$2\""; }

await_ready tcp
expect "it was not ready before it listened" \
    'msctl events --json | grep "\"ready\",\"name\":\"tcp\"" | grep -q "\"after_ms\":[0-9][0-9][0-9]"'
await_ready unix
await "the one nobody answers for is given up" 10 '[ "$(state_of never)" = exited ]'
expect "because it was not ready in time" 'why never | grep -q "\"kind\":\"start_timeout\""'
await "the log says what the check said" 10 'grep -q "not ready in time.*No such file" "$dir/msd.out"'
expect "the closed one is starting" '[ "$(state_of opens)" = starting ]'
expect "and those behind it wait" '[ "$(events_of starting last)" = 0 ]'
touch "$dir/open"
await_ready opens
await_ready last

# sick: N failures in a row, one restart
pid=$(pid_of sick)
rm "$dir/well"
await "it is found sick" 10 '[ "$(events_of check_failed sick)" -ge 1 ]'
touch "$dir/well"
await_other_pid sick "$pid"
expect "why: check" 'why sick | grep -q "\"kind\":\"check\".*\"cause\":\"self\""'
expect "what the probe said is shown" \
    'msctl events --json | grep check_failed | grep -q "\"said\":\"exit code 255: feeling bad\""'
expect "one restart" '[ "$(msctl status sick --json | grep -c "\"restarts\":1,")" = 1 ]'

# every second one fails: counted, no restart
await "flapping is counted" 10 '[ "$(failures_of flaps)" -ge 5 ]'
expect "and no reason to end it" '[ "$(msctl status flaps --json | grep -c "\"generation\":1,")" = 1 ]'

await "who hangs has failed" 10 'why hangs | grep -q "\"kind\":\"check\""'
expect "by time" 'msctl status hangs | grep -q "no answer in 100ms"'
await "who floods is cut off" 10 'why floods | grep -q "\"kind\":\"check\""'
expect "by its pipe" 'msctl status floods | grep -q "PIPE: y y y"'
await "a program that is not there has failed" 10 'why absent | grep -q "\"kind\":\"check\""'
expect "and is named" 'msctl status absent | grep -q "exec: No such file"'

# failures while it reloads are no failures
kill -HUP "$(pid_of reloads)"
await "it reloads" 10 '[ "$(state_of reloads)" = reloading ]'
before=$(failures_of reloads)
rm "$dir/reloads.good"
sleep 0.5 # ten probes
expect "it still reloads" '[ "$(state_of reloads)" = reloading ]'
expect "nothing was counted" '[ "$(failures_of reloads)" = "$before" ]'
kill -USR1 "$(pid_of reloads)"
await "ready again, it is found sick" 10 'why reloads | grep -q "\"kind\":\"check\""'

# another check is taken over by the process that runs
pid=$(pid_of unix)
sed "s|check = unix:$dir/unix.sock|check = exec:false\ncheck_interval = 20ms\ncheck_failures = 1000|" \
    "$dir/ms.conf" >"$dir/new" && mv "$dir/new" "$dir/ms.conf"
msctl reload >/dev/null || fail "reload"
await "the new check fails" 10 '[ "$(failures_of unix)" -ge 3 ]'
expect "its process is the same" '[ "$(pid_of unix)" = "$pid" ]'
story_end
