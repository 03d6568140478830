#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ms-metrics starts while the disk of run_dir is full: it goes without a
# history, and keeps one as soon as there is room.
B=${B:-build/release}
if [ -z "$NO_ROOM_INSIDE" ]; then
	unshare -rm true 2>/dev/null || { echo "skipped: no namespaces"; exit 0; }
	NO_ROOM_INSIDE=1 exec unshare -rm sh "$0"
fi
set -eu
. t/lib/story.sh
. t/lib/metrics.sh
story_begin
leave() {
	left_with=$?
	set +e
	umount -l "$dir/run" 2>/dev/null
	(exit $left_with) # what story_cleanup ends with
	story_cleanup
}
trap leave EXIT
mkdir "$dir/run"
mount -t tmpfs -o size=2m none "$dir/run" || { echo "skipped: no mount"; exit 0; }
write_metrics_conf "sample_interval = 1s"
start_msd "$dir/ms.conf"
await_ready metrics
await "there is a history" 10 '[ -s "$dir/run/metrics.history" ]'

msctl stop metrics
rm "$dir/run/metrics.history"
dd if=/dev/zero of="$dir/run/filler" bs=4k 2>/dev/null || :
msctl start metrics
await_ready metrics
await "it says that there is none" 10 \
    'grep -q "no history is written" "$dir/log/metrics.log"'
rm "$dir/run/filler"
await "there is one again" 10 '[ -s "$dir/run/metrics.history" ]'
await "it is read" 30 'msctl top --replay -n 1 >/dev/null 2>&1'
[ "$(grep -c "no history is written" "$dir/log/metrics.log")" = 1 ] ||
    fail "it is said more than once"
stop_msd
story_end
