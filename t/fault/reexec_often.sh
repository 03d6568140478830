#!/bin/sh
# Twenty times in a row with a hundred workers, some of which die all the time:
# no death is missed, nobody else is touched, no descriptor is left over.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 100000
[worker still]
command = sleep 1000
instances = 100
[worker dies]
command = /bin/sh -c "sleep 0.03"
stable_after = 0s
instances = 5
CONF
start_msd "$dir/ms.conf"
msctl wait still@100 --state ready --timeout 20s >/dev/null || fail "ready"
pids() { msctl status --json | tr '{' '\n' | sed -n 's/.*"name":"\(still[^"]*\)".*"pid":\([0-9]*\).*/\1 \2/p'; }
pids >"$dir/before"
expect "a hundred" '[ "$(wc -l <"$dir/before")" = 100 ]'
fds() { ls -l /proc/$msd/fd | grep -cv -e pipe: -e socket:; }
begin_fds=$(ls /proc/$msd/fd | wc -l)
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	msctl reexec >"$dir/out" 2>&1 || fail "time $n: $(cat "$dir/out")"
done
pids >"$dir/after"
expect "the still ones have not moved" 'cmp -s "$dir/before" "$dir/after"'
msctl events --json >"$dir/events"
expect "twenty times" '[ "$(grep -c "\"how\":\"reexec\"" "$dir/events")" = 20 ]'
expect "events have no gap" 'sed "s/{\"seq\":\([0-9]*\).*/\1/" "$dir/events" | awk "NR > 1 && \$1 != last + 1 { bad = 1 } { last = \$1 } END { exit bad }"'
# each generation that started ends once, in order: none is missed, none doubled
expect "every death was seen once" 'sed -n "s/.*\"event\":\"exited\",\"name\":\"dies@1\",.*\"generation\":\([0-9]*\).*/\1/p" "$dir/events" |
    awk "NR > 1 && \$1 != last + 1 { bad = 1 } { last = \$1 } END { exit bad || NR < 5 }"'
sed -i '/worker dies/,$d' "$dir/ms.conf"
msctl reload >/dev/null || fail "reload"
await "the dying ones leave" 10 '! msctl status dies@5 >/dev/null 2>&1 && ! msctl status dies@1 >/dev/null 2>&1'
end_fds=$(ls /proc/$msd/fd | wc -l)
expect "no descriptor is left over: $begin_fds, then $end_fds" '[ "$end_fds" -le "$begin_fds" ]'
expect "no zombie is" '! grep -l "^PPid:[^0-9]*$msd$" /proc/[0-9]*/status 2>/dev/null | xargs -r grep -l "State:.Z" 2>/dev/null | grep -q .'
story_end
