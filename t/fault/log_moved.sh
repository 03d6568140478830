#!/bin/sh
# L2: the log is renamed, truncated, removed, its directory too, and ms-log is
# told USR1: what is said afterwards is under the name within a second, and
# msctl logs -f has all of it.
set -eu
. t/lib/story.sh
story_begin
mkfifo "$dir/go"
write_conf "$dir/ms.conf" <<CONF
[worker log]
command = ms-log
ready = notify
log = file:$dir/collector.log
[worker w]
command = sh -c 'exec 3<>$dir/go; while read x <&3; do echo "line \$\$x"; done'
CONF
start_msd "$dir/ms.conf"
await_ready log
await_ready w
exec 4>"$dir/go"
f=$dir/log/w.log
say() { echo "$1" >&4; }
written() { await "line $1 is in the file" 3 'grep -q "line '"$1"'\$" "$f" 2>/dev/null'; }

say 1; written 1
"$B/msctl" logs w -f >"$dir/followed" 2>&1 &
follower=$!
await "the follower has begun" 5 'grep -q "line 1\$" "$dir/followed"'

mv "$f" "$f.moved"
until grep -q "line 2" "$f" 2>/dev/null; do say 2; sleep 0.05; done
expect "the moved file got nothing for more than a second" \
    '[ "$(grep -c "line 2" "$f.moved")" -le 25 ]'

say "2, long enough that a truncation is seen"
await "the follower is there" 5 'grep -q "line 2, long" "$dir/followed"'
: >"$f"
say 3; written 3
rm "$f"
sleep 0.3
say 4; written 4
mv "$f" "$f.old"
kill -USR1 "$(pid_of log)"
sleep 0.1
say 5; written 5
expect "after USR1 not one line went into the old file" '! grep -q "line 5" "$f.old"'
mv "$f" "$f.older"
kill -USR1 "$msd"
sleep 0.1
say 6; written 6
expect "the same through msd" '! grep -q "line 6" "$f.older"'
rm -r "$dir/log"
sleep 0.3
say 7; written 7
for i in 1 2 3 4 5 6; do
	await "the follower has line $i" 5 'grep -q "line '$i'\$" "$dir/followed"'
done
kill "$follower"; wait "$follower" 2>/dev/null || :
exec 4>&-
story_end
