#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every exit code and signal is told as what it was; what is no death is not
# taken for one; the window of restarts is as wide as it says.
. t/lib/invariants.sh
fault_begin
events_of() { msctl events --json | grep "\"name\":\"$1\""; }

case_ E10 "exit codes 0 to 255, and the signals that end a process"
signals="1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 24 25 26 27 29 30 31 34 47 64"
{
	printf '[supervisor root]\nintensity = 1000\n'
	i=0
	while [ $i -le 255 ]; do
		printf '[worker c%d]\ncommand = %s exit:%d\nrestart = temporary\n' \
		    $i "$chaos" $i
		i=$((i + 1))
	done
	for i in $signals; do
		printf '[worker s%d]\ncommand = %s kill:%d\nrestart = temporary\n' \
		    "$i" "$chaos" "$i"
	done
	printf '[worker last]\ncommand = sleep 1000\n'
} | write_conf "$dir/ms.conf"
start_msd "$dir/ms.conf"
await_ready last
exits() { msctl events --json | grep -c '"event":"exited"'; }
all=$((256 + $(echo $signals | wc -w)))
await "all have ended" 20 '[ "$(exits)" = $all ]'
msctl events --json | sed -n 's/.*"event":"exited","name":"\([cs]\)\([0-9]*\)".*"kind":"\([a-z]*\)","code":\(-*[0-9]*\),"signal":"\([^"]*\)".*/\1 \2 \3 \4 \5/p' >"$dir/exits"
expect "E10: all are told" '[ "$(wc -l <"$dir/exits")" = $all ]'
expect "E10: codes: $(awk '$1 == "c" && ($3 != "exit" || $2 != $4)' "$dir/exits")" \
    '[ -z "$(awk "\$1 == \"c\" && (\$3 != \"exit\" || \$2 != \$4)" "$dir/exits")" ]'
expect "E10: signals: $(awk '$1 == "s" && ($3 != "signal" || $5 == "")' "$dir/exits")" \
    '[ -z "$(awk "\$1 == \"s\" && (\$3 != \"signal\" || \$5 == \"\")" "$dir/exits")" ]'
expect "E10: KILL is KILL, SEGV is SEGV" \
    'grep -q "^s 9 signal -1 KILL$" "$dir/exits" && grep -q "^s 11 signal -1 SEGV$" "$dir/exits"'
stop_msd

write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 100000
on_initial_failure = retry
[worker victim]
command = $chaos say:READY=1
ready = notify
stable_after = 0s
[worker brief]
command = $chaos say:READY=1 exit:0
ready = notify
restart = temporary
[supervisor window]
intensity = 3
period = 1h
on_give_up = hold
[worker counted]
supervisor = window
command = $chaos say:READY=1
ready = notify
stable_after = 0s
[supervisor narrow]
intensity = 1
period = 300ms
on_give_up = hold
[worker edge]
supervisor = narrow
command = $chaos say:READY=1
ready = notify
stable_after = 0s
CONF
start_msd "$dir/ms.conf"
for name in victim counted edge; do await_ready $name; done
baseline
case_ E6 "ready and dead in the same moment: both are told, in order"
await "brief has ended" 5 '[ "$(state_of brief)" = exited ]'
expect "E6: $(events_of brief)" 'events_of brief |
	sed "s/.*\"event\":\"\([a-z]*\)\".*/\1/" | tr "\n" " " | grep -q "^starting ready exited "'

case_ E7 "killed from outside"
old=$(pid_of victim)
kill -KILL "$old"
await_other_pid victim "$old"
expect "E7: by a signal of somebody else" \
    'msctl why victim --json | grep -q "\"kind\":\"signal\",\"code\":null,\"signal\":\"KILL\",\"cause\":\"external\""'

case_ E11 "a stopped process is not a dead one"
pid=$(pid_of victim)
kill -STOP "$pid"
await "it is stopped" 5 'grep -q "^State:.T" "/proc/$pid/status"'
kill -CONT "$pid"
expect "E11: it is ready as before" '[ "$(state_of victim)" = ready ] && [ "$(pid_of victim)" = "$pid" ]'

case_ E12 "a traced process is stopped all the same"
if strace -V >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
	strace -o /dev/null -p "$pid" 2>"$dir/strace" & tracer=$!
	await "it is traced" 10 '! grep -q "^TracerPid:.0$" "/proc/$pid/status"'
	kill -STOP "$pid"
	msctl stop victim --wait --timeout 10s >/dev/null || fail "E12: stop"
	wait $tracer || :
	msctl start victim --wait >/dev/null || fail "E12: start"
else
	skip "E12: needs strace and root"
fi

case_ E5 "exactly intensity restarts are survived, one more is not"
for n in 1 2 3; do
	old=$(pid_of counted)
	kill -KILL "$old"
	await_other_pid counted "$old"
done
kill -KILL "$(pid_of counted)"
await "E5: it holds after the fourth" 10 '[ "$(state_of counted)" = failed ]'
expect "E5: the others run on" '[ "$(state_of victim)" = ready ]'
old=$(pid_of edge) since=$(now_ms)
kill -KILL "$old"
await_other_pid edge "$old"
await "the window has passed" 5 '[ $(($(now_ms) - since)) -gt 350 ]'
old=$(pid_of edge)
kill -KILL "$old"
await_other_pid edge "$old"
kill -KILL "$(pid_of edge)"
await "E5: two within the window are too many" 10 '[ "$(state_of edge)" = failed ]'
msctl start counted edge --wait >/dev/null || fail "a start by hand has a clean slate"
invariants
asleep
stop_msd

case_ E3 "fifty that crash together do not come back together"
{
	printf '[supervisor root]\nintensity = 100000\non_initial_failure = retry\n'
	i=1
	while [ $i -le 50 ]; do
		printf '[worker w%d]\ncommand = %s exit:1\nbackoff = 200ms..400ms\n' $i "$chaos"
		i=$((i + 1))
	done
} | write_conf "$dir/ms.conf"
start_msd "$dir/ms.conf"
delays() { msctl events --json | sed -n 's/.*"delay_ms":\([0-9]*\),"in_a_row":2}/\1/p'; }
await "each has failed twice" 20 '[ "$(delays | wc -l)" -ge 50 ]'
responsive
expect "E3: spread between 160 and 240 ms: $(delays | sort -n | tr '\n' ' ')" \
    'delays | sort -n | awk "NR == 1 { first = \$1 } { last = \$1 }
	END { exit !(first >= 160 && last <= 240 && last - first > 40) }"'
baseline
fault_end
