#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# R2, S11: thirty thousand deaths and births leave msd as large as it was, with
# as many descriptors, and no zombie.
. t/lib/invariants.sh
fault_begin
{
	printf '[supervisor root]\nintensity = 1000000\non_initial_failure = retry\n'
	for n in 1 2 3 4 5 6 7 8; do
		printf '[worker w%d]\ncommand = %s say:READY=1 exit:%d\nready = notify\nbackoff = 0ms..0ms\nstable_after = 0s\n' \
		    $n "$chaos" $n
	done
	printf '[worker quiet]\ncommand = sleep 1000\n'
} | write_conf "$dir/ms.conf"
start_msd "$dir/ms.conf"
await_ready quiet
starts() { workers | awk '{ n += $4 } END { print n }'; }
# full of events whose numbers have as many digits as those to come
await "the ring of events is full" 120 '[ "$(starts)" -gt 9000 ]'
GROWTH_KIB=512 # the allocator keeps some air: 17 bytes a death
baseline
base_fds=$((base_fds + 24)) # some of the eight are between two lives at any time
await "thirty thousand more" 300 '[ "$(starts)" -gt 39000 ]'
responsive
no_growth
for n in 1 2 3 4 5 6 7 8; do msctl stop w$n --wait >/dev/null || fail "stop"; done
fault_end
