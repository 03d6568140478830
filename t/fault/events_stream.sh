#!/bin/sh
# A reader of events goes on when msd is started again, is told that its numbers
# begin anew, and misses none of the new life; a reader that asks for numbers
# of the future gets what comes.  After an orderly end the reader ends too.
set -eu
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[worker a]
command = sleep 1000
[worker b]
command = sleep 1000
CONF
start_msd "$dir/ms.conf"
await_ready b
"$B/msctl" events -f --from 1 --json >"$dir/read" 2>"$dir/said" &
reader=$!
"$B/msctl" events -f --from 1 >"$dir/text" 2>"$dir/said.text" &
texter=$!
await "both have begun" 10 'grep -q "\"ready\",\"name\":\"b\"" "$dir/read" && grep -q "b .*ready" "$dir/text"'
kill -KILL "$msd"
wait "$msd" 2>/dev/null || :
msd=
start_msd "$dir/ms.conf"
await_ready b
await "the reader has the second life" 10 '[ "$(grep -c "\"ready\",\"name\":\"b\"" "$dir/read")" = 2 ]'
await "a person is told" 10 'grep -q "started anew" "$dir/said.text"'
msctl restart a --wait >/dev/null
await "and what comes after" 10 '[ "$(grep -c "\"ready\",\"name\":\"a\"" "$dir/read")" = 3 ]'
sed 's/^{"seq":\([0-9]*\),.*/\1/' "$dir/read" |
    awk '$1 == 1 { lives++; want = 1 } $1 != want { exit 1 } { want++ }
	END { exit lives != 2 }' || fail "the numbers have gaps: $(cat "$dir/read")"
stop_msd
await "the readers end with msd" 10 '! kill -0 $reader 2>/dev/null && ! kill -0 $texter 2>/dev/null'
wait $reader || [ $? = 7 ] || fail "the reader's exit code"
expect "its last event is the end" 'grep -q "\"event\":\"shutdown\"" "$dir/read"'
story_end
