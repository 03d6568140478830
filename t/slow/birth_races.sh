#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# F2: msd is killed at any moment of its workers' births, a hundred times, and
# nobody outlives it.  C4: of five that start together one runs, fifty times.
. t/lib/invariants.sh
fault_begin
i=1
while [ $i -le 30 ]; do
	printf '[worker w%d]\ncommand = %s\n' $i "$chaos"
	i=$((i + 1))
done | write_conf "$dir/ms.conf"
case_ F2 "killed between fork and exec"
round=0
while [ $round -lt 100 ]; do
	"$B/msd" -c "$dir/ms.conf" >>"$dir/msd.out" 2>&1 & msd=$!
	# from the first birth on, later in each round
	await "births" 10 '[ -e "$dir/run/msd.pid" ]'
	spin=0
	while [ $spin -lt $((round * 40)) ]; do spin=$((spin + 1)); done
	kill -KILL "$msd"
	wait "$msd" 2>/dev/null || :
	msd=
	await "F2: round $round: nobody outlives it: $(kin)" 5 '[ -z "$(kin)" ]'
	rm -f "$dir/run/msd.pid"
	round=$((round + 1))
done
case_ C4 "five at once"
printf '[worker a]\ncommand = %s\n' "$chaos" | write_conf "$dir/ms.conf"
round=0
while [ $round -lt 50 ]; do
	racers=
	for n in 1 2 3 4 5; do
		"$B/msd" -c "$dir/ms.conf" >>"$dir/msd.out" 2>&1 & racers="$racers $!"
	done
	await "one answers" 20 '[ "$(state_of a)" = ready ]'
	holder=$(msctl version --json | sed 's/.*"pid":\([0-9]*\).*/\1/')
	for racer in $racers; do
		[ "$racer" != "$holder" ] || continue
		code=0; wait "$racer" || code=$?
		expect "C4: exit 7, not $code" '[ $code = 7 ]'
	done
	msd=$holder
	stop_msd
	expect "C4: exit 0, not $msd_code" '[ $msd_code = 0 ]'
	round=$((round + 1))
done
story_end
