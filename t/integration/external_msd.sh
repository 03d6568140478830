#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A msd as a worker of another: its READY is the outer one's, nothing of the
# outer one reaches the inner workers, a stop waits for the whole inner tree, a
# give-up is an exit, and kill -9 leaves nothing.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
mkdir "$dir/inner"
inner() { "$B/msctl" -s "$dir/inner/run/msd.sock" "$@"; }
inner_conf() {
	printf '[msd]\nrun_dir = %s/inner/run\nlog_dir = %s/inner/log\n' "$dir" "$dir"
	printf 'state_dir = %s/inner/state\nguardian = %s\n' "$dir" "$1"
	cat <<CONF
[supervisor root]
intensity = 1
period = 1h
[worker slow]
command = $N env:$dir/env pause:300 say:READY=1 on:TERM:pause:300 on:TERM:note:$dir/asked on:TERM:exit:0
ready = notify
[worker tree]
command = $N setsid-orphan:2
CONF
}
write_conf "$dir/ms.conf" <<CONF
[worker inner]
command = $PWD/$B/msd -c $dir/inner/ms.conf
ready = notify
watchdog = 5s
stop_timeout = infinity
listen = control=unix:$dir/inner/run/msd.sock
backoff = 50ms..50ms
CONF
mkdir "$dir/inner/run"
for guardian in no yes; do
	inner_conf $guardian >"$dir/inner/ms.conf"
	rm -f "$dir/env" "$dir/asked"
	start_msd "$dir/ms.conf"
	expect "the inner tree is not ready yet" '[ "$(state_of inner)" = starting ]'
	await_ready inner
	expect "$guardian: ready is the inner tree's" \
	    'inner status slow --json | grep -q "\"state\":\"ready\""'
	await "$guardian: its STATUS is shown" 10 \
	    'msctl status inner | grep -q "2 of 2 workers ready"'
	expect "$guardian: the inner worker is told about the inner msd" \
	    'grep -q "^MS_RUN_DIR=$dir/inner/run$" "$dir/env" &&
	     grep -q "^MS_NAME=slow$" "$dir/env" && grep -q "^MS_GENERATION=1$" "$dir/env"'
	expect "$guardian: nothing of the outer one's is passed on" \
	    '! grep -q "^LISTEN_\|^WATCHDOG_" "$dir/env" &&
	     ! grep -q "^MS_[A-Z_]*=$dir/run" "$dir/env"'
	expect "$guardian: the socket that was passed serves" \
	    'inner version --json | grep -q "\"msd\":\"[0-9]"'

	old=$(pid_of inner) slow=$(inner status slow --json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p')
	kill -9 "$old"
	await_other_pid inner "$old"
	expect "$guardian: the inner worker went with it" '! kill -0 $slow 2>/dev/null'
	expect "$guardian: one restart" 'msctl status inner --json | grep -q "\"restarts\":1,"'
	rm -f "$dir/asked"
	msctl stop inner --wait >/dev/null || fail "stop"
	expect "$guardian: the inner worker was asked, and had its time" '[ -s "$dir/asked" ]'
	expect "$guardian: it ended orderly" 'msctl why inner | grep -q "exit code 0, by operator"'
	expect "$guardian: the socket is still there" '[ -S "$dir/inner/run/msd.sock" ]'
	msctl start inner --wait >/dev/null || fail "start again"

	# the second death of slow within an hour is one too many
	slow=$(inner status slow --json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p')
	old=$(pid_of inner)
	kill -9 "$slow"
	await "$guardian: slow is back" 20 'inner status slow --json |
	    grep -q "\"state\":\"ready\".*\"restarts\":1,"'
	slow=$(inner status slow --json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p')
	kill -9 "$slow"
	await "$guardian: giving up is exit code 1" 20 'msctl why inner | grep -q "died.*exit code 1"'
	await_other_pid inner "$old"
	stop_msd
	expect "$guardian: the outer one ends well" '[ "$msd_code" = 0 ]'
	await "$guardian: nothing is left behind" 5 '[ -z "$(left_behind)" ]'
done

# a stop_timeout that is too short: the inner one asks for more time itself
inner_conf no | sed 's/on:TERM:pause:300/on:TERM:pause:2500/' >"$dir/inner/ms.conf"
sed -i 's/stop_timeout = infinity/stop_timeout = 1500ms/' "$dir/ms.conf"
rm -f "$dir/asked"
start_msd "$dir/ms.conf"
await_ready inner
msctl stop inner --wait >/dev/null || fail "stop"
expect "the inner worker had its time" '[ -s "$dir/asked" ]'
expect "and msd its orderly end" 'msctl why inner | grep -q "exit code 0, by operator"'
story_end
