#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Several streams: each subject is in one of them, the most literal pattern
# decides, sequences and retention are each one's own, and a reload adds one.
. t/lib/story.sh
story_begin
conf() { # MORE
	write_conf "$dir/ms.conf" <<CONF
[worker bus]
command = ms-bus
ready = notify
[bus]
supervision = no
segment_size = 64K
[stream telemetry]
subjects = metrics.> *.*.measured
retention_size = 128K
[stream facts]
subjects = order.>
durability = synced
visible = synced
$1
CONF
}
conf ''
start_msd "$dir/ms.conf"
await_ready bus
pub() { msctl bus pub "$1" --data "${2-1}" --json; }
field() { # STREAM FIELD
	msctl bus streams --json | tr '{' '\n' |
	    sed -n "s/.*\"name\":\"$1\".*\"$2\":\"*\([^,\"]*\).*/\1/p"
}

pub agent.a.made >/dev/null
pub agent.a.measured >/dev/null
pub metrics.cpu >/dev/null
pub order.7.paid | grep -q '"durability":"synced"' ||
    fail "a fact is acknowledged before it is safe"
expect "main has what no other takes" '[ "$(field main last_seq)" = 1 ]'
expect "two patterns lead into one stream" '[ "$(field telemetry last_seq)" = 2 ]'
expect "facts have their own sequence" '[ "$(field facts last_seq)" = 1 ]'
expect "tail shows one stream" '[ "$(msctl bus tail --stream facts --data)" = 1 ]'
msctl bus tail --stream nonsense >/dev/null 2>"$dir/said" &&
    fail "a stream that is not there has events"
expect "and the reason is given" 'grep -q "no stream .nonsense" "$dir/said"'

# One request for several streams: each event finds its own.
printf '%s\n' '"a"' '"b"' | msctl bus pub order.8.paid >/dev/null
for s in order.9.paid metrics.mem agent.b.made; do
	printf '{"specversion":"1.0","id":"%s","source":"/t","type":"t","subject":"%s"}\n' "$s" "$s"
done >"$dir/mixed"
msctl bus pub --file "$dir/mixed" --durability synced >/dev/null || fail "mixed"
expect "a mixed batch is dealt" '[ "$(field main last_seq) $(field telemetry last_seq) $(field facts last_seq)" = "2 3 4" ]'
msctl bus pub --file "$dir/mixed" --json | grep -q '"duplicates":3' ||
    fail "each stream remembers what it has"

# One class in two streams: a live subscriber hears both, and nothing of the
# one looks like a gap in the other.
"$B/msctl" bus sub 'order.>' -n 4 --data >"$dir/live" 2>"$dir/gaps" &
sub=$!
await "it is heard once the subscription is up" 10 \
    'msctl bus pub order.x.paid --data 0 >/dev/null; [ -s "$dir/live" ]'
conf '[stream notes]
subjects = order.*.noted'
msctl reload >/dev/null || fail "reload"
await "the stream is there" 5 '[ "$(field notes last_seq)" = 0 ]'
pub order.1.noted >/dev/null
pub order.1.paid >/dev/null
pub order.2.noted >/dev/null
await "all are heard" 10 '! kill -0 $sub 2>/dev/null'
wait $sub
expect "and no gap is told" '[ ! -s "$dir/gaps" ]'

# Telemetry goes by its own bounds, the others keep everything.
yes '{"n":123456789012345678901234567890123456789012345678901234567890}' |
    head -n 3000 | msctl bus pub metrics.disk >/dev/null || fail "flood"
expect "old telemetry is gone" '[ "$(field telemetry first_seq)" -gt 1 ]'
expect "facts are not" '[ "$(field facts first_seq)" = 1 ]'

# After kill -9 all are as they were.
was="$(field main last_seq) $(field telemetry last_seq) $(field facts last_seq)"
old=$(pid_of bus)
kill -9 "$old"
await_other_pid bus "$old"
await_ready bus
expect "kill -9 changes nothing" '[ "$(field main last_seq) $(field telemetry last_seq) $(field facts last_seq)" = "$was" ]'

conf '[stream late]
subjects = late.*'
msctl reload >/dev/null || fail "reload"
await "a reload adds a stream" 5 '[ "$(field late last_seq)" = 0 ]'
pub late.x >/dev/null
expect "it takes events" '[ "$(field late last_seq)" = 1 ]'

# What cannot be is refused.
conf '[stream main]
subjects = x'
msctl check "$dir/ms.conf" >"$dir/said" 2>&1 && fail "main is taken"
expect "with the reason" 'grep -q "its keys are in \[bus\]" "$dir/said"'
conf '[stream twice]
subjects = order.>'
msctl check "$dir/ms.conf" >"$dir/said" 2>&1 && fail "a pattern in two streams"
expect "with the other one's name" 'tr -s "\n " " " <"$dir/said" | grep -q "in \[stream facts\] already"'
story_end
