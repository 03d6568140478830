#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manager's watchdog is fed from msd's loop: a msd that is stopped misses
# its beats, and what a full queue did not take is said later.
. t/lib/story.sh
story_begin
heard() { grep -q "$1" "$dir/heard"; }
count() { grep -c "$1" "$dir/heard" || :; }
manager=
drop() { kill "$manager"; wait "$manager" 2>/dev/null || :; manager=; }
trap 'code=$?; [ -z "$manager" ] || kill "$manager"; (exit $code); story_cleanup' EXIT
export NOTIFY_SOCKET="$dir/manager" WATCHDOG_USEC=400000
write_conf "$dir/ms.conf" <<'CONF'
[worker a]
command = sleep 1000
CONF

"$B/t/probes/manager" "$dir/manager" >"$dir/heard" &
manager=$!
await "the manager listens" 10 '[ -S "$dir/manager" ]'
start_msd "$dir/ms.conf"
await "beats" 10 '[ "$(count WATCHDOG=1)" -ge 5 ]'
# at half the period or sooner; the machine may be busy: the median counts
middle=$(sed -n 's/^\([0-9]*\) [0-9]* WATCHDOG=1.*/\1/p' "$dir/heard" |
    awk 'NR > 1 { print $1 - last } { last = $1 }' | sort -n | sed -n 2p)
expect "every 200 ms, not $middle" '[ "$middle" -le 250 ]'
kill -STOP "$msd"
await "msd has stopped" 10 'grep -q "^State:.T" "/proc/$msd/status"'
before=$(count WATCHDOG=1)
"$B/t/probes/chaos" pause:600 exit:0 # three periods
expect "no beat from a loop that stands" '[ "$(count WATCHDOG=1)" -le $((before + 1)) ]'
kill -CONT "$msd"
await "it beats again" 10 '[ "$(count WATCHDOG=1)" -gt $((before + 2)) ]'
msctl reexec >/dev/null || fail "reexec"
before=$(count WATCHDOG=1)
await "and beats when it has replaced itself" 10 '[ "$(count WATCHDOG=1)" -gt $((before + 3)) ]'
stop_msd

# through the guardian: the manager knows its number, the beat is msd's
drop
rm -f "$dir/manager"
"$B/t/probes/manager" "$dir/manager" >"$dir/heard" &
manager=$!
await "the manager listens again" 10 '[ -S "$dir/manager" ]'
sed 's/^\[msd\]/&\nguardian = yes/' "$dir/ms.conf" >"$dir/guarded.conf"
sh -c 'WATCHDOG_PID=$$ exec "$0" "$@"' "$B/msd" -c "$dir/guarded.conf" \
    >>"$dir/msd.out" 2>&1 &
msd=$!
await "beats through a guardian" 20 'heard READY=1 && [ "$(count WATCHDOG=1)" -ge 2 ]'
stop_msd
expect "it ends well" '[ "$msd_code" = 0 ]'
drop
rm -f "$dir/manager"

# a queue that is full
"$B/t/probes/manager" "$dir/manager" "$dir/read" >"$dir/heard" &
manager=$!
await "the queue is full" 10 'heard full'
start_msd "$dir/ms.conf"
await_ready a
expect "nobody has read" '! heard READY=1'
touch "$dir/read"
await "READY is said again" 10 'heard READY=1'
expect "once" '[ "$(count READY=1)" = 1 ]'
stop_msd
drop
story_end
