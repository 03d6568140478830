#!/bin/sh
# Programs of probes: at most sixteen at once over all workers, no stranger's
# leftover while they run, gone with their worker.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
mkdir "$dir/at"
# counts itself among those that run now
cat >"$dir/counted" <<SH
: >"$dir/at/\$\$"
ls "$dir/at" | wc -l >>"$dir/counts"
sleep 0.1
rm "$dir/at/\$\$"
SH
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
[worker many]
command = sleep 1000
check = exec:/bin/sh $dir/counted
check_interval = 50ms
check_timeout = 20s
instances = 30
[worker nameless]
command = sleep 1000
check = exec:env -i /bin/sh -c "echo \$\$\$\$ >>$dir/nameless; sleep 1; exit 0"
check_interval = 20ms
check_failures = 1
[worker dies]
command = $N pause:100 exit:1
backoff = 0ms..0ms
[worker stuck]
command = sleep 1000
check = exec:/bin/sh -c "trap '' TERM; echo \$\$\$\$ >$dir/stuck; setsid sleep 99$$ & sleep 99$$"
check_interval = 20ms
check_timeout = 100s
[worker context]
command = sleep 1000
cwd = $dir/at
env = COLOUR=red
check = exec:/bin/sh -c "echo \$\$COLOUR \$\$PWD \$\$MS_NAME \$\$MAINPID \$\${NOTIFY_SOCKET-none} >$dir/context"
check_interval = 20ms
CONF
start_msd "$dir/ms.conf"
await "probes ran" 30 '[ -s "$dir/counts" ] && [ "$(wc -l <"$dir/counts")" -ge 90 ]'
expect "never more than 16 at once" '[ "$(sort -n "$dir/counts" | tail -1)" -le 16 ]'
expect "but as many as that" '[ "$(sort -n "$dir/counts" | tail -1)" -ge 10 ]'

await "the context is the worker's" 10 \
    '[ "$(cat "$dir/context" 2>/dev/null)" = "red $dir/at context $(pid_of context) none" ]'

await "two probes without a name have run while others died" 20 \
    '[ "$(wc -l <"$dir/nameless")" -ge 3 ]'
expect "there were deaths" '[ "$(msctl events --json | grep -c "\"exited\",\"name\":\"dies\"")" -ge 5 ]'
expect "and the probes were not taken along" \
    'msctl status nameless --json | grep -q "\"check_failures\":0,.*\"check_said\":null"'

# msd is out of descriptors: nobody is sick for that.  (The sanitizers' build
# forks, which makes libev renew its epoll descriptor at any time.)
if [ "${MODE:-release}" != asan ]; then
	prlimit --pid "$msd" --nofile=3: || fail "prlimit"
	await "it says so" 10 'grep -q "cannot probe name=nameless" "$dir/msd.out"'
	prlimit --pid "$msd" --nofile=1024: || fail "prlimit"
	expect "no check has failed" '! msctl events --json | grep -q "\"check_failed\""'
fi

await "a probe is stuck" 10 '[ -s "$dir/stuck" ]'
stuck=$(cat "$dir/stuck")
expect "it runs" 'kill -0 "$stuck"'
msctl stop stuck --wait --timeout 10s >/dev/null || fail "stop"
expect "the probe went with its worker" '! kill -0 "$stuck" 2>/dev/null'
await "and what the probe had left behind" 5 '! pgrep -f "^sleep 99$$\$" >/dev/null'
story_end
