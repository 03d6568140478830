#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The end of msd itself: in the middle of anything, asked for twice, against
# workers that will not go.
. t/lib/invariants.sh
fault_begin

case_ T6 "shutdown while workers start, stop, wait and restart together"
: >"$dir/gate"
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
on_initial_failure = retry
[worker ready]
command = $chaos say:READY=1
ready = notify
[worker stopping]
command = $chaos say:READY=1 on:TERM:pause:300 on:TERM:exit:0
ready = notify
[worker waits]
command = $chaos exit:1
backoff = 1h..1h
[supervisor all]
strategy = one_for_all
intensity = 1000
[worker first]
supervisor = all
command = $chaos say:READY=1
ready = notify
[worker second]
supervisor = all
command = $chaos say:READY=1 on:TERM:pause:300 on:TERM:exit:0
ready = notify
[worker never]
command = $chaos stamp:$dir/never:up
ready = notify
start_timeout = 1h
CONF
start_msd "$dir/ms.conf"
for name in ready stopping first second; do await_ready $name; done
await "never is starting" 5 '[ "$(state_of never)" = starting ] && [ "$(state_of waits)" = backoff ]'
msctl stop stopping >/dev/null
kill -KILL "$(pid_of first)"
await "second goes with it" 5 '[ "$(state_of second)" = stopping ]'
start_ms=$(now_ms)
stop_msd
took=$(($(now_ms) - start_ms))
expect "T6: exit 0, not $msd_code" '[ $msd_code = 0 ]'
expect "T6: at once, not after $took ms" '[ $took -lt 2000 ]'
expect "T6: nothing was started any more" '[ "$(wc -l <"$dir/never")" = 1 ]'
await "T6: nobody is left: $(kin)" 3 '[ -z "$(kin)" ]'

write_conf "$dir/deaf.conf" <<CONF
[worker deaf]
command = $chaos deaf fork:2 say:READY=1
ready = notify
stop_timeout = 1h
CONF
twice() { # SIGNAL SIGNAL
	start_msd "$dir/deaf.conf"
	await_ready deaf
	kill "-$1" "$msd"
	await "it is stopping" 5 '[ "$(state_of deaf)" = stopping ]'
	kill -HUP "$msd"
	expect "$case_id: a reload in between changes nothing" '[ "$(state_of deaf)" = stopping ]'
	start_ms=$(now_ms) msd_code=0
	kill "-$2" "$msd"
	wait "$msd" || msd_code=$?
	msd=
	took=$(($(now_ms) - start_ms))
	expect "$case_id: $1 $2 ends with $msd_code after $took ms" \
	    '[ $msd_code = 0 ] && [ $took -lt 2000 ]'
	await "$case_id: nobody is left: $(kin)" 3 '[ -z "$(kin)" ]'
}
case_ T7 "asked twice is at once"
twice TERM TERM
twice INT TERM
twice TERM INT

case_ T8 "shutdown_deadline ends the patience of all"
{
	i=1
	while [ $i -le 40 ]; do
		printf '[worker w%d]\ncommand = %s deaf\nstop_timeout = 1s\n' $i "$chaos"
		i=$((i + 1))
	done
} | write_conf "$dir/many.conf"
sed -i 's/^\[msd\]/[msd]\nshutdown_deadline = 500ms/' "$dir/many.conf"
start_msd "$dir/many.conf"
await_ready w40
start_ms=$(now_ms)
stop_msd
took=$(($(now_ms) - start_ms))
expect "T8: forty deaf ones within $took ms" '[ $took -ge 450 ] && [ $took -lt 2500 ]'
expect "T8: exit 0, not $msd_code" '[ $msd_code = 0 ]'
await "T8: nobody is left" 3 '[ -z "$(kin)" ]'

case_ E13 "what cannot be killed is named, and does not hold msd for ever"
freezer=/sys/fs/cgroup/freezer/ms-story-$$
if mkdir "$freezer" 2>/dev/null; then
	trap 'echo THAWED >"$freezer/freezer.state"; rmdir "$freezer"; story_cleanup' EXIT
	start_msd "$dir/deaf.conf"
	await_ready deaf
	frozen=$(pid_of deaf)
	echo "$frozen" >"$freezer/cgroup.procs"
	echo FROZEN >"$freezer/freezer.state"
	msctl kill deaf >/dev/null || fail "E13: kill"
	expect "E13: it stays stopping" '[ "$(state_of deaf)" = stopping ]'
	responsive
	kill -TERM "$msd"
	await "shutting down" 5 'msctl start deaf 2>&1 | grep -q "shutting down"'
	msd_code=0
	kill -TERM "$msd"
	await "E13: msd gives up" 20 '! kill -0 "$msd" 2>/dev/null || grep -q "^State:.Z" "/proc/$msd/status"'
	echo THAWED >"$freezer/freezer.state"
	wait "$msd" || msd_code=$?
	msd=
	await "E13: the cold one is gone" 10 '! kill -0 "$frozen" 2>/dev/null'
	rmdir "$freezer"
	trap story_cleanup EXIT
	expect "E13: exit 1, not $msd_code" '[ $msd_code = 1 ]'
	expect "E13: named" 'grep -q "pid=$frozen" "$dir/msd.out"'
else
	skip "E13: no freezer to make a process that cannot be killed"
fi
story_end
