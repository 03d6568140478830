#!/bin/sh
# L4, L8, L9: rotation in a storm of crashes loses no line and msctl logs reads
# over all files; ms-log killed again and again leaves nothing in disorder;
# long, binary and unfinished lines are kept.
set -eu
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000000
[worker log]
command = ms-log
ready = notify
backoff = 0ms..0ms
stable_after = 0s
[worker storm]
command = sh -c 'n=\$\$MS_GENERATION; [ \$\$n -le 60 ] || exec sleep 1000; i=0; while [ \$\$i -lt 20 ]; do echo "gen \$\$n line \$\$i"; i=\$\$((i + 1)); done; kill -KILL \$\$\$\$'
backoff = 0ms..0ms
stable_after = 0s
log_size = 4096
log_keep = 1000
[worker long]
command = sh -c 'head -c 1000000 /dev/zero | tr "\0" x; echo; printf "a\000b\033[2Jc\377\n"; printf unfinished; kill -KILL \$\$\$\$'
restart = temporary
log_format = json
[worker steady]
command = sh -c 'i=0; while [ ! -e $dir/stop ]; do i=\$\$((i + 1)); echo "steady \$\$i"; sleep 0.002; done; echo "steady ended \$\$i"; exec sleep 1000'
log_size = 4096
log_keep = 1000
CONF
start_msd "$dir/ms.conf"
await "the storm is over" 30 '[ "$(msctl status storm --json | grep -c "\"generation\":61")" = 1 ]'
await "its last line is there" 10 'msctl logs storm -n 1 | grep -q "gen 60 line 19"'
expect "it has rotated" '[ -e "$dir/log/storm.log.5" ]'
msctl logs storm -n 100000 >"$dir/all"
expect "1200 lines, none lost" '[ "$(wc -l <"$dir/all")" = 1200 ]'
sed 's/.*gen \([0-9]*\) line \([0-9]*\)$/\1 \2/' "$dir/all" >"$dir/numbers"
sort -n -k1,1 -k2,2 "$dir/numbers" | cmp -s - "$dir/numbers" || fail "not in order"
expect "each generation has its own pid" \
    '[ "$(sed "s/.*storm.\([0-9]*\)..gen \([0-9]*\) .*/\1 \2/" "$dir/all" | sort -u | wc -l)" = 60 ]'

fds() { ls "/proc/$1/fd" | wc -l; }
expect "no pipe of the dead is left open in ms-log" '[ "$(fds "$(pid_of log)")" -le 25 ]'
expect "nor in msd" '[ "$(fds "$msd")" -le 45 ]'

# A million bytes without a newline, control bytes, no end.
await "the long line's worker has ended" 10 '[ "$(state_of long)" = exited ]'
f=$dir/log/long.log
expect "every line is JSON" '! grep -vq "^{\"time\":\"[^\"]*\",\"name\":\"long\",\"pid\":[0-9]*,\"generation\":1,\"line\":\".*\"\(,\"more\":true\)*}$" "$f"'
expect "the long line is whole in pieces" \
    '[ "$(grep -o x "$f" | wc -l)" -ge 1000000 ] && [ "$(grep -c "\"more\":true" "$f")" = 61 ]'
expect "NUL and escapes are safe" 'grep -q "a\\\\u0000b\\\\u001b\[2Jc" "$f"'
expect "the unfinished line is kept" 'grep -q "\"line\":\"unfinished\"" "$f"'

# ms-log dies in the middle of it all, ten times.
for i in 1 2 3 4 5 6 7 8 9 10; do
	pid=$(pid_of log)
	kill -KILL "$pid"
	await_other_pid log "$pid"
done
touch "$dir/stop"
await "steady has ended" 10 'msctl logs steady -n 1 | grep -q "steady ended"'
msctl logs steady -n 100000 | sed 's/.*steady \(ended \)*//' >"$dir/steady"
sort -n "$dir/steady" | cmp -s - "$dir/steady" || fail "steady's lines are not in order"
n=$(tail -n 1 "$dir/steady")
lines=$(sort -nu "$dir/steady" | wc -l)
expect "of $n lines at most what was in ms-log's hands ten times is lost, not $((n - lines))" \
    '[ $((n - lines)) -le 20 ]'
i=1
while [ -e "$dir/log/steady.log.$i" ]; do i=$((i + 1)); done
expect "there is no gap in the files' numbers" \
    '[ $((i - 1)) = "$(ls "$dir"/log/steady.log.* | wc -l)" ]'
story_end
