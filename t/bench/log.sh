#!/bin/sh
# How much ms-log takes from one worker that says all it can, and how long a
# line of a quiet one takes to its file meanwhile.  Prints `name value unit`.
set -eu
B=${B:-build/release}
export LC_ALL=C
tmp=${TMPDIR:-/tmp}
[ -d /dev/shm ] && [ -w /dev/shm ] && tmp=/dev/shm
dir=$(mktemp -d "$tmp/ms-bench.XXXXXX")
MS_SOCKET=$dir/run/msd.sock
export MS_SOCKET
msd=
cleanup() {
	[ -z "$msd" ] || { kill "$msd" 2>/dev/null && wait "$msd" || :; }
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
ctl() { "$B/msctl" "$@"; }
now_us() { echo $(($(date +%s%N) / 1000)); }

mkfifo "$dir/go" "$dir/quiet"
lines=3000000
cat >"$dir/ms.conf" <<CONF
[msd]
run_dir = $dir/run
log_dir = $dir/log
state_dir = $dir/state
[worker log]
command = ms-log
ready = notify
[worker text]
command = sh -c 'while read form <&3; do yes 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde | head -n $lines; echo end; done 3<>$dir/go'
log_size = 16M
log_keep = 1
[worker json]
command = sh -c 'while read form <&3; do yes 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde | head -n $lines; echo end; done 3<>$dir/go.json'
log_size = 16M
log_keep = 1
log_format = json
[worker loud]
command = sh -c 'read x <$dir/go.loud; exec yes shouting shouting shouting shouting shouting shouting'
log_size = 16M
log_keep = 1
[worker quiet]
command = sh -c 'exec 3<>$dir/quiet; while read x <&3; do echo "said \$\$x"; done'
CONF
mkfifo "$dir/go.json" "$dir/go.loud"
"$B/msd" -c "$dir/ms.conf" >"$dir/msd.out" 2>&1 &
msd=$!
until ctl wait quiet --timeout 10s >/dev/null 2>&1; do kill -0 "$msd"; done

measure() { # NAME FIFO FILE
	begun=$(now_us)
	echo go >"$2"
	until tail -c 200 "$3" 2>/dev/null | grep -q 'end"*}*$'; do :; done
	us=$(($(now_us) - begun))
	echo "$1 $((lines * 1000 / (us / 1000))) lines/s"
	[ "$1" != log.lines ] || echo "log.bytes $((lines * 64 / us)) mb/s"
}
measure log.lines "$dir/go" "$dir/log/text.log"
measure log.json "$dir/go.json" "$dir/log/json.log"

# Of lines that are asked for one by one, next to one who shouts.
echo go >"$dir/go.loud"
i=0
while [ $i -lt 50 ]; do
	i=$((i + 1))
	begun=$(now_us)
	echo $i >"$dir/quiet"
	until grep -q "said $i\$" "$dir/log/quiet.log" 2>/dev/null; do :; done
	echo $((($(now_us) - begun) / 100))
done | sort -n >"$dir/waits"
awk '{ v[NR] = $1 / 10 } END { print "log.beside_a_shouter.p50 " v[int((NR + 1) / 2)] " ms";
    print "log.beside_a_shouter.max " v[NR] " ms" }' "$dir/waits"
