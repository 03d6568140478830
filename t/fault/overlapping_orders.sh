#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An order that comes while the one before is still being carried out, to
# workers that wait for their turn.
. t/lib/invariants.sh
fault_begin
write_conf "$dir/ms.conf" <<CONF
[supervisor g]
[worker first]
supervisor = g
command = $chaos
[worker slow]
supervisor = g
command = $chaos on:TERM:await:$dir/go on:TERM:exit:0
stop_timeout = 1h
CONF
start_msd "$dir/ms.conf"
await_ready g

case_ O1 "a start while the stop has not come to it yet"
first=$(pid_of first)
msctl stop g >/dev/null || fail "stop"
await "slow takes its time" 10 '[ "$(state_of slow)" = stopping ]'
expect "first waits for its turn" '[ "$(pid_of first)" = "$first" ]'
msctl start first >/dev/null || fail "start"
: >"$dir/go"
await_other_pid first "$first"

case_ O2 "a restart of a supervisor is over when all are new"
msctl start slow --wait >/dev/null || fail "start slow"
first=$(pid_of first) slow=$(pid_of slow)
msctl restart g --wait >/dev/null || fail "restart"
expect "first is new" '[ "$(pid_of first)" != "$first" ]'
expect "slow is new" '[ "$(pid_of slow)" != "$slow" ]'
expect "both are ready" '[ "$(state_of first) $(state_of slow)" = "ready ready" ]'

case_ O3 "a stop and a start in one breath"
first=$(pid_of first)
printf '%s\n' '{"do":"stop","name":"first"}' '{"do":"start","name":"first"}' |
    "$B/t/probes/rude" "$MS_SOCKET" all >"$dir/answers"
expect "both are taken" '[ "$(grep -c "\"ok\":true" "$dir/answers")" = 2 ]'
await_other_pid first "$first"
only_the_living
events_are_whole
story_end
