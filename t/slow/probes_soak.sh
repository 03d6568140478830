#!/bin/sh
# Thousands of probes of each kind leave neither memory nor descriptors nor
# processes behind.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[worker exec]
command = sleep 1000
check = exec:/bin/sh -c "echo \$\$\$\$; exit 1"
check_interval = 10ms
check_failures = 1000
instances = 10
[worker hang]
command = sleep 1000
check = exec:sleep 999
check_interval = 10ms
check_timeout = 20ms
check_failures = 1000
instances = 5
[worker unix]
command = sleep 1000
check = unix:$dir/s
check_interval = 10ms
listen = s=unix:$dir/s
[worker tcp]
command = sleep 1000
check = tcp:127.0.0.1:1
check_interval = 10ms
check_failures = 1000
CONF
start_msd "$dir/ms.conf"
fds() { ls "/proc/$msd/fd" | wc -l; }
rss() { awk '/^Rss:/ { print $2 }' "/proc/$msd/smaps_rollup"; }
probes() { msctl status --json | grep -o '"check_failures":[0-9]*' | awk -F: '{ n += $2 } END { print n }'; }

await_ready tcp
await "the first thousand" 60 '[ "$(probes)" -ge 1000 ]'
fds=$(fds) rss=$(rss)
await "ten thousand more" 240 '[ "$(probes)" -ge 11000 ]'
expect "no descriptor is left ($fds, now $(fds))" '[ "$(fds)" -le $((fds + 40)) ]'
expect "memory is as it was ($rss KiB, now $(rss))" '[ "$(rss)" -le $((rss + 300)) ]'
await "no zombie stays" 10 '! grep -l "^PPid:.$msd$" /proc/[0-9]*/status 2>/dev/null | xargs grep -l "^State:.Z" 2>/dev/null | grep -q .'
echo "probes: $(probes), rss $rss -> $(rss) KiB"
story_end
