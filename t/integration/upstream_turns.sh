#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# msd under a manager that listens: READY once, when all is ready; RELOADING and
# READY around a reload, a refused one too; STOPPING first; more time while it
# is slow; why it gives up; nothing of the manager's in a worker's environment.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
listen() { # ADDRESS
	address=$1
	"$B/t/probes/manager" "$address" >"$dir/heard" &
	manager=$!
	await "the manager listens" 10 'grep -q "$address" /proc/net/unix'
}
heard() { grep -q "$1" "$dir/heard"; }
count() { grep -c "$1" "$dir/heard" || :; }
line_of() { grep -n "$1" "$dir/heard" | head -n 1 | cut -d: -f1; }
manager=
drop() { kill "$manager"; wait "$manager" 2>/dev/null || :; manager=; }
trap 'code=$?; [ -z "$manager" ] || kill "$manager"; (exit $code); story_cleanup' EXIT

write_conf "$dir/ms.conf" <<CONF
[worker quick]
command = $N env:$dir/env say:READY=1
ready = notify
[worker slow]
command = $N await:$dir/go say:READY=1 deaf
ready = notify
stop_timeout = 1500ms
CONF
export NOTIFY_SOCKET="$dir/manager" WATCHDOG_USEC=200000 WATCHDOG_PID=1
listen "$dir/manager"
start_msd "$dir/ms.conf"
await "more time is asked for" 10 'heard EXTEND_TIMEOUT_USEC=20000000'
expect "not ready before all are" '! heard READY=1'
expect "a reload before READY is no turn" '
    msctl reload >/dev/null && ! heard READY=1 && ! heard RELOADING=1'
touch "$dir/go"
await "READY" 10 'heard READY=1'
expect "with a count" 'heard "READY=1 STATUS=2 of 2 workers ready"'
expect "said by msd" '[ "$(sed -n "s/^[0-9]* \([0-9]*\) READY=1.*/\1/p" "$dir/heard")" = "$msd" ]'
expect "a watchdog of another process is not fed" '! heard WATCHDOG=1'
expect "the worker has a socket of its own" \
    '! grep -q "NOTIFY_SOCKET=$dir/manager" "$dir/env"'
expect "and no watchdog" '! grep -q "^WATCHDOG_" "$dir/env"'

# msd replaces itself: the same process, up as before, no turn for the manager
worker=$(pid_of slow)
msctl reexec >/dev/null || fail "reexec"
await "it answers again" 10 '[ "$(state_of slow)" = ready ]'
expect "with the worker it had" '[ "$(pid_of slow)" = "$worker" ]'
expect "READY has been said" '[ "$(count READY=1)" = 1 ]'

kill -HUP "$msd"
await "RELOADING, READY" 10 'heard RELOADING=1 && [ "$(count READY=1)" = 2 ]'
expect "with its time" 'heard "RELOADING=1 MONOTONIC_USEC=[0-9]"'
printf 'nonsense\n' >>"$dir/ms.conf"
kill -HUP "$msd"
await "READY after a refusal" 10 '[ "$(count READY=1)" = 3 ] && heard "STATUS=reload refused"'
expect "each with RELOADING" '[ "$(count RELOADING=1)" = 2 ]'

msctl stop quick --wait >/dev/null || fail "stop"
await "STATUS follows" 10 'heard "STATUS=1 of 2 workers ready"'

stop_msd
expect "STOPPING" 'heard "STOPPING=1.*STATUS=TERM"'
expect "once" '[ "$(count STOPPING=1)" = 1 ]'
await "more time while it stops" 5 '
    tail -n +"$(line_of STOPPING=1)" "$dir/heard" | grep -q EXTEND_TIMEOUT_USEC'
expect "no READY behind it" '! tail -n +"$(line_of STOPPING=1)" "$dir/heard" | grep -q READY=1'

# it does not come up: the manager hears why
: >"$dir/heard"
write_conf "$dir/ms.conf" <<CONF
[worker bad]
command = /no/such/program
CONF
code=0; "$B/msd" -c "$dir/ms.conf" >>"$dir/msd.out" 2>&1 || code=$?
expect "exit 1, not $code" '[ $code = 1 ]'
await "the reason, with ENOENT" 5 'heard "ERRNO=2 STATUS=.*worker bad exec failed"'
printf 'nonsense\n' >>"$dir/ms.conf"
code=0; "$B/msd" -c "$dir/ms.conf" >>"$dir/msd.out" 2>&1 || code=$?
expect "exit 6, not $code" '[ $code = 6 ]'
await "the line, with EINVAL" 5 'heard "ERRNO=22 STATUS=.*ms.conf:[0-9]*:"'
expect "and never READY" '! heard READY=1'
drop

# an abstract address; one that nobody listens to
printf '[msd]\nrun_dir = %s/run\nlog_dir = %s/log\nstate_dir = %s/state\n' \
    "$dir" "$dir" "$dir" >"$dir/ms.conf"
NOTIFY_SOCKET=@ms-story-$$ listen "@ms-story-$$"
NOTIFY_SOCKET=@ms-story-$$
start_msd "$dir/ms.conf"
await "READY at an abstract address" 10 'heard READY=1'
stop_msd
drop
for NOTIFY_SOCKET in "$dir/nobody" nonsense ''; do
	start_msd "$dir/ms.conf"
	stop_msd
	expect "an address without a listener is no trouble: '$NOTIFY_SOCKET'" \
	    '[ "$msd_code" = 0 ]'
done
story_end
