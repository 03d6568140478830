#!/bin/sh
# Numbers and what stands on them: an update, an export, a task of a work
# queue, and what the idle core and `msctl status` cost.
set -eu
B=${B:-build/release}
"$B/t/bench/metrics"
for part in metrics_export workq; do
	[ ! -x "$B/t/bench/$part" ] || "$B/t/bench/$part"
done

# ---- the whole core at rest; a minute, as ms-metrics looks at everything every
# ten seconds ----
export LC_ALL=C
dir=$(mktemp -d "${TMPDIR:-/tmp}/ms-bench.XXXXXX")
chmod 755 "$dir"
MS_SOCKET=$dir/run/msd.sock MS_RUN_DIR=$dir/run MS_DEV_DIR=$dir
MS_DEV_METRICS=127.0.0.1:0
export MS_SOCKET MS_RUN_DIR MS_DEV_DIR MS_DEV_METRICS
msd=
cleanup() {
	[ -z "$msd" ] || { kill "$msd" 2>/dev/null && wait "$msd" || :; }
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The development tree without its databases, and with a guardian.
awk '/^\[/ { skip = /postgres\]|redis\]|backends\]/ } !skip' etc/dev.conf |
    sed 's/^guardian.*//; s/^\[msd\]/&\nguardian = yes/' >"$dir/core.conf"
"$B/msd" -c "$dir/core.conf" >"$dir/msd.out" 2>&1 &
msd=$!
until [ -S "$MS_SOCKET" ]; do kill -0 "$msd"; done
for name in log config metrics bus pool persist; do
	"$B/msctl" wait "$name" --state ready --timeout 60s >/dev/null
done

# The guardian, its msd, and their children.
pids=$(for p in $msd $(pgrep -P "$msd") $("$B/msctl" status --json |
    grep -o '"pid":[0-9]*' | cut -d: -f2); do echo "$p"; done | sort -u)
ticks() { for p in $pids; do awk '{ print $14 + $15 }' "/proc/$p/stat"; done |
    awk '{ s += $1 } END { print s }'; }

sleep 5 # what a start leaves to do
before=$(ticks)
sleep 60
after=$(ticks)
for p in $pids; do awk '/^Pss:/ { print $2 }' "/proc/$p/smaps_rollup"; done |
    awk '{ s += $1 } END { printf "core.pss %.1f mib\n", s / 1024 }'
echo "$before $after $(getconf CLK_TCK)" |
    awk '{ printf "core.idle_cpu %.3f pct\n", ($2 - $1) / $3 / 60 * 100 }'
echo "core.processes $(echo "$pids" | wc -w) processes"

# How well everybody is, a hundred times a second.
"$B/t/bench/health" "$MS_SOCKET" 1000 100

# Cold: a new process each time, from fork to exit.
"$B/t/bench/spawn" 101 "$B/msctl" status >"$dir/took"
awk '{ print "msctl.status", $1, "ms" }' "$dir/took"
