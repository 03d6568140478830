#!/bin/sh
# msd is stopped for three seconds.  When it goes on, nobody is killed for the
# time it slept: neither those who spoke meanwhile nor one who was stopped too.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[worker beats]
command = $N say:READY=1 beat:3600000
ready = notify
watchdog = 800ms
instances = 5
[worker rhythm]
command = $N say:READY=1 beat:3600000
ready = notify
watchdog = phi:8
[worker slept]
command = $N say:READY=1 beat:3600000
ready = notify
watchdog = 800ms
[worker probed]
command = $N say:READY=1
ready = notify
check = exec:true
check_interval = 100ms
check_timeout = 1s
check_failures = 1
CONF
start_msd "$dir/ms.conf"
for name in beats@1 beats@5 rhythm slept probed; do await_ready "$name"; done
before=$(msctl status --json | grep -o '"pid":[0-9]*')
slept=$(pid_of slept)
sleep 1 # the rhythm is known by then
kill -STOP "$slept" "$msd"
sleep 3
kill -CONT "$msd"
await "msd answers again" 10 'msctl count >/dev/null'
kill -CONT "$slept"
sleep 2 # two periods of the watchdog
expect "all of them are who they were" \
    '[ "$(msctl status --json | grep -o "\"pid\":[0-9]*")" = "$before" ]'
expect "nobody was suspected" \
    '! msctl events --json | grep -q "\"watchdog\"\|\"check_failed\""'
kill -STOP "$slept" # and the watch is still there
await_other_pid slept "$slept"
story_end
