#!/bin/sh
# More than `intensity` restarts within `period`: the root gives up, msd ends
# with 1 and its last lines name the worker and how it died.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<'CONF'
[supervisor root]
intensity = 3
period = 60s
[worker good]
command = sleep 1000
[worker bad]
command = /bin/sh -c "exit 3"
backoff = 1ms..5ms
CONF
"$B/msd" -c "$dir/ms.conf" >"$dir/msd.out" 2>&1
code=$?
expect "msd ends with 1, not $code" '[ $code = 1 ]'
expect "the worker is named" 'grep -q "worker bad.*exit code 3" "$dir/msd.out"'
expect "it was restarted three times" \
    '[ "$(grep -c "ended name=bad" "$dir/msd.out")" = 4 ]'
story_end
