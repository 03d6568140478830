#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The examples do what they say: an agent that msd keeps alive works off what a
# publisher says, and a subscriber sees it.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[worker bus]
command = ms-bus
ready = notify
[bus]
supervision = no
[worker agent]
command = $PWD/$B/t/examples/agent
requires = bus
CONF
start_msd "$dir/ms.conf"
await_ready bus agent
doubled() { # N: that many results are stored, each for another event
	[ "$(msctl bus tail 'demo.doubled' --json | sed -n 's/.*"causationid":"\([^"]*\)".*/\1/p' |
		sort -u | wc -l)" = "$1" ]
}
"$B/t/examples/publisher" demo.counted 3 >"$dir/said" || fail "publisher"
expect "the publisher says what was written" 'grep -q "^3 events written" "$dir/said"'
await "three results" 20 'doubled 3'
"$B/t/examples/subscriber" demo.doubled 2 >"$dir/seen" 2>&1 &
subscriber=$!
# It hears from its start on only: published until it has what it waits for.
await "the subscriber sees results" 20 \
	'"$B/t/examples/publisher" demo.counted 1 >/dev/null; ! kill -0 $subscriber 2>/dev/null'
expect "with their data" 'grep -q "demo.doubled {\"number\":2}" "$dir/seen"'
old=$(pid_of agent)
kill -9 "$old"
"$B/t/examples/publisher" demo.counted 500 >"$dir/said" || fail "publisher, while the agent starts"
await_other_pid agent "$old"
settled() { # all of demo.counted has a result, each once at least
	want=$(msctl bus tail 'demo.counted' -n 2000 --json | grep -c '"id"')
	[ "$(msctl bus tail 'demo.doubled' -n 4000 --json | sed -n 's/.*"causationid":"\([^"]*\)".*/\1/p' |
		sort -u | wc -l)" = "$want" ]
}
await "a result for each event, across the agent's death" 20 settled
story_end
