#!/bin/sh
# L1: the disk of the logs is full (64 KiB) while a worker writes 8 MB.  It is
# not blocked, what is dropped is counted and told, one warning is said, and
# lines come again when there is room.
set -eu
if [ -z "${LOG_DISK:-}" ]; then
	unshare -m true 2>/dev/null || { echo "skipped: no mount namespace"; exit 0; }
	LOG_DISK=$(mktemp -d "${TMPDIR:-/tmp}/ms-disk.XXXXXX")
	export LOG_DISK
	code=0
	unshare -m sh "$0" "$@" || code=$?
	rmdir "$LOG_DISK"
	exit $code
fi
mount -t tmpfs -o size=64k tmpfs "$LOG_DISK"
. t/lib/story.sh
story_begin
mkfifo "$dir/go"
cat >"$dir/ms.conf" <<CONF
[msd]
run_dir = $dir/run
log_dir = $LOG_DISK
state_dir = $dir/state
[worker log]
command = ms-log
ready = notify
log = file:$dir/collector.log
[worker loud]
command = sh -c 'yes 0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopq | head -c 8000000; touch $dir/done; while read x; do echo "again \$\$x"; done <$dir/go; exec sleep 1000'
CONF
start_msd "$dir/ms.conf"
await "8 MB are written, the worker was not blocked" 20 '[ -e "$dir/done" ]'
await "the loss is an event" 10 'msctl events --json | grep -q "\"log_dropped\",\"name\":\"loud\".*\"reason\":\"ENOSPC\""'
await "and is counted" 10 \
    'msctl status loud --json | grep -q "\"log_dropped\":[1-9][0-9]"'
expect "the card says so" 'msctl status loud | grep -q "lines dropped"'
expect "one warning" '[ "$(grep -c "lines are dropped" "$dir/collector.log")" = 1 ]'
# the confession may have found room already
expect "what is in the file is whole lines" \
    '[ "$(grep -v "\[ms-log: .*\]$" "$LOG_DISK/loud.log" | grep -cv "loud\[[0-9]*\] [0-9a-z]*$")" = 0 ]'
cp "$LOG_DISK/loud.log" "$dir/before"

: >"$LOG_DISK/loud.log"
exec 3>"$dir/go"
echo 1 >&3
await "lines come again" 10 'grep -q "again 1" "$LOG_DISK/loud.log"'
expect "the loss is confessed in the file" \
    'cat "$dir/before" "$LOG_DISK/loud.log" | grep -q "[0-9] lines dropped here: No space left"'
expect "nothing is lost any more" 'grep -q "is written again" "$dir/collector.log"'
expect "msd answers" 'msctl tree >/dev/null'
exec 3>&-
story_end
umount "$LOG_DISK" 2>/dev/null || :
