#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# R3: two thousand workers cost four descriptors each at most, and their start
# and stop takes four times what five hundred take, not sixteen times.
. t/lib/invariants.sh
fault_begin
many() { # COUNT: sets up_ms, down_ms, per_worker
	i=1
	while [ $i -le "$1" ]; do
		printf '[worker w%d]\ncommand = sleep 100000\n' $i
		i=$((i + 1))
	done | write_conf "$dir/ms.conf"
	since=$(now_ms)
	start_msd "$dir/ms.conf"
	msctl wait "w$1" --state ready --timeout 120s >/dev/null || fail "w$1 is not ready"
	up_ms=$(($(now_ms) - since))
	per_worker=$(($(fds_of "$msd") * 10 / $1))
	responsive
	since=$(now_ms)
	stop_msd
	down_ms=$(($(now_ms) - since))
	expect "exit 0, not $msd_code" '[ $msd_code = 0 ]'
	echo "$1 workers: up $up_ms ms, down $down_ms ms, $per_worker tenths of a descriptor each"
}
many 500
few_up=$up_ms few_down=$down_ms
many 2000
expect "four descriptors each" '[ $per_worker -le 42 ]'
expect "the start is linear: $few_up ms, $up_ms ms" '[ $up_ms -le $((few_up * 9 + 2000)) ]'
expect "the stop is linear: $few_down ms, $down_ms ms" '[ $down_ms -le $((few_down * 9 + 2000)) ]'
story_end
