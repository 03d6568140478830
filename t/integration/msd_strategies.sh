#!/bin/sh
# one_for_one replaces only the dead, rest_for_one those after it as well,
# one_for_all everybody; what an operator stopped stays stopped throughout.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<'CONF'
[supervisor one]
intensity = 50
[supervisor rest]
strategy = rest_for_one
intensity = 50
[supervisor all]
strategy = one_for_all
intensity = 50
[worker one1]
supervisor = one
command = sleep 1000
[worker one2]
supervisor = one
command = sleep 1000
[worker rest1]
supervisor = rest
command = sleep 1000
[worker rest2]
supervisor = rest
command = sleep 1000
[worker rest3]
supervisor = rest
command = sleep 1000
[worker all1]
supervisor = all
command = sleep 1000
[worker all2]
supervisor = all
command = sleep 1000
[worker all3]
supervisor = all
command = sleep 1000
CONF
start_msd "$dir/ms.conf"
await_ready all3

one1=$(pid_of one1); one2=$(pid_of one2)
kill -9 "$one1"
await_other_pid one1 "$one1"
expect "one_for_one leaves the sibling alone" '[ "$(pid_of one2)" = "$one2" ]'

rest1=$(pid_of rest1); rest2=$(pid_of rest2); rest3=$(pid_of rest3)
kill -9 "$rest2"
await_other_pid rest2 "$rest2"
await_other_pid rest3 "$rest3"
expect "rest_for_one leaves the earlier alone" '[ "$(pid_of rest1)" = "$rest1" ]'
expect "no old process is left" '! kill -0 "$rest3" 2>/dev/null'

msctl stop all3 --wait >/dev/null || fail "stop"
all1=$(pid_of all1); all2=$(pid_of all2)
kill -9 "$all2"
await_other_pid all1 "$all1"
await_other_pid all2 "$all2"
expect "what was stopped stays stopped" '[ "$(state_of all3)" = down ]'
msctl start all3 --wait >/dev/null || fail "start"
expect "an operator starts it again" '[ "$(state_of all3)" = ready ]'
story_end
