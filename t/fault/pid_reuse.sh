#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# S6: the number of a dead worker belongs to somebody else now: nothing that is
# meant for the worker reaches him.  A pid namespace lets the test say which
# number comes next.
if [ -z "$IN_NAMESPACE" ]; then
	if [ "$(id -u)" = 0 ] && unshare -p -f --mount-proc true 2>/dev/null; then
		IN_NAMESPACE=1 exec unshare -p -f --mount-proc sh "$0"
	fi
	echo "skipped: S6 needs a pid namespace"
	exit 0
fi
. t/lib/invariants.sh
fault_begin
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 100000
[worker a]
command = $chaos setsid-orphan:1 say:READY=1
ready = notify
backoff = 1h..1h
stable_after = 1h
[worker b]
command = $chaos say:READY=1
ready = notify
stable_after = 0s
CONF
start_msd "$dir/ms.conf"
await_ready a
await_ready b
baseline
case_ S6 "a stranger with the worker's number"
first=$(pid_of a)
kill -KILL "$first"
await_other_pid a "$first"
number=$(pid_of a)
kill -KILL "$number"
await "a waits" 10 '[ "$(state_of a)" = backoff ]'
stranger=
n=0
while [ "$stranger" != "$number" ] && [ $n -lt 20 ]; do
	[ -z "$stranger" ] || kill -KILL "$stranger"
	echo $((number - 1)) >/proc/sys/kernel/ns_last_pid 2>/dev/null || { skip "S6: numbers cannot be chosen"; exit 0; }
	sleep 1000 & stranger=$!
	n=$((n + 1))
done
expect "S6: the stranger has the number" '[ "$stranger" = "$number" ]'
msctl signal a TERM 2>/dev/null && fail "S6: a signal to nobody"
msctl kill a --wait >/dev/null || fail "S6: kill"
msctl stop a --wait >/dev/null || fail "S6: stop"
old=$(pid_of b)
kill -KILL "$old"
await_other_pid b "$old"
msctl start a --wait >/dev/null || fail "S6: start"
msctl restart a --wait >/dev/null || fail "S6: restart"
expect "S6: the stranger lives" 'kill -0 "$stranger"'
invariants
stop_msd
expect "S6: the stranger outlives msd" 'kill -0 "$stranger"'
kill -KILL "$stranger"
story_end
