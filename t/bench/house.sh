#!/bin/sh
# The whole house: start, restart, memory, idle, publishing, storing.
# Prints `name value unit`; medians where something is repeated.
set -eu
B=${B:-build/release}
export LC_ALL=C
dir=$(mktemp -d "${TMPDIR:-/tmp}/ms-bench.XXXXXX")
chmod 755 "$dir"
MS_SOCKET=$dir/run/msd.sock MS_RUN_DIR=$dir/run MS_DEV_DIR=$dir
export MS_SOCKET MS_RUN_DIR MS_DEV_DIR
msd=
ctl() { "$B/msctl" "$@"; }
stop_msd() {
	[ -z "$msd" ] || { kill "$msd" 2>/dev/null && wait "$msd" || :; }
	msd=
}
cleanup() {
	stop_msd
	if [ -L "$dir/postgres" ]; then rm -rf "$(readlink "$dir/postgres")"; fi
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

now_ms() { echo $(($(date +%s%N) / 1000000)); }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
start_msd() { # CONFIG
	"$B/msd" -c "$1" >"$dir/msd.out" 2>&1 &
	msd=$!
	until [ -S "$MS_SOCKET" ]; do kill -0 "$msd"; done
	for name in log config bus pool persist; do
		ctl wait "$name" --state ready --timeout 60s >/dev/null
	done
}

# The core alone: the development tree without its databases, and with every
# restart immediate so that many can be measured.
awk '/^\[/ { skip = /postgres\]|redis\]|backends\]/ } !skip' etc/dev.conf |
    sed '/^ready/a stable_after = 0s' >"$dir/core.conf"

for i in 1 2 3 4 5 6 7; do
	rm -rf "$dir/run" "$dir/log" "$dir/state"
	begun=$(now_ms)
	start_msd "$dir/core.conf"
	echo $(($(now_ms) - begun))
	stop_msd
done >"$dir/boot"
echo "house.boot.core $(median <"$dir/boot") ms"

start_msd "$dir/core.conf"
"$B/t/bench/restart" "$MS_SOCKET" 20 log config bus pool persist
pids=$(ctl status --json | grep -o '"pid":[0-9]*' | cut -d: -f2)
pss=0
for pid in $msd $pids; do
	kb=$(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup")
	pss=$((pss + kb))
done
echo "house.core.pss $(awk "BEGIN { printf \"%.1f\", $pss / 1024 }") mib"

ticks() { for p in $msd $pids; do awk '{ print $14 + $15 }' "/proc/$p/stat"; done |
    awk '{ s += $1 } END { print s }'; }
before=$(ticks)
sleep 60 # an idle minute
echo "house.core.idle_cpu $(awk "BEGIN { printf \"%.3f\", ($(ticks) - $before) / $(getconf CLK_TCK) / 60 * 100 }") pct"

sh t/data/make-agents.sh 1000000 >"$dir/million.ndjson"
for i in 1 2 3; do
	sed "s/\"id\":\"/\"id\":\"$i-/" "$dir/million.ndjson" >"$dir/run.ndjson"
	ctl bus pub --file "$dir/run.ndjson" --json |
	    sed 's/.*"events_per_s":\([0-9]*\).*/\1/'
done >"$dir/published"
echo "house.publish_file.written $(median <"$dir/published") events/s"
stop_msd

# With PostgreSQL: from the first publish to the last row committed.
rm -rf "$dir/run" "$dir/state" "$dir/run.ndjson"
head -n 200000 "$dir/million.ndjson" >"$dir/some.ndjson"
start_msd etc/dev.conf
count() { psql -h "$dir/postgres/socket" -U ms ms -Atc \
    'select count(*) from ms_framework.event_store'; }
begun=$(now_ms)
ctl bus pub --file "$dir/some.ndjson" >/dev/null
until [ "$(count)" -ge 200000 ]; do :; done
echo "house.to_postgres $((200000 * 1000 / ($(now_ms) - begun))) events/s"
