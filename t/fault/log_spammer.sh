#!/bin/sh
# L3, L5: next to a worker that shouts all the time, a quiet one is heard at
# once; log_rate bounds the shouting and says how much was dropped.  A worker
# that closes its output costs nothing.
set -eu
. t/lib/story.sh
story_begin
mkfifo "$dir/go"
write_conf "$dir/ms.conf" <<CONF
[worker log]
command = ms-log
ready = notify
[worker loud]
command = yes shouting shouting shouting shouting shouting shouting
log_size = 1M
log_keep = 1
[worker bounded]
command = yes bounded
log_rate = 10/1s
log_format = json
[worker quiet]
command = sh -c 'exec 3<>$dir/go; while read x <&3; do echo "said \$\$x"; done'
[worker closed]
command = sh -c 'exec >&- 2>&-; exec sleep 1000'
CONF
start_msd "$dir/ms.conf"
await_ready quiet
exec 4>"$dir/go"
worst=0
for i in 1 2 3 4 5 6 7 8 9 10; do
	from=$(date +%s%N)
	echo $i >&4
	await "line $i" 5 'grep -q "said '$i'\$" "$dir/log/quiet.log" 2>/dev/null'
	ms=$((($(date +%s%N) - from) / 1000000))
	[ $ms -le $worst ] || worst=$ms
done
echo "the quiet worker was heard after ${worst} ms at most"
expect "within a second on a busy machine" '[ $worst -le 1000 ]'
await "dropped lines are an event" 10 \
    'msctl events --json | grep -q "\"log_dropped\",\"name\":\"bounded\".*\"reason\":\"log_rate\""'
await "and a line of the file" 10 'grep -q "\"dropped\":[0-9]*}$" "$dir/log/bounded.log"'
msctl stop loud bounded --wait >/dev/null
expect "no more than the rate is in the file" \
    '[ "$(grep -c "\"line\":\"bounded\"" "$dir/log/bounded.log")" -le 300 ]'
expect "its files are bounded" '[ "$(cat "$dir"/log/loud.log* | wc -c)" -le 2200000 ]'

# Everybody is silent now: nothing runs.
log=$(pid_of log)
ticks() { sed 's/.*) //' "/proc/$log/stat" | cut -d' ' -f12; }
switches() { sed -n 's/^voluntary_ctxt_switches:\s*//p' "/proc/$log/status"; }
sleep 2
before=$(switches)
sleep 2
expect "a silent ms-log sleeps" '[ $(($(switches) - before)) -le 2 ]'
exec 4>&-
story_end
