#!/bin/sh
# The machine is short of descriptors or processes: what fits runs, the rest
# waits in backoff with the reason, nobody is charged, and all recovers.
. t/lib/story.sh
story_begin

count_state() { msctl status --json | grep -o "\"state\":\"$1\"" | wc -l; }

# 64 descriptors for 100 workers
{
	cat <<-EOF
	[supervisor root]
	intensity = 0
	EOF
	seq 100 | sed 's/.*/[worker w&]\
command = sleep 1000/'
} | write_conf "$dir/conf"
(ulimit -n 64 && exec "$B/msd" -c "$dir/conf" >>"$dir/msd.out" 2>&1) &
msd=$!
await "msd answers" 20 'msctl count >/dev/null 2>&1'
await "some wait" 10 '[ "$(count_state backoff)" -ge 50 ]'
expect "some run" '[ "$(count_state ready)" -ge 20 ]'
expect "with the reason" 'msctl status --json |
    grep -q "\"stage\":\"prepare\",\"errno\":\"EMFILE\""'
expect "eight clients at once get in" '
	for i in 1 2 3 4 5 6 7 8; do
		msctl wait w1 --state down --timeout 300ms >/dev/null 2>&1 &
	done
	msctl status w1 >/dev/null'
msctl stop w1 w2 w3 w4 --wait --timeout 10s >/dev/null || fail "stop"
await "others take their place" 20 '[ "$(count_state ready)" -ge 24 ]'
stop_msd
expect "nobody was charged" '[ "$msd_code" = 0 ]'
rm -rf "$dir/run"

# no more processes: a cgroup stands for the machine
group=/sys/fs/cgroup/pids/ms-story-$$
if ! grep -q ':pids:/$' /proc/self/cgroup || ! mkdir "$group" 2>/dev/null; then
	echo "skipped: no writable pids controller to run out of processes in"
	story_end
	exit 0
fi
leave_group() {
	code=$?
	[ -z "$msd" ] || kill -KILL "$msd" 2>/dev/null
	for try in 1 2 3 4 5 6 7 8 9; do rmdir "$group" 2>/dev/null && break; done
	[ ! -d "$group" ] || { sleep 1; rmdir "$group"; }
	return $code
}
trap 'leave_group; story_cleanup' EXIT
write_conf "$dir/conf" <<EOF
[supervisor root]
intensity = 1
[worker a]
command = sleep 1000
[worker b]
command = sleep 1000
[worker c]
command = sleep 1000
EOF
sh -c 'echo $$ >'"$group/cgroup.procs"'; exec "$0" -c "$1"' \
    "$B/msd" "$dir/conf" >>"$dir/msd.out" 2>&1 &
msd=$!
await "msd answers" 20 'msctl count >/dev/null 2>&1'
for name in a b c; do await_ready $name; done
a=$(pid_of a)
echo 3 >"$group/pids.max" # msd, b, c
kill -9 "$(pid_of b)"
await "b cannot be started" 10 'msctl status b --json |
    grep -q "\"stage\":\"fork\",\"errno\":\"EAGAIN\""'
expect "and waits" '[ "$(state_of b)" = backoff ]'
expect "a never noticed" '[ "$(pid_of a)" = "$a" ]'
echo max >"$group/pids.max"
await_ready b
stop_msd
expect "nobody was charged" '[ "$msd_code" = 0 ]'
story_end
