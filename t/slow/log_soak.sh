#!/bin/sh
# Half a minute of everything at once: three who shout into small files, two
# hundred quiet workers, crashes with last words, ms-log killed now and then.
# The quiet are heard, files stay under their caps, nobody grows.
set -eu
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000000
[worker log]
command = ms-log
ready = notify
backoff = 0ms..0ms
stable_after = 0s
[worker loud]
command = yes loud loud loud loud loud loud loud
instances = 3
log_size = 256K
log_total = 1M
log_age = 1s
[worker crasher]
command = sh -c 'echo "born \$\$MS_GENERATION"; sleep 0.05; printf "last of \$\$MS_GENERATION"; exit 3'
backoff = 0ms..0ms
stable_after = 0s
log_keep = 1000
[worker quiet]
command = sh -c 'i=0; while :; do i=\$\$((i + 1)); echo "tick \$\$i"; sleep 1; done'
instances = 200
CONF
start_msd "$dir/ms.conf"
await_ready quiet@200
rss() { awk '/^Rss:/ { print $2 }' "/proc/$1/smaps_rollup"; }
fds() { ls "/proc/$1/fd" | wc -l; }
sleep 5
before=$(rss "$msd") before_fds=$(fds "$msd")
round=0
while [ $round -lt 5 ]; do
	round=$((round + 1))
	sleep 4
	pid=$(pid_of log)
	kill -KILL "$pid"
	await_other_pid log "$pid"
	for w in loud@1 loud@2 loud@3; do
		bytes=$(cat "$dir/log/$w.log"* 2>/dev/null | wc -c)
		expect "$w is under its cap, not at $bytes" '[ $bytes -le 1200000 ]'
	done
done
sleep 3
log=$(pid_of log)
expect "msd has not grown from $before to $(rss "$msd") KiB" '[ "$(rss "$msd")" -le $((before + 3000)) ]'
expect "nor its descriptors" '[ "$(fds "$msd")" -le $((before_fds + 3)) ]'
expect "ms-log has what it needs: $(rss "$log") KiB" '[ "$(rss "$log")" -le 12000 ]'
expect "the quiet were heard all the time" \
    '[ "$(msctl logs quiet@77 -n 1000 | grep -c tick)" -ge 20 ]'
msctl stop crasher --wait >/dev/null
sleep 1
msctl logs crasher -n 1000000 >"$dir/crasher"
# only where ms-log was away or behind, generations may have shared a pipe
mixed=$(grep -c "born.*last\|last.*born" "$dir/crasher" || :)
expect "words of two generations stand in $mixed lines" '[ "$mixed" -le 10 ]'
deaths=$(grep -c "last of" "$dir/crasher")
born=$(grep -c "born" "$dir/crasher")
echo "crasher: $born born, $deaths last words, $mixed mixed; msd $before -> $(rss "$msd") KiB"
expect "last words are kept" '[ $deaths -ge $((born - 7)) ]'
story_end
