#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A consumer that fails on an event again and again is named by every verb that
# an operator or a monitoring system asks.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[worker bus]
command = ms-bus
ready = notify
[worker billing]
command = $PWD/$B/t/probes/bus_refuser $dir/run billing
requires = bus
CONF
start_msd "$dir/ms.conf"
await_ready bus
await "the consumer is known" 10 'msctl bus consumers | grep -q "^billing"'
expect "before, the probe is content" 'msctl probe bus | grep -q "^OK: "'
msctl bus pub order.1.placed --data 1 >/dev/null || fail "no pub"
await "it is stuck" 20 'msctl bus stats | grep -q "^billing *stuck"'
expect "the list of what cannot be delivered has it" \
    'msctl bus dlq | grep -q "^billing "'
expect "the doctor tells" \
    'msctl doctor running.bus | grep -q "consumer billing is handed the same"'
msctl probe bus >"$dir/out"
expect "a probe is a warning" '[ $? = 1 ]'
expect "it names the consumer" 'grep -q "^WARNING: consumer billing is stuck" "$dir/out"'
story_end
