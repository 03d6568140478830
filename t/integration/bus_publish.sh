#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a publisher may ask of the log: sequences, stream, somebody who gets it,
# all or none; one bad event costs itself only; a request that comes twice is
# done once.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[worker bus]
command = ms-bus
ready = notify
[bus]
supervision = no
[stream facts]
subjects = fact.>
[subject strict]
subjects = strict.>
flow = reject
CONF
start_msd "$dir/ms.conf"
await_ready bus
"$B/t/probes/bus_publish" "$dir/run" || fail "a claim does not hold"

# the same from a shell
msctl bus pub sh.1 --data 1 --last-subject-seq 0 --json >"$dir/said" ||
    fail "the first of a subject"
expect "the answer has the stream" 'grep -q "\"stream\":\"main\"" "$dir/said"'
msctl bus pub sh.1 --data 1 --last-subject-seq 0 --json >"$dir/said" &&
    fail "the second is the first, too"
expect "a wrong sequence is typed" 'grep -q "\"code\":\"wrong_sequence\"" "$dir/said"'
expect "and will not pass by waiting" 'grep -q "\"retryable\":false" "$dir/said"'
msctl bus pub sh.2 --data 1 --stream facts >"$dir/said" 2>&1 && fail "a wrong stream"
expect "the right one is named" 'grep -q "belongs to main" "$dir/said"'
msctl bus pub sh.3 --data 1 --mandatory 2>"$dir/said" && fail "nobody gets it"
expect "that nobody gets it is said" 'grep -q "no consumer" "$dir/said"'
printf '%s\n' 1 2 3 | msctl bus pub sh.4 --unit --ttl 1h --json >"$dir/said" ||
    fail "a unit"
expect "three as one" 'grep -q "\"published\":3" "$dir/said"'
expect "with their time to live" \
    '[ "$(msctl bus tail sh.4 | grep -c expirytime)" = 3 ]'
yes 1 | head -n 1001 | msctl bus pub sh.5 --unit 2>/dev/null && fail "too many"
expect "none of them is there" '[ -z "$(msctl bus tail sh.5)" ]'
expect "events are counted by class" \
    'msctl metrics ms_bus_class_events_total | grep -q "sh"'

# After kill -9 the index of subjects is built again from the log.
old=$(pid_of bus)
kill -9 "$old"
await_other_pid bus "$old"
await_ready bus
msctl bus pub sh.1 --data 2 --last-subject-seq 0 2>"$dir/said" &&
    fail "the log has forgotten a subject"
seq=$(sed -n 's/.*it is \([0-9]*\).*/\1/p' "$dir/said")
msctl bus pub sh.1 --data 2 --last-subject-seq "$seq" >/dev/null ||
    fail "what the error says is not true"
story_end
