#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Groups and dependencies when more than one thing goes wrong at a time.  The
# order of things is read from the stamps that the workers leave.
. t/lib/invariants.sh
fault_begin
member() { # NAME SUPERVISOR LINES...
	printf '[worker %s]\nsupervisor = %s\nready = notify\nstable_after = 0s\n' "$1" "$2"
	printf 'command = %s stamp:%s/stamps:up on:TERM:stamp:%s/stamps:term on:TERM:pause:%s on:TERM:exit:0 %s say:READY=1\n' \
	    "$chaos" "$dir" "$dir" "${slow:-0}" "$do"
	shift 2
	[ $# = 0 ] || printf '%s\n' "$@"
}
do=
{
	printf '[supervisor root]\nintensity = 100000\n'
	printf '[supervisor all]\nstrategy = one_for_all\nintensity = 100000\n'
	member a1 all; slow=200 member a2 all; slow=200 member a3 all; member a4 all
	printf '[supervisor rest]\nstrategy = rest_for_one\nintensity = 100000\n'
	for n in 1 2 3 4 5; do member r$n rest; done
	printf '[supervisor deep1]\nintensity = 1\nperiod = 1h\non_give_up = hold\n'
	printf '[supervisor deep2]\nparent = deep1\nintensity = 1\nperiod = 1h\n'
	printf '[supervisor deep3]\nparent = deep2\nintensity = 1\nperiod = 1h\n'
	member d deep3; member e deep2; member f deep1
	printf '[supervisor deps]\nintensity = 100000\n'
	member base deps
	do="pause:200" member user1 deps "requires = base"
	member user2 deps "requires = user1"
	printf '[supervisor sig]\nparent = root\nstrategy = one_for_all\nintensity = 100000\nauto_shutdown = any_significant\nrestart = temporary\n'
	do=
	member s1 sig "significant = yes" "restart = transient"; slow=300 member s2 sig
} | write_conf "$dir/ms.conf"
start_msd "$dir/ms.conf"
for name in a4 r5 d e f user2 s2; do await_ready $name; done
baseline
generation() { workers | awk -v name="$1" '$1 == name { print $4 }'; }
generations() { for name in "$@"; do generation "$name"; done | tr '\n' ' '; }
restarts_told() { msctl events --json | grep -c "\"restarting\",\"name\":\"$1\""; }
plus() { awk -v n="$1" '{ for (i = 1; i <= NF; i++) printf "%d ", $i + n }'; }
all_ready() { for name in "$@"; do [ "$(state_of "$name")" = ready ] || return 1; done; }

is_zombie() { grep -q "^State:.Z" "/proc/$1/status"; }
die_together() { # PID PID: msd sees both at once
	kill -STOP "$msd"
	kill -KILL "$1" "$2"
	await "they are dead" 5 "is_zombie $1 && is_zombie $2"
	kill -CONT "$msd"
}

case_ D20 "two of a one_for_all die together: one restart"
before=$(generations a1 a2 a3 a4)
die_together "$(pid_of a1)" "$(pid_of a4)"
await "D20: all are one further: $(generations a1 a2 a3 a4), were $before" 10 \
    'all_ready a1 a2 a3 a4 && [ "$(generations a1 a2 a3 a4)" = "$(echo "$before" | plus 1)" ]'
expect "D20: one decision" '[ $(($(restarts_told a1) + $(restarts_told a4))) = 1 ]'

case_ D21 "a sibling dies while the group stops: absorbed"
before=$(generations a1 a2 a3 a4)
kill -KILL "$(pid_of a1)"
await "a3 stops" 5 '[ "$(state_of a3)" = stopping ]'
kill -KILL "$(pid_of a2)" 2>/dev/null || :
await "D21: one round: $(generations a1 a2 a3 a4), were $before" 10 \
    'all_ready a1 a2 a3 a4 && [ "$(generations a1 a2 a3 a4)" = "$(echo "$before" | plus 1)" ]'

case_ D22 "the first and the fourth of a rest_for_one die together"
before=$(generations r1 r2 r3 r4 r5)
: >"$dir/stamps"
die_together "$(pid_of r1)" "$(pid_of r4)"
await "D22: each once: $(generations r1 r2 r3 r4 r5), were $before" 10 \
    'all_ready r1 r2 r3 r4 r5 && [ "$(generations r1 r2 r3 r4 r5)" = "$(echo "$before" | plus 1)" ]'
expect "D22: stopped in reverse, started in order: $(awk '{ print $2, $3 }' "$dir/stamps" | tr '\n' ' ')" \
    '[ "$(awk "\$3 ~ /^r/ { print \$2, \$3 }" "$dir/stamps" | tr "\n" " ")" = "term r5 term r3 term r2 up r1 up r2 up r3 up r4 up r5 " ]'

case_ D24 "a dependency dies while its dependents start"
base=$(generation base)
kill -KILL "$(pid_of base)"
await "user1 starts" 10 '[ "$(generation base)" -gt "$base" ] && [ "$(state_of user1)" = starting ]'
: >"$dir/stamps"
kill -KILL "$(pid_of base)"
await "D24: all are there" 10 'all_ready base user1 user2'
expect "D24: after its READY, in order: $(awk '{ print $2, $3 }' "$dir/stamps" | tr '\n' ' ')" \
    '[ "$(awk "\$2 == \"up\" { print \$3 }" "$dir/stamps" | tail -n 3 | tr "\n" " ")" = "base user1 user2 " ]'
case_ D25 "a dependency that dies again and again takes each dependent once"
before=$(generations base user1 user2)
for n in 1 2 3 4 5; do
	old=$(pid_of base)
	kill -KILL "$old"
	await_other_pid base "$old"
done
await "all are there" 10 'all_ready base user1 user2'
expect "D25: $(generations base user1 user2), were $before" \
    'echo "$before $(generations base user1 user2)" |
	awk "{ exit !(\$5 - \$2 <= \$4 - \$1 && \$6 - \$3 <= \$4 - \$1) }"'

case_ D26 "a significant one ends while its group restarts"
kill -KILL "$(pid_of s1)"
await "s2 stops" 5 '[ "$(state_of s2)" = stopping ]'
await "the group is there again" 10 'all_ready s1 s2'
msctl signal s1 TERM >/dev/null || fail "D26: signal"
await "D26: the group has ended" 10 '[ "$(state_of s1)" = exited ] && [ "$(state_of s2)" = exited ]'
invariants

case_ D23 "budgets multiply, three deep"
deaths=0
while [ "$(state_of f)" = ready ] && [ $deaths -lt 20 ]; do
	old=$(pid_of d)
	kill -KILL "$old" || break
	deaths=$((deaths + 1))
	await "d or nobody" 10 'is_other d "$old" || [ "$(state_of f)" = failed ]'
done
expect "D23: the eighth is too many, not $deaths" '[ $deaths = 8 ]'
await "D23: all of it is down" 5 '[ "$(state_of d)" = failed ] && [ "$(state_of e)" = failed ]'
expect "D23: the others run on" 'all_ready a1 r1 user2'
msctl start d e f --wait >/dev/null || fail "D23: start by hand"
invariants
asleep
fault_end
