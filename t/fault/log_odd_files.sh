#!/bin/sh
# L7, S5: a log that is /dev/full, a pipe without a reader or one whose reader
# goes away blocks nobody.  /dev/null is not rotated.
set -eu
. t/lib/story.sh
story_begin
mkdir "$dir/log"
mkfifo "$dir/log/pipe.log"
write_conf "$dir/ms.conf" <<CONF
[worker log]
command = ms-log
ready = notify
[worker full]
command = sh -c 'head -c 2000000 /dev/zero | tr "\0" "\n"; touch $dir/full.done; exec sleep 1000'
log = file:/dev/full
[worker pipe]
command = sh -c 'head -c 2000000 /dev/zero | tr "\0" "\n"; touch $dir/pipe.done; while :; do echo still; sleep 0.1; done'
[worker null]
command = sh -c 'head -c 2000000 /dev/zero | tr "\0" "\n"; touch $dir/null.done; exec sleep 1000'
log = file:/dev/null
log_size = 4096
CONF
start_msd "$dir/ms.conf"
for w in full pipe null; do
	await "$w is not blocked" 20 '[ -e "$dir/$w.done" ]'
done
expect "/dev/null is where it was" '[ -c /dev/null ] && [ ! -e /dev/null.1 ]'
await "what /dev/full did not take is counted" 10 \
    'msctl status full --json | grep -q "\"log_dropped\":2000000"'
expect "what /dev/null took is not" \
    'msctl status null --json | grep -q "\"log_dropped\":0"'

# A reader comes, reads, goes; ms-log lives.
log=$(pid_of log)
head -n 3 "$dir/log/pipe.log" >"$dir/read"
expect "it read lines" '[ "$(wc -l <"$dir/read")" = 3 ]'
await "the loss after it is counted" 10 \
    'msctl status log --json >/dev/null; msctl events --json | grep "\"log_dropped\",\"name\":\"pipe\"" | grep -q "EPIPE\|ENXIO"'
expect "ms-log lives on" '[ "$(pid_of log)" = "$log" ]'

# msctl's reader goes away in the middle.
msctl logs pipe null full -f 2>/dev/null | head -n 0 || :
msctl events -f --json 2>/dev/null | head -n 1 >/dev/null &
msctl restart null --wait >/dev/null
wait $! 2>/dev/null || :
expect "msd lives on" 'msctl tree >/dev/null'
story_end
