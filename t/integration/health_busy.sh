#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A worker that hangs in one turn of its loop is not alive, though it has a
# process that nothing has stopped; one that sleeps for as long is.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[worker echo]
command = $PWD/$B/t/probes/echo_worker
ready = notify
[worker idle]
command = $PWD/$B/t/probes/echo_worker
ready = notify
CONF
start_msd "$dir/ms.conf"
await_ready echo
await_ready idle
says() {
	answer=$(echo '{"do":"health","list":true,"busy_limit_ms":300}' |
	    "$B/t/probes/say" "$dir/run/msd.sock")
	case $answer in *"$1"*) ;; *) return 1 ;; esac
}

await "all is well" 5 "says '\"unwell\":[],\"healthy\":true'"
"$B/t/probes/block" "ipc://$dir/run/echo.ipc" 1500 &
blocker=$!
await "echo is not alive" 10 \
    "says '\"echo: not alive: busy in one turn of its loop for '"
says '"name":"idle","supervisor":"root","verdict":"ok","alive":true' ||
    fail "$answer"
wait $blocker || fail "the turn has no end"
await "echo goes on" 10 "says '\"unwell\":[],\"healthy\":true'"
story_end
