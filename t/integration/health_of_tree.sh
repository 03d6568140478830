#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# msd says how well its workers are without asking them: idle is alive, stopped
# is not, and supervisors answer for what is below them.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[supervisor core]
[supervisor agents]
[worker idle]
supervisor = core
command = sleep 1000
[worker needed]
supervisor = core
command = sleep 1000
[worker needs]
supervisor = core
command = sleep 1000
requires = needed
[worker agent]
supervisor = agents
command = sleep 1000
instances = 2
CONF

# {"do":"health"...}: the answer in $answer
ask() {
	answer=$(echo "{\"do\":\"health\"$1}" | "$B/t/probes/say" "$dir/run/msd.sock")
}
verdict_is() { # MEMBERS-OF-THE-REQUEST VERDICT
	ask "$1"
	case $answer in *"\"verdict\":\"$2\",\"supervisors\""*) ;; *) return 1 ;; esac
}
says() { case $answer in *"$1"*) ;; *) fail "no $1 in $answer" ;; esac; }

start_msd "$dir/ms.conf"
for name in idle needed needs agent@1 agent@2; do await_ready $name; done
expect "all is well" 'verdict_is "" ok'
says '"unwell":[],"healthy":true,"workers":5,"ready":5,"alive":5'

kill -STOP "$(pid_of agent@1)"
await "a stopped agent degrades" 5 'verdict_is "" degraded'
says '"unwell":["agent@1"]'
says '"agent@1: not alive: stopped by a signal"'
ask ',"list":true'
says '"name":"agent@1","supervisor":"agents","verdict":"failed","alive":false'
says '"name":"idle","supervisor":"core","verdict":"ok","alive":true'
expect "core is not touched by it" 'verdict_is ",\"name\":\"core\"" ok'
says '"workers":3,'
kill -STOP "$(pid_of agent@2)"
await "no agent works" 5 'verdict_is ",\"name\":\"agents\"" failed'
kill -CONT "$(pid_of agent@1)" "$(pid_of agent@2)"
await "all is well again" 5 'verdict_is "" ok'

kill -STOP "$(pid_of idle)"
await "core can do without idle" 5 'verdict_is ",\"name\":\"core\"" degraded'
kill -CONT "$(pid_of idle)"
kill -STOP "$(pid_of needed)"
await "core cannot do without needed" 5 'verdict_is ",\"name\":\"core\"" failed'
expect "nor can the root" 'verdict_is "" failed'
kill -CONT "$(pid_of needed)"
msctl stop idle --wait >/dev/null
await "what is meant to be down is no fault" 5 'verdict_is "" ok'
says '"workers":5,"ready":4,"alive":4'
msctl reexec >/dev/null
await "the next image says the same" 5 'verdict_is "" ok'
says '"workers":5,"ready":4,"alive":4'
ask ',"name":"nobody"'
says '"code":"not_found"'
story_end
