#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Three hundred times in a row, with workers that die, are stopped, started,
# added and removed meanwhile, and a follower that stays: neither descriptors
# nor memory grow, and no event is lost.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000000
[worker still]
command = sleep 1000
instances = 50
[worker dies]
command = /bin/sh -c "sleep 0.02"
stable_after = 0s
instances = 3
[worker toggled]
command = sleep 1001
CONF
start_msd "$dir/ms.conf"
msctl wait still@50 --state ready --timeout 20s >/dev/null || fail "ready"
printf '[worker extra]\ncommand = sleep 1002\n' >"$dir/extra"
"$B/msctl" events -f --json >"$dir/events" 2>&1 &
follower=$!
rss() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$msd/status"; }
fds() { ls "/proc/$msd/fd" | wc -l; }
still() { msctl status --json | tr '{' '\n' | sed -n 's/.*"name":"\(still[^"]*\)".*"pid":\([0-9]*\).*/\1 \2/p'; }
still >"$dir/before"
n=0
while [ $n -lt 300 ]; do
	n=$((n + 1))
	case $((n % 4)) in
	0) msctl stop toggled >/dev/null || fail "stop" ;;
	1) msctl start toggled >/dev/null 2>&1 || : ;;
	2) msctl add "$dir/extra" >/dev/null || fail "add $n" ;;
	3) msctl stop extra --wait >/dev/null && msctl remove extra >/dev/null || fail "remove $n" ;;
	esac
	msctl reexec >"$dir/out" 2>&1 || fail "time $n: $(cat "$dir/out")"
	[ $n != 50 ] || { first_rss=$(rss) first_fds=$(fds); }
done
last_rss=$(rss) last_fds=$(fds)
echo "RSS $first_rss KiB, then $last_rss; descriptors $first_fds, then $last_fds"
still >"$dir/after"
expect "the still ones have not moved" 'cmp -s "$dir/before" "$dir/after"'
expect "descriptors do not grow" '[ "$last_fds" -le $((first_fds + 6)) ]'
# the slower the machine, the more of the ring of events (1.6 MiB) fills meanwhile
expect "memory does not grow" '[ "$last_rss" -le $((first_rss + 2048)) ]'
expect "the follower is there" 'kill -0 $follower'
await "it has seen all" 10 '[ "$(grep -c "\"how\":\"reexec\"" "$dir/events")" = 300 ]'
expect "without a gap" 'sed "s/{\"seq\":\([0-9]*\).*/\1/" "$dir/events" | awk "NR > 1 && \$1 != last + 1 { bad = 1 } { last = \$1 } END { exit bad }"'
kill $follower
wait $follower 2>/dev/null
story_end
