#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What was removed leaves no trace: templates that named it, orders in the
# same breath, re-execs, and instances below a supervisor that has given up.
. t/lib/invariants.sh
fault_begin
conf() { # WHAT: keeps, or has all
	{
		[ "$1" = keeps ] || cat <<CONF
[supervisor many]
[worker one]
supervisor = many
command = $chaos
[worker two]
supervisor = many
command = $chaos
[worker three]
supervisor = many
command = $chaos
[worker once]
supervisor = many
command = $chaos exit:0
restart = temporary
[template wants]
command = $chaos
wants = three
[template requires]
command = $chaos
requires = two
[supervisor tight]
intensity = 0
on_give_up = hold
[worker first]
supervisor = tight
command = $chaos
[template below]
supervisor = tight
command = $chaos
CONF
		printf '[worker keeps]\ncommand = %s\n' "$chaos"
	} | write_conf "$dir/draft"
	mv "$dir/draft" "$dir/ms.conf"
}
in_one_breath() { # LINES
	printf '%s\n' "$@" | "$B/t/probes/rude" "$MS_SOCKET" all >"$dir/answers"
}
conf all
start_msd "$dir/ms.conf"
await_ready many
await_ready tight

case_ R1 "a template forgets whom it wanted, and keeps whom it requires"
msctl stop two three --wait >/dev/null || fail "stop"
msctl remove three >/dev/null || fail "remove three"
msctl spawn wants >/dev/null || fail "spawn"
if msctl remove two 2>"$dir/said"; then fail "the required one was removed"; fi
expect "it says by whom" 'grep -q "instances of requires" "$dir/said"'

case_ R2 "a removed worker of the file does not come back by a re-exec"
msctl reexec >/dev/null || fail "reexec"
if msctl status three >/dev/null 2>&1; then fail "three is there again"; fi

case_ R3 "an added worker that took a name of the file keeps its place"
await "once has ended" 20 '[ "$(state_of once)" = exited ]'
printf '[worker once]\ncommand = %s\nrestart = temporary\n' "$chaos" |
    msctl add - >/dev/null || fail "add"
once=$(pid_of once)
msctl reexec >/dev/null || fail "reexec"
expect "same process" '[ "$(pid_of once)" = "$once" ]'
expect "still below root" 'msctl status once --json | grep -q "\"supervisor\":\"root\""'

case_ R4 "instances come back with the supervisor that held"
msctl scale below 2 --wait >/dev/null || fail "scale"
kill -KILL "$(pid_of first)"
await "tight has given up" 20 '[ "$(state_of first)" = failed ]'
expect "they wait with it" '[ "$(state_of below@2)" = failed ]'
msctl start tight --wait >/dev/null || fail "start"
await_ready below@1
await_ready below@2

case_ R5 "instances called off before their start are gone"
in_one_breath '{"do":"scale","name":"wants","count":90}' \
    '{"do":"scale","name":"wants","count":0}' \
    '{"do":"scale","name":"wants","count":3,"wait":true,"timeout_ms":20000}'
expect "three are up" '[ "$(grep -c "\"ok\":true" "$dir/answers")" = 3 ]'
expect "no others are known" '[ "$(workers | grep -c "^wants@")" = 3 ]'

case_ R6 "what a reload has taken away is not removed once more"
conf keeps
in_one_breath '{"do":"reload"}' '{"do":"remove","name":"two"}' \
    '{"do":"start","name":"two"}' '{"do":"status"}'
expect "the first said so" '[ "$(grep -c not_found "$dir/answers")" = 2 ]'
await_ready keeps
await "only two are left" 20 '[ "$(msctl count --json | tr -dc "0-9,:a-z" |
    sed "s/.*active:\([0-9]*\).*/\1/")" = 2 ]'
only_the_living
events_are_whole
story_end
