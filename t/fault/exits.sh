#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Workers that end in every way there is, at once, in loops and together: each
# end is told as what it was, and no loop runs hot.
. t/lib/invariants.sh
fault_begin
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 100000
on_initial_failure = retry
[worker quiet]
command = sleep 1000
[supervisor hot]
intensity = 100000
[worker zero]
supervisor = hot
command = $chaos exit:0
backoff = 100ms..400ms
[worker eager]
supervisor = hot
command = $chaos stamp:$dir/eager:up exit:0
backoff = 0ms..0ms
stable_after = 0s
restart = permanent
CONF
start_msd "$dir/ms.conf"
await_ready quiet
quiet=$(pid_of quiet)
baseline

event_count() { # NAME EVENT
	msctl events --json | grep -c "\"event\":\"$2\",\"name\":\"$1\""
}

case_ E1 "a worker that ends at once waits between its starts"
await "some starts of zero" 10 '[ "$(event_count zero starting)" -ge 5 ]'
expect "E1: the delays grow" 'msctl events --json |
	sed -n "s/.*\"restarting\",\"name\":\"zero\",\"delay_ms\":\([0-9]*\),\"in_a_row\":5.*/\1/p" |
	awk "{ exit !(\$1 >= 320 && \$1 <= 400) }"'
ticks_of() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

case_ E2 "without backoff there are at most 1,000 starts a second"
stamps() { wc -l <"$dir/eager"; }
first=$(stamps) since=$(now_ms)
await "300 more starts" 30 '[ "$(stamps)" -ge $((first + 300)) ]'
took=$(($(now_ms) - since)) n=$(($(stamps) - first))
expect "E2: $n starts in $took ms" '[ $((n * 1000 / took)) -le 1100 ]'
responsive
msctl stop eager --wait >/dev/null || fail "stop eager"
msctl stop zero --wait >/dev/null || fail "stop zero"
expect "quiet was not touched" '[ "$(pid_of quiet)" = "$quiet" ]'
fault_end
