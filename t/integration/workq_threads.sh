#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A worker has threads of its work queues when it has work for them, not
# before; they bear names, are as many as [workq] says, and their numbers are
# read beside it.  A wrong [workq] is refused by msd.
set -eu
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[workq]
blocking_threads = 1
blocking_queue = 7
[worker bus]
command = ms-bus
ready = notify
CONF
start_msd "$dir/ms.conf"
await_ready bus
threads() { cat /proc/"$(pid_of bus)"/task/*/comm | grep '^ms-' | grep -v '^ms-bus'; }
number() { msctl metrics -w bus -o prom 'ms_workq_*' | sed -n "s/^$1{.*pool=\"blocking\".*} //p"; }

await 'the first MANIFEST is written' 10 '[ "$(threads)" = ms-blocking-0 ]'
msctl bus pub agent.said --data '{"words":1}' --durability synced >/dev/null
expect 'one thread does it all' '[ "$(threads)" = ms-blocking-0 ]'
expect 'the thread is counted' '[ "$(number ms_workq_threads)" = 1 ]'
await 'nothing waits' 10 '[ "$(number ms_workq_depth)" = 0 ]'
expect 'runs are measured' '[ "$(number ms_workq_run_seconds_count)" -ge 1 ]'
stop_msd

sed -i 's/blocking_queue = 7/blocking_queue = none/' "$dir/ms.conf"
expect 'a wrong number is refused' '! "$B/msd" -t -c "$dir/ms.conf" 2>"$dir/refusal"'
expect 'with its place' 'grep -q "ms.conf:[0-9]*:[0-9]*: blocking_queue" "$dir/refusal"'
story_end
