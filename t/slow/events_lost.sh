#!/bin/sh
# More events than msd keeps: a reader that was stopped meanwhile is told which
# numbers it has lost and goes on behind them without a gap, and so is one that
# asks for old ones.  msd does not grow with it.
set -eu
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000000
[worker calm]
command = sleep 1000
[worker crasher]
command = false
backoff = 0ms..0ms
stable_after = 0s
CONF
start_msd "$dir/ms.conf"
"$B/msctl" events -f --from 1 --json >"$dir/read" 2>&1 &
reader=$!
await "the reader has begun" 10 '[ -s "$dir/read" ]'
kill -STOP $reader
await "the first numbers are forgotten" 120 \
    '[ "$(msctl events --json | sed -n "1s/^{\"seq\":\([0-9]*\).*/\1/p")" -gt 12000 ]'
msctl stop crasher --wait >/dev/null
kill -CONT $reader
msctl restart calm --wait >/dev/null
last=$(msctl events --json | sed -n '$s/^{"seq":\([0-9]*\).*/\1/p')
await "the reader has caught up to $last" 20 'tail -n 5 "$dir/read" | grep -q "^{\"seq\":$last,"'
expect "it was told what is lost" 'grep -q "^{\"event\":\"lost\",\"first\":[0-9]*,\"last\":[0-9]*}" "$dir/read"'
sed -e 's/^{"seq":\([0-9]*\),.*/\1/' -e 's/^{"event":"lost","first":\([0-9]*\),"last":\([0-9]*\)}/\1 \2/' "$dir/read" |
    awk '{ want++ } $1 != want { exit 1 } NF == 2 { want = $2 }' ||
    fail "a number is neither there nor named as lost"
msctl events --from 1 >"$dir/old" 2>"$dir/said"
expect "who asks for old ones is told too" 'grep -q "events 1 to [0-9]* are lost" "$dir/said"'
kill $reader; wait $reader 2>/dev/null || :
story_end
