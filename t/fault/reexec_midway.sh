#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A re-exec in the middle of a boot and of a group restart: the rest happens
# in the order it would have had, and who waits for it is answered.
. t/lib/story.sh
story_begin
C=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[supervisor group]
strategy = rest_for_one
[worker a]
supervisor = group
command = $C note:$dir/order pause:800 say:READY=1
ready = notify
[worker b]
supervisor = group
command = $C note:$dir/order deaf say:READY=1
ready = notify
stop_timeout = 1500ms
[worker c]
supervisor = group
requires = b
command = $C note:$dir/order say:READY=1
ready = notify
CONF
names() { sed 's/ .*//' "$dir/order" | tr '\n' ' '; }
"$B/msd" -D -c "$dir/ms.conf" 2>"$dir/err" &
starter=$!
await "a is starting" 10 '[ "$(state_of a)" = starting ]'
msctl reexec >/dev/null || fail "reexec while it boots"
msd=$(cat "$dir/run/msd.pid")
expect "a is starting still" '[ "$(state_of a)" = starting ]'
expect "and the starter waits" 'kill -0 $starter'
wait $starter || fail "-D: $(cat "$dir/err")"
expect "until all is ready" '[ "$(state_of c)" = ready ]'
expect "which came in order: $(names)" '[ "$(names)" = "a b c " ]'

kill -9 "$(pid_of a)"
await "b is being stopped" 5 '[ "$(state_of b)" = stopping ]'
msctl wait c --state ready --timeout 20s >/dev/null 2>&1 & # ready still, or again
msctl reexec >/dev/null || fail "reexec in the middle of a group restart"
expect "a waits for b" '[ "$(names)" = "a b c " ]'
await "all three are there again" 20 '[ "$(names)" = "a b c a b c " ] && [ "$(state_of c)" = ready ]'
for name in a b c; do
	expect "$name was restarted once" 'msctl status '$name' --json | grep -q "\"restarts\":1,"'
done
msctl shutdown --wait >/dev/null || fail "shutdown"
await "it is gone" 10 '! kill -0 "$msd" 2>/dev/null'
msd=
story_end
