#!/bin/sh
# A msd that crashes again and again comes back later and later, each time
# logged; TERM ends the pause at once; a start without a readable
# configuration is passed on.
. t/lib/story.sh
story_begin
ulimit -c 0
export ASAN_OPTIONS=handle_segv=0 # the real signal, please
write_conf "$dir/ms.conf" <<CONF
guardian = yes
[worker a]
command = sleep 1000
CONF
start_msd "$dir/ms.conf"
for n in 1 2 3 4 5; do
	await_ready a
	old=$(msd_pid)
	kill -SEGV "$old"
	await "msd $n comes back" 5 'now=$(msd_pid) && [ -n "$now" ] && [ "$now" != "$old" ]'
done
expect "each crash is logged" \
    '[ "$(grep -c "msd has crashed how=\"killed by SEGV\"" "$dir/msd.out")" = 5 ]'
pauses=$(sed -n 's/.*msd has crashed .*restart_ms=//p' "$dir/msd.out" | tr '\n' ' ')
last=${pauses% }
expect "the pauses grow: $pauses" '[ "${last##* }" -ge 1000 ] && [ "${pauses%% *}" -le 120 ]'
kill -9 "$(msd_pid)"
await "the pause" 5 '[ "$(grep -c "msd has crashed" "$dir/msd.out")" = 6 ]'
begin=$(date +%s%3N)
stop_msd
took=$(($(date +%s%3N) - begin))
expect "TERM in the pause ends with 0, not $msd_code" '[ "$msd_code" = 0 ]'
expect "at once, not after $took ms" '[ $took -lt 1000 ]'

start_msd "$dir/ms.conf"
await_ready a
echo nonsense >>"$dir/ms.conf"
kill -9 "$(msd_pid)"
code=0; wait "$msd" || code=$?
msd=
expect "a configuration that is broken by then ends it with 6, not $code" '[ $code = 6 ]'
story_end
