#!/bin/sh
# L10, F13: what a dying worker said stands in its file before its exit event
# is told, also while an orphan of it holds the pipe; no death is told late.
set -eu
. t/lib/story.sh
story_begin

write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000000
[worker log]
command = ms-log
ready = notify
[worker talker]
command = sh -c 'echo born \$\$MS_GENERATION; read x <$dir/go; echo "last words of \$\$MS_GENERATION"; printf "and %s" half\$\$MS_GENERATION; exit 3'
backoff = 0ms..0ms
stable_after = 0s
[worker parent]
command = sh -c 'setsid sh -c "exec sleep 1000" & read x <$dir/go2; echo "parent of \$\$MS_GENERATION ends"; exit 4'
backoff = 0ms..0ms
stable_after = 0s
CONF
mkfifo "$dir/go" "$dir/go2"
start_msd "$dir/ms.conf"
await_ready log
await_ready talker
await_ready parent

# Reads the stream; at each exit the file must already hold the words.
"$B/msctl" events -f --from 1 --json >"$dir/events" 2>/dev/null &
reader=$!
(
	tail -n +1 -f --pid=$reader "$dir/events" | while read -r line; do
		case $line in
		*'"event":"exited","name":"talker"'*)
			n=$(echo "$line" | sed 's/.*"generation":\([0-9]*\).*/\1/')
			grep -q "last words of $n\$" "$dir/log/talker.log" &&
			    grep -q "and half$n\$" "$dir/log/talker.log" &&
			    echo "good $n" || echo "late $n"
			;;
		*'"event":"exited","name":"parent"'*)
			n=$(echo "$line" | sed 's/.*"generation":\([0-9]*\).*/\1/')
			grep -q "parent of $n ends\$" "$dir/log/parent.log" &&
			    echo "good parent $n" || echo "late parent $n"
			;;
		esac
	done
) >"$dir/verdicts" &
judge=$!

for i in 1 2 3 4 5 6 7 8 9 10; do
	await "generation $i speaks" 10 'grep -q "born '"$i"'\$" "$dir/log/talker.log"'
	echo >"$dir/go"
done
await "ten deaths are judged" 10 '[ "$(grep -c "^good [0-9]" "$dir/verdicts")" -ge 10 ]'
echo >"$dir/go2"
await "the parent's death is judged" 10 'grep -q "good parent 1" "$dir/verdicts"'
expect "no words came late" '! grep late "$dir/verdicts"'

# The half lines were kept, under the pid that said them.
expect "half lines are whole lines of the file" \
    '[ "$(grep -c "talker\[[0-9]*\] and half" "$dir/log/talker.log")" -ge 10 ]'

# The collector is dead: deaths are told all the same, and it catches up.
msctl stop log --wait >/dev/null
echo >"$dir/go"
await "a death without a collector" 5 \
    '[ "$(msctl events --json | grep -c "\"exited\",\"name\":\"talker\"")" -ge 11 ]'
msctl start log --wait >/dev/null
await "its words were kept" 10 'grep -q "last words of 11" "$dir/log/talker.log"'

kill "$reader" 2>/dev/null || :
wait "$reader" "$judge" 2>/dev/null || :
story_end
