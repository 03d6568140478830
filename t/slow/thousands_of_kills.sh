#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Three thousand kills of anybody, some at once, in groups and dependencies: at the
# end everybody is there, once, and every death has been told once.
. t/lib/invariants.sh
fault_begin
{
	printf '[supervisor root]\nintensity = 1000000\n'
	for s in one_for_one one_for_all rest_for_one; do
		printf '[supervisor %s]\nstrategy = %s\nintensity = 1000000\n' $s $s
		for n in 1 2 3 4 5; do
			printf '[worker %s%d]\nsupervisor = %s\ncommand = %s lock:%s/%s%d.lock fork:1 setsid-orphan:1 say:READY=1\nready = notify\nstable_after = 0s\n' \
			    $s $n $s "$chaos" "$dir" $s $n
		done
	done
	printf '[worker base]\ncommand = %s say:READY=1\nready = notify\nstable_after = 0s\n' "$chaos"
	printf '[worker user]\ncommand = %s say:READY=1\nready = notify\nstable_after = 0s\nrequires = base\n' "$chaos"
} | write_conf "$dir/ms.conf"
start_msd "$dir/ms.conf"
await_ready user
all_ready() { [ "$(workers | awk '$2 == "ready"' | wc -l)" = 17 ]; }
await "all are there" 10 all_ready
kills=0 round=0 warm=
while [ $kills -lt 3000 ]; do
	round=$((round + 1))
	victims=$(workers | awk -v seed=$round 'BEGIN { srand(seed) } $3 != "null" && rand() < .4 { print $3 }')
	for victim in $victims; do
		! kill -KILL "$victim" 2>/dev/null || kills=$((kills + 1))
	done
	if [ -z "$warm" ] && [ $kills -gt 1800 ]; then # the ring of events is full
		await "all are there" 30 all_ready
		baseline
		warm=1 GROWTH_KIB=256
	fi
	[ $((round % 10)) != 0 ] || { responsive; events_are_whole; }
done
await "all are there again" 30 all_ready
expect "nobody has met the lock of the one before" \
    '! msctl events --json | grep "\"exited\"" | grep -q "\"code\":97"'
expect "one family each: $(kin | wc -l)" '[ "$(kin | wc -l)" = 47 ]'
invariants
asleep
fault_end
