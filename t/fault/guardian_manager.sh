#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the manager above hears of crashes and of a re-exec: beats without a
# hole, also while msd is away; a status that says why; READY after each start,
# and no turn at all for a re-exec.
. t/lib/story.sh
story_begin
count() { grep -c "$1" "$dir/heard" || :; }
manager=
trap 'code=$?; [ -z "$manager" ] || kill "$manager"; (exit $code); story_cleanup' EXIT
export NOTIFY_SOCKET="$dir/manager" WATCHDOG_USEC=1500000
write_conf "$dir/ms.conf" <<'CONF'
guardian = yes
[worker a]
command = sleep 1000
CONF
"$B/t/probes/manager" "$dir/manager" >"$dir/heard" &
manager=$!
await "the manager listens" 10 '[ -S "$dir/manager" ]'
sh -c 'WATCHDOG_PID=$$ exec "$0" "$@"' "$B/msd" -c "$dir/ms.conf" >>"$dir/msd.out" 2>&1 &
msd=$!
for n in 1 2 3 4 5; do
	await "ready for the time $n" 20 '[ "$(count READY=1)" = '$n' ]'
	kill -9 "$(msd_pid)"
done
await "ready again" 20 '[ "$(count READY=1)" = 6 ]'
expect "each crash was told" '[ "$(count "STATUS=msd crashed (killed by KILL), starting it again")" -ge 5 ]'
pause=$(sed -n 's/.*restart_ms=\([0-9]*\).*/\1/p' "$dir/msd.out" | tail -n 1)
expect "the last pause is longer than half of the watchdog: $pause" '[ "$pause" -gt 800 ]'
msctl reexec >/dev/null || fail "reexec"
beats=$(count WATCHDOG=1)
await "beats after a re-exec" 10 '[ "$(count WATCHDOG=1)" -gt $((beats + 1)) ]'
expect "which is no turn" '[ "$(count READY=1)" = 6 ] && [ "$(count STOPPING=1)" = 0 ] && [ "$(count RELOADING=1)" = 0 ]'
hole=$(sed -n 's/^\([0-9]*\) [0-9]* .*WATCHDOG=1.*/\1/p' "$dir/heard" |
    awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { print most }')
expect "no hole is longer than the watchdog, $hole ms" '[ "$hole" -lt 1500 ]'
stop_msd
expect "it ends well" '[ "$msd_code" = 0 ]'
expect "and says so" '[ "$(count STOPPING=1)" = 1 ]'
kill "$manager"; wait "$manager"; manager=
story_end
