#!/bin/sh
# A failure climbs the tree: escalate goes to the parent, a supervisor that
# gives up is restarted whole, hold waits for an operator, auto_shutdown ends
# with its significant worker; requires stops and starts with its dependency.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<'CONF'
[supervisor root]
intensity = 100
[supervisor core]
intensity = 100
[worker core1]
supervisor = core
command = sleep 1000
[worker core2]
supervisor = core
command = sleep 1000
strategy = escalate
escalate_after = 1/60s
[supervisor held]
on_give_up = hold
intensity = 0
[worker held1]
supervisor = held
command = sleep 1000
[worker held2]
supervisor = held
command = sleep 1000
[supervisor job]
auto_shutdown = any_significant
restart = transient
[worker job1]
supervisor = job
command = /bin/sh -c "while [ ! -e $$STORY_DIR/done ]; do sleep 0.05; done"
restart = transient
significant = yes
[worker job2]
supervisor = job
command = sleep 1000
[worker base]
command = sleep 1000
[worker above]
command = sleep 1000
requires = base
[worker beside]
command = sleep 1000
wants = base
[worker last]
command = sleep 1000
CONF
start_msd "$dir/ms.conf"
await_ready last

core1=$(pid_of core1) core2=$(pid_of core2)
kill -9 "$core2"
await_other_pid core2 "$core2"
expect "within escalate_after it is restarted alone" '[ "$(pid_of core1)" = "$core1" ]'
core2=$(pid_of core2)
kill -9 "$core2"
await_other_pid core1 "$core1"
await_other_pid core2 "$core2"
expect "the event says where it went" \
    'msctl events --json | grep -q "\"escalated\",\"name\":\"core\",\"worker\":\"core2\",\"to\":\"root\""'

held2=$(pid_of held2)
kill -9 "$(pid_of held1)"
await "the supervisor holds" 10 '[ "$(state_of held1) $(state_of held2)" = "failed failed" ]'
expect "its other child is stopped" '! kill -0 "$held2" 2>/dev/null'
msctl start held1 --wait >/dev/null || fail "start held1"
expect "an operator starts it again" '[ "$(state_of held1)" = ready ]'

job2=$(pid_of job2)
: >"$dir/done"
await "the job is over" 10 '[ "$(state_of job1) $(state_of job2)" = "exited exited" ]'
expect "with all of it" '! kill -0 "$job2" 2>/dev/null'

base=$(pid_of base) above=$(pid_of above) beside=$(pid_of beside)
kill -9 "$base"
await_other_pid base "$base"
await_other_pid above "$above"
expect "who only wants it goes on" '[ "$(pid_of beside)" = "$beside" ]'
msctl stop base --wait >/dev/null || fail "stop base"
await "its dependent is down" 10 '[ "$(state_of above)" = down ]'
expect "and says what it waits for" 'msctl status above --json | grep -q "\"waits_for\":\"base\""'
msctl start base --wait >/dev/null || fail "start base"
await_ready above
expect "the rest has not noticed" 'msctl status last --json | grep -q "\"generation\":1"'
story_end
