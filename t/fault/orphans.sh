#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whoever a worker leaves behind, however far it has run: it is gone before the
# next generation starts, and nobody else is touched.
. t/lib/invariants.sh
fault_begin
cp "$B/t/probes/chaos" "$dir/chaos"
mkdir -m 777 "$dir/open"
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 100000
on_initial_failure = retry
[worker log]
command = ms-log
[worker quiet]
command = $chaos setsid-orphan:1 say:READY=1
ready = notify
[worker daemon]
command = $chaos lock:$dir/daemon.lock stamp:$dir/daemon:up say:READY=1 await:$dir/go setsid-orphan:5 child:deaf exit:3
ready = notify
stable_after = 0s
[worker holder]
command = $chaos say:READY=1 await:$dir/go holdpipe:20 out:last\\\\n exit:4
ready = notify
stable_after = 0s
[worker brood]
command = /bin/sh -c "i=0; while [ \$\$i -lt 300 ]; do (setsid sh -c 'exec sleep 0.1' &) ; i=\$\$((i+1)); done; exec sleep 1000"
CONF
start_msd "$dir/ms.conf"
for name in quiet daemon holder; do await_ready $name; done
quiet=$(kin | grep ' quiet ' | sort | cut -d' ' -f1)

case_ F12 "300 orphans of one that lives end by themselves"
await "they are gone" 20 '[ "$(kin | grep -c " brood ")" = 1 ]'
no_zombies
baseline

case_ F11 "daemons are gone before the next generation starts"
case_ F13 "one that keeps the log's pipe does not delay the exit"
since=$(now_ms)
: >"$dir/go"
again() { msctl events --json | grep -c "\"event\":\"ready\",\"name\":\"$1\""; }
await "F13: the exit is told" 5 'msctl events --json | grep -q "\"exited\",\"name\":\"holder\""'
took=$(($(now_ms) - since))
expect "F13: after $took ms" '[ $took -lt 2000 ]'
await "both have come and gone some times" 20 '[ "$(again holder)" -ge 4 ] && [ "$(again daemon)" -ge 4 ]'
rm "$dir/go"
await "they rest" 10 '[ "$(state_of holder)" = ready ] && [ "$(state_of daemon)" = ready ]'
expect "F11: nobody has met the lock of the one before" \
    '! msctl events --json | grep "\"exited\",\"name\":\"daemon\"" | grep -q "\"code\":97"'
expect "F13: the last words are in the log" 'grep -q "last$" "$dir/log/holder.log"'
expect "the orphan of the quiet one lives on" \
    '[ "$(kin | grep " quiet " | sort | cut -d" " -f1)" = "$quiet" ]'
invariants
stop_msd
await "all have gone with msd" 5 '[ -z "$(kin)" ]'

case_ F14 "a bomb of 1,000 processes is swept up"
write_conf "$dir/ms.conf" <<CONF
[worker quiet]
command = $chaos say:READY=1
ready = notify
[worker bomb]
command = $chaos deaf forkbomb:1000 say:READY=1
ready = notify
stop_timeout = 200ms
CONF
start_msd "$dir/ms.conf"
await_ready quiet
await_ready bomb
baseline
await "they are many" 30 '[ "$(kin | grep -c " bomb ")" -gt 500 ]'
responsive
since=$(now_ms)
msctl stop bomb --wait --timeout 20s >/dev/null || fail "F14: stop"
took=$(($(now_ms) - since))
expect "F14: nobody is left" '[ "$(kin | grep -c " bomb ")" = 0 ]'
expect "F14: after $took ms" '[ $took -lt 5000 ]'
invariants
asleep

case_ F5 "msd has one thread: a worker cannot lose its parent to another's end"
expect "F5: one" '[ "$(number_of "$msd" Threads)" = 1 ]'
stop_msd

case_ F3 "one that gave up its rights dies with msd too"
if [ "$(id -u)" = 0 ]; then
	write_conf "$dir/ms.conf" <<CONF
[worker plain]
command = $dir/chaos say:READY=1 deaf
ready = notify
[worker nobody]
command = $dir/chaos say:READY=1 deaf
ready = notify
user = nobody
CONF
	start_msd "$dir/ms.conf"
	await_ready nobody
	kill -KILL "$msd"
	wait "$msd" 2>/dev/null || :
	msd=
	await "F3: they are gone: $(kin)" 5 '[ -z "$(kin)" ]'
else
	skip "F3: other users can be had by root only"
fi
story_end
