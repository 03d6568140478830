#!/bin/sh
# A worker starts when the one before is ready, has a deadline for that, is
# killed when its watchdog falls silent or when it will not end, and `msctl why`
# tells each of these deaths apart.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
on_initial_failure = retry
[worker slow]
command = $N note:$dir/order pause:300 say:READY=1
ready = notify
[worker fast]
command = $N note:$dir/order "say:STATUS=all is well" say:READY=1
ready = notify
[worker watched]
command = $N say:READY=1 beat:400
ready = notify
watchdog = 200ms
abort_timeout = 300ms
backoff = 1h..1h
stable_after = 1h
[worker deaf]
command = $N deaf say:READY=1
ready = notify
stop_timeout = 200ms
[worker ignored]
command = $N exit:77
ready = notify
[worker once]
command = $N pause:50 exit:0
restart = transient
[worker byfd]
command = /bin/sh -c "echo up >&5; exec sleep 1000"
ready = fd:5
[worker late]
command = sleep 1000
ready = notify
start_timeout = 200ms
restart = temporary
CONF
start_msd "$dir/ms.conf"
await_ready fast
expect "the order of the file is the order of birth" \
    '[ "$(cut -d" " -f1 "$dir/order" | tr "\n" " ")" = "slow fast " ]'
expect "fast was born after slow was ready" \
    'msctl events --json | sed -n "s/.*\"event\":\"\([a-z]*\)\",\"name\":\"\(slow\|fast\)\".*/\2-\1/p" |
	tr "\n" " " | grep -q "slow-starting slow-ready fast-starting fast-ready"'
expect "its word is shown" 'msctl status fast --json | grep -q "all is well"'

await_ready byfd
await "the late one is given up" 10 '[ "$(state_of late)" = exited ]'
expect "why: start timeout" 'msctl why late --json | grep -q "\"kind\":\"start_timeout\""'
expect "ignored is ignored" '[ "$(state_of ignored)" = ignored ]'
await "the transient one has ended" 10 '[ "$(state_of once)" = exited ]'

await "the watchdog has struck" 10 'msctl why watched --json | grep -q "\"kind\":\"watchdog\""'
expect "the first death is answered at once" \
    'msctl events --json | grep "\"restarting\",\"name\":\"watched\"" | head -1 | grep -q "\"delay_ms\":0"'
await "the second one waits" 10 '[ "$(state_of watched)" = backoff ]'
code=0; msctl start watched 2>"$dir/err" || code=$?
expect "a start while it waits is a conflict, not $code" '[ $code = 152 ]'

deaf=$(pid_of deaf)
msctl stop deaf --wait >/dev/null || fail "stop deaf"
expect "KILL after stop_timeout, by the operator" \
    'msctl why deaf --json | grep -q "\"kind\":\"signal\",\"code\":null,\"signal\":\"KILL\",\"cause\":\"operator\""'
expect "it is gone" '! kill -0 "$deaf" 2>/dev/null'
code=0; msctl wait deaf --state ready --timeout 100ms >/dev/null 2>&1 || code=$?
expect "a wait that is not fulfilled exits 150, not $code" '[ $code = 150 ]'

once=$(msctl status once --json)
msctl start once >/dev/null || fail "start once"
await "it ran a second time" 10 'msctl status once --json | grep -q "\"generation\":2"'
story_end
