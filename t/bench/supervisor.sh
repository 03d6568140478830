#!/bin/sh
# The supervisor alone: deaths, starts, memory, idle.  Workers are `sleep`;
# `peer` is a bare loop of posix_spawn, kill and waitpid with the same program.
# Prints `name value unit`; medians where something is repeated.
set -eu
B=${B:-build/release}
export LC_ALL=C
# in memory: a file system that makes and forgets thousands of log files is
# not what is measured here
[ -w /dev/shm ] && tmp=/dev/shm || tmp=/tmp
dir=$(mktemp -d "${TMPDIR:-$tmp}/ms-bench.XXXXXX")
MS_SOCKET=$dir/run/msd.sock
export MS_SOCKET
msd=
bench() { "$B/t/bench/supervisor" "$@"; }
stop_msd() {
	[ -z "$msd" ] || { kill "$msd" 2>/dev/null && wait "$msd" || :; }
	msd=
}
trap 'stop_msd; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

write_conf() { # WORKERS
	rm -rf "$dir/run" "$dir/log"
	cat >"$dir/conf" <<-EOF
	[msd]
	run_dir = $dir/run
	log_dir = $dir/log
	state_dir = $dir/state
	[supervisor root]
	intensity = 1000000
	period = 1s
	EOF
	seq "$1" | sed 's/.*/[worker w&]\
	command = sleep infinity\
	stable_after = 0s\
	backoff = 0ms..0ms/' >>"$dir/conf"
}
start_msd() { # WORKERS
	write_conf "$1"
	"$B/msd" -c "$dir/conf" >"$dir/msd.out" 2>&1 &
	msd=$!
	until [ -S "$MS_SOCKET" ]; do kill -0 "$msd"; done
	"$B/msctl" wait root --state ready --timeout 60s >/dev/null
}
pss() { awk '/^Pss:/ { print $2 }' "/proc/$msd/smaps_rollup"; }
fds() { ls "/proc/$msd/fd" | wc -l; }
wakeups() { awk '/ctxt_switches/ { s += $2 } END { print s }' "/proc/$msd/status"; }

start_msd 10
few=$(fds)
before=$(wakeups)
sleep 10 # idle
echo "supervisor.wakeups.idle $(awk "BEGIN { print ($(wakeups) - $before) / 10 }") per_s"
ten=$(pss)
echo "supervisor.pss.10idle $ten kib"
bench restart "$MS_SOCKET" 2000
stop_msd

start_msd 510
echo "supervisor.pss.per_worker $(awk "BEGIN { printf \"%.2f\", ($(pss) - $ten) / 500 }") kib"
echo "supervisor.fds.per_worker $(awk "BEGIN { print ($(fds) - $few) / 500 }") count"
stop_msd

start_msd 500
bench mass "$MS_SOCKET"
bench growth "$MS_SOCKET" "$msd" "${GROWTH_ROUNDS:-60}"
stop_msd
bench peer 500 sleep infinity

start_msd 1000
bench status "$MS_SOCKET"
stop_msd
for n in 1000 2000; do
	write_conf $n
	bench start "$MS_SOCKET" "$B/msd" "$dir/conf" 2>"$dir/msd.out"
done
