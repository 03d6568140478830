#!/bin/sh
# What msd does is on the bus as supervision.EVENT, each number once and none
# missing, also of the time when the bus itself was killed, again and again,
# while workers crash.  A second life of msd is told beside the first.
set -eu
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000000
[worker log]
command = ms-log
ready = notify
[worker bus]
command = ms-bus
ready = notify
backoff = 10ms..100ms
[worker crasher]
command = sh -c 'sleep 0.02; exit 3'
backoff = 0ms..0ms
stable_after = 0s
CONF
start_msd "$dir/ms.conf"
await_ready bus
for i in 1 2 3 4 5; do
	await_ready bus
	pid=$(pid_of bus)
	kill -KILL "$pid"
	await_other_pid bus "$pid"
done
msctl stop crasher --wait >/dev/null
last() { msctl events --json | tail -n 1 | sed 's/^{"seq":\([0-9]*\).*/\1/'; }
told=$(last)
on_bus() { msctl bus tail 'supervision.*' -n 100000 --data 2>/dev/null; }
await "event $told is on the bus" 20 'on_bus | grep -q "^{\"seq\":$told,"'
on_bus >"$dir/bus"
sed 's/^{"seq":\([0-9]*\),.*/\1/' "$dir/bus" >"$dir/seqs"
seq 1 "$told" >"$dir/want"
head -n "$told" "$dir/seqs" | cmp -s - "$dir/want" ||
    fail "not each of the numbers 1 to $told once: $(diff "$dir/seqs" "$dir/want" | head -n 5)"
expect "its own death is told" \
    '[ "$(grep -c "\"event\":\"exited\",\"name\":\"bus\"" "$dir/bus")" = 5 ]'
expect "the type says what" 'msctl bus tail "supervision.exited" -n 1 | grep -q "\"type\":\"supervision.exited\""'

# Over a reader's connection there is no gap either.
"$B/msctl" events -f --from 1 --json >"$dir/read" 2>/dev/null &
reader=$!
await "the reader is there" 10 '[ -s "$dir/read" ]'

stop_msd
wait $reader 2>/dev/null || :
start_msd "$dir/ms.conf"
await_ready bus
msctl stop crasher --wait >/dev/null
told=$(last)
second_life() { on_bus | awk '/^{"seq":1,/ { n++ } n == 2'; }
await "the second life is on the bus" 20 'second_life | grep -q "^{\"seq\":$told,"'
second_life | sed 's/^{"seq":\([0-9]*\),.*/\1/' >"$dir/seqs"
seq 1 "$told" >"$dir/want"
head -n "$told" "$dir/seqs" | cmp -s - "$dir/want" || fail "the second life has gaps"
story_end
