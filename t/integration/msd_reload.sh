#!/bin/sh
# SIGHUP applies the difference and nothing else: gone is stopped, new is
# started, a changed command restarts, changed policy and what is the same keep
# their process; `plan` says so before.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<'CONF'
[worker same]
command = sleep 1000
[worker policy]
command = sleep 1000
[worker command]
command = sleep 1000
[worker gone]
command = sleep 1000
[worker moved]
command = sleep 1000
CONF
start_msd "$dir/ms.conf"
await_ready moved
same=$(pid_of same) policy=$(pid_of policy) command=$(pid_of command)
gone=$(pid_of gone) moved=$(pid_of moved)
msctl stop policy --wait >/dev/null && msctl start policy --wait >/dev/null
policy=$(pid_of policy)
write_conf "$dir/ms.conf" <<'CONF'
[supervisor new_parent]
[worker new]
command = sleep 1000
[worker moved]
supervisor = new_parent
command = sleep 1000
[worker same]
command = sleep 1000
[worker policy]
command = sleep 1000
restart = transient
stop_timeout = 1s
[worker command]
command = sleep 1001
CONF
msctl plan --json >"$dir/plan" || fail "plan"
expect "the plan adds" 'grep -q "\"add\":\[\"new\"\]" "$dir/plan"'
expect "the plan stops" 'grep -q "\"stop\":\[\"gone\"\]" "$dir/plan"'
expect "the plan restarts" 'grep -q "\"restart\":\[\"command\"\]" "$dir/plan"'
expect "a plan changes nothing" '[ "$(pid_of command)" = "$command" ]'
kill -HUP "$msd"
await_other_pid command "$command"
await_ready new
await "the removed one is gone" 10 '! kill -0 "$gone" 2>/dev/null'
code=0; msctl status gone >/dev/null 2>&1 || code=$?
expect "its name is unknown now, $code" '[ $code = 5 ]'
expect "the same keeps its pid" '[ "$(pid_of same)" = "$same" ]'
expect "policy keeps its pid" '[ "$(pid_of policy)" = "$policy" ]'
expect "moved keeps its pid" '[ "$(pid_of moved)" = "$moved" ]'
expect "moved has a new parent" 'msctl status moved --json | grep -q "\"supervisor\":\"new_parent\""'

printf 'nonsense\n' >>"$dir/ms.conf"
kill -HUP "$msd"
await "the refusal is an event" 10 'msctl events --json | grep -q reload_refused'
code=0; msctl reload >/dev/null 2>&1 || code=$?
expect "msctl is told, $code" '[ $code = 6 ]'
expect "and so is everybody else" \
    '[ "$(msctl events --json | grep -c reload_refused)" = 2 ]'
expect "it changes nothing" '[ "$(pid_of same)" = "$same" ]'
story_end
