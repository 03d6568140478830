#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stops of workers that will not end, that are stopped already, that end in the
# same instant, and orders that come in the middle of a stop.
. t/lib/invariants.sh
fault_begin
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
on_initial_failure = retry
[worker deaf]
command = $chaos deaf say:READY=1
ready = notify
stop_timeout = 300ms
[worker stopped]
command = $chaos on:TERM:stamp:$dir/stopped:term on:TERM:exit:0 say:READY=1
ready = notify
[worker racer]
command = $chaos on:TERM:pause:100 on:TERM:exit:0 say:READY=1
ready = notify
stop_timeout = 100ms
[worker slow]
command = $chaos on:TERM:pause:300 on:TERM:exit:0 say:READY=1
ready = notify
[worker family]
command = $chaos child:deaf setsid-orphan:2 say:READY=1
ready = notify
[worker patient]
command = $chaos deaf say:READY=1
ready = notify
stop_timeout = infinity
[worker never]
command = $chaos exit-unless:$dir/never:0
ready = notify
start_timeout = 1h
restart = temporary
[worker waits]
command = $chaos exit:1
backoff = 1h..1h
CONF
: >"$dir/never"
start_msd "$dir/ms.conf"
for name in deaf stopped racer slow family patient; do await_ready $name; done
baseline
last_exit() { msctl why "$1" --json | sed 's/.*"last_exit":{\([^}]*\)}.*/\1/'; }
generation() { workers | awk -v name="$1" '$1 == name { print $4 }'; }

case_ T1 "one that ignores TERM is killed when its time is over"
start_ms=$(now_ms)
msctl stop deaf --wait >/dev/null || fail "stop deaf"
took=$(($(now_ms) - start_ms))
expect "T1: after 300 ms, not $took" '[ $took -ge 300 ] && [ $took -lt 700 ]'
expect "T1: told as a kill for the operator: $(last_exit deaf)" \
    'last_exit deaf | grep -q "\"signal\":\"KILL\",\"cause\":\"operator\""'

case_ T2 "a stopped process is continued so that it can end"
pid=$(pid_of stopped)
kill -STOP "$pid"
await "it is stopped" 5 'grep -q "^State:.T" "/proc/$pid/status"'
msctl stop stopped --wait --timeout 10s >/dev/null || fail "T2: stop"
expect "T2: it ended politely" 'grep -q " term stopped " "$dir/stopped"'
expect "T2: with its own exit code" 'last_exit stopped | grep -q "\"kind\":\"exit\",\"code\":0"'

case_ T3 "ends in the moment of the kill timer"
n=0
while [ $n -lt 10 ]; do
	msctl stop racer --wait >/dev/null || fail "T3: stop"
	msctl start racer --wait >/dev/null || fail "T3: start"
	n=$((n + 1))
done
case_ T4 "dies when it is about to be asked"
n=0
while [ $n -lt 10 ]; do
	kill -KILL "$(pid_of slow)" & killer=$!
	msctl stop slow --wait >/dev/null || fail "T4: stop"
	wait $killer || :
	expect "T4: it is down" '[ "$(state_of slow)" = down ]'
	msctl start slow --wait >/dev/null || fail "T4: start"
	n=$((n + 1))
done

case_ T5 "orders in the middle of a stop: the last wish wins"
for orders in "stop down" "start ready" "restart ready" "kill down" \
    "start,stop down" "stop,start ready" "restart,stop,start ready" "kill,start ready"; do
	before=$(generation slow)
	msctl stop slow >/dev/null || fail "T5: stop"
	expect "T5: it is stopping" '[ "$(state_of slow)" = stopping ]'
	for order in $(echo "${orders% *}" | tr , ' '); do
		msctl "$order" slow >/dev/null || fail "T5: $order"
	done
	msctl wait slow --state "${orders#* }" --timeout 10s >/dev/null || fail "T5: $orders"
	expect "T5: $orders: one start at most" '[ "$(generation slow)" -le $((before + 1)) ]'
	[ "${orders#* }" = ready ] || msctl start slow --wait >/dev/null || fail "T5: start"
done

case_ T6 "a stop during a start, and during backoff, is immediate"
expect "T6: it is starting" '[ "$(state_of never)" = starting ]'
msctl stop never --wait --timeout 3s >/dev/null || fail "T6: stop of a start"
expect "T6: it is down" '[ "$(state_of never)" = down ] && [ "$(generation never)" = 1 ]'
await "it waits" 5 '[ "$(state_of waits)" = backoff ]'
before=$(generation waits)
msctl stop waits --wait --timeout 1s >/dev/null || fail "T6: stop of a wait"
expect "T6: no further start" '[ "$(state_of waits)" = down ] && [ "$(generation waits)" = $before ]'

case_ T11 "stopped is when the deaf grandchildren are gone too"
await "the family of four is there" 5 '[ "$(kin | grep -c " family ")" = 4 ]'
msctl stop family --wait --timeout 10s >/dev/null || fail "T11: stop"
expect "T11: nobody is left: $(kin | grep " family ")" '[ "$(kin | grep -c " family ")" = 0 ]'

case_ T12 "infinite patience, until the operator has none"
msctl stop patient >/dev/null
code=0; msctl wait patient --state down --timeout 300ms >/dev/null 2>&1 || code=$?
expect "T12: it stays stopping" '[ $code = 150 ] && [ "$(state_of patient)" = stopping ]'
msctl kill patient --wait --timeout 5s >/dev/null || fail "T12: kill"
expect "T12: it is down" '[ "$(state_of patient)" = down ]'
invariants
asleep
fault_end
