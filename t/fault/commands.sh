#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every command in every outward state has a defined answer, and leaves the
# worker where it says.  The table: state, command, exit code, state after it
# (with its wait); a dash: the state must not change.
. t/lib/invariants.sh
fault_begin
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 100000
on_initial_failure = retry
[worker w]
command = $chaos exit-if:$dir/fail:1 exit-if:$dir/ignore:77 on:USR1:exit:0 on:TERM:pause:300 on:TERM:exit:0 on:HUP:ignore:HUP await:$dir/up say:READY=1
ready = notify
restart = transient
backoff = 1h..1h
stable_after = 1h
start_timeout = 1h
reload_signal = HUP
[supervisor tight]
intensity = 0
period = 1h
on_give_up = hold
[worker f]
supervisor = tight
command = $chaos exit-if:$dir/fail:1 on:TERM:pause:300 on:TERM:exit:0 await:$dir/up say:READY=1
ready = notify
start_timeout = 1h
CONF
: >"$dir/up"
start_msd "$dir/ms.conf"
await_ready w
await_ready f
baseline

be() { # STATE: brings $name there
	rm -f "$dir/fail" "$dir/ignore"
	: >"$dir/up"
	msctl kill "$name" --wait >/dev/null || fail "cannot begin: kill"
	[ "$1" != down ] || return 0
	case $1 in
	starting) rm "$dir/up"; msctl start "$name" >/dev/null ;;
	ignored) : >"$dir/ignore"; msctl start "$name" >/dev/null ;;
	*) msctl start "$name" --wait >/dev/null ;;
	esac || fail "cannot begin: start for $1"
	case $1 in
	reloading) word 'RELOADING=1' ;;
	exited) msctl signal "$name" USR1 >/dev/null ;;
	stopping) msctl stop "$name" >/dev/null ;;
	backoff)
		: >"$dir/fail"
		kill -KILL "$(pid_of "$name")" # the first restart is at once
		await "backoff" 5 '[ "$(state_of "$name")" = backoff ]'
		rm "$dir/fail" ;;
	failed) kill -KILL "$(pid_of "$name")" ;;
	esac
	await "$name is $1, not $(state_of "$name")" 5 '[ "$(state_of "$name")" = '"$1"' ]'
	rm -f "$dir/fail" "$dir/ignore"
}
word() { # says TEXT for the worker
	socket=$(tr '\0' '\n' <"/proc/$(pid_of "$name")/environ" | sed -n 's/^NOTIFY_SOCKET=//p')
	NOTIFY_SOCKET=$socket "$chaos" "say:$1" exit:0
}

while read -r state command code after; do
	case $state in '' | '#'*) continue ;; esac
	name=w
	[ "$state" != failed ] || name=f
	echo "$state: $command"
	be "$state"
	got=0
	msctl ${command%%,*} "$name" $(case $command in *,*) echo "${command#*,}" ;; esac) \
	    >"$dir/out" 2>&1 || got=$?
	expect "$state: $command exits $code, not $got: $(cat "$dir/out")" '[ $got = '"$code"' ]'
	[ "$after" != - ] || after=$state
	[ "$after" = starting ] || : >"$dir/up"
	await "$state: $command leads to $after, not $(state_of $name)" 10 \
	    '[ "$(state_of $name)" = '"$after"' ]'
done <<'TABLE'
# state    command     code after
down       start       0    ready
down       stop        0    -
down       restart     0    ready
down       kill        0    -
down       signal,USR2 2    -
starting   start       152  -
starting   stop        0    down
starting   restart     0    ready
starting   kill        0    down
starting   signal,CONT 0    -
ready      start       152  -
ready      stop        0    down
ready      restart     0    ready
ready      kill        0    down
ready      signal,CONT 0    -
reloading  start       152  -
reloading  stop        0    down
reloading  restart     0    ready
reloading  kill        0    down
reloading  signal,CONT 0    -
stopping   start       0    ready
stopping   stop        0    down
stopping   restart     0    ready
stopping   kill        0    down
stopping   signal,CONT 0    down
backoff    start       152  -
backoff    stop        0    down
backoff    restart     0    ready
backoff    kill        0    down
backoff    signal,CONT 2    -
ignored    start       0    ready
ignored    stop        0    down
ignored    restart     0    ready
ignored    kill        0    down
ignored    signal,CONT 2    -
exited     start       0    ready
exited     stop        0    down
exited     restart     0    ready
exited     kill        0    down
exited     signal,CONT 2    -
failed     start       0    ready
failed     stop        0    down
failed     restart     0    ready
failed     kill        0    down
failed     signal,CONT 2    -
TABLE
invariants

name=w
be ready
for verb in status why show logs start stop restart kill "signal,HUP" "wait,--timeout,1s"; do
	got=0
	msctl $(echo "$verb" | sed 's/,.*//') nobody-here $(echo "$verb" | sed -n 's/^[^,]*,//p' | tr , ' ') >/dev/null 2>&1 || got=$?
	expect "'$verb' of nobody exits 5, not $got" '[ $got = 5 ]'
done
msctl stop w >/dev/null
kill -TERM "$msd"
for verb in start stop restart kill reload; do
	case $verb in reload) target= ;; *) target=f ;; esac
	! kill -0 "$msd" 2>/dev/null || msctl $verb $target >"$dir/out" 2>&1 && got=0 || got=$?
	expect "'$verb' during the shutdown exits 1 or 7, not $got: $(cat "$dir/out")" '[ $got != 0 ]'
done
wait "$msd" || :
msd=
story_end
