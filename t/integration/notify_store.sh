#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a worker hands to msd with FDSTORE=1 its next life is given back, after
# a restart and after a crash; what an operator stops is forgotten.
. t/lib/story.sh
story_begin
C=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
[worker keeper]
command = $C env:$dir/env fds:$dir/fds say:READY=1 \
    'on:RTMIN+1:sayfd:1:FDSTORE=1\nFDNAME=state' \
    'on:RTMIN+2:sayfd:twice:FDSTORE=1\nFDNAME=a:b' \
    'on:RTMIN+3:sayfd:pair:FDSTORE=1\nFDNAME=pair' \
    'on:RTMIN+4:sayfd:pair:FDSTORE=1\nFDNAME=pair\nFDPOLL=0' \
    'on:RTMIN+5:say:FDSTOREREMOVE=1\nFDNAME=state' \
    'on:RTMIN+6:times:1000:sayfd:3:STATUS=leaks' \
    'on:RTMIN+7:sayfd:2:BARRIER=1\nSTATUS=mixed' \
    'on:RTMIN+8:sayfd:8:FDSTORE=1\nFDNAME=flood' \
    on:RTMIN+9:barrier on:RTMIN+9:note:$dir/after
ready = notify
fd_store_max = 4
listen = web=unix:$dir/web.sock
backoff = 0ms..0ms
[worker plain]
command = $C env:$dir/plain say:READY=1 'on:RTMIN+8:sayfd:1:FDSTORE=1'
ready = notify
[supervisor pair]
strategy = one_for_all
intensity = 1
period = 1h
on_give_up = hold
[worker twin]
supervisor = pair
command = $C env:$dir/twin say:READY=1 'on:RTMIN+1:sayfd:1:FDSTORE=1\nFDNAME=twin'
ready = notify
fd_store_max = 1
[worker other]
supervisor = pair
command = sleep 1000
backoff = 0ms..0ms
CONF
start_msd "$dir/ms.conf"
await_ready plain

stored() { msctl status "$1" --json | sed -n 's/.*"fds_stored":\([0-9]*\).*/\1/p'; }
tell() { msctl signal keeper "$1" >/dev/null || fail "signal $1"; }
await_stored() { await "$1 are stored, not $(stored keeper)" 10 "[ \"\$(stored keeper)\" = $1 ]"; }
given() { tr '\n' ' ' <"$dir/env" | sed -n 's/.* LISTEN_FDNAMES=\([^ ]*\).*/\1/p'; }
in_env() { grep -q "^$1\$" "$dir/env"; }
in_life() { await "life $1 wrote what it was given" 10 "in_env MS_GENERATION=$1"; await_ready keeper; }

in_life 1
expect "it knows the size of its store" 'in_env FDSTORE=4'
expect "at first there is only the socket" 'in_env LISTEN_FDS=1 && in_env LISTEN_FDNAMES=web'
expect "who has no store is not told of one" '! grep -q "^FDSTORE=\|^LISTEN_" "$dir/plain"'
tell RTMIN+1
await_stored 1
tell RTMIN+2
await_stored 2
tell RTMIN+4
await_stored 3

msctl restart keeper --wait >/dev/null || fail "restart"
in_life 2
expect "behind the socket, in order; a bad name is none: $(given)" \
    '[ "$(given)" = web:state:stored:pair ] && in_env LISTEN_FDS=4'
expect "LISTEN_PID is its own" 'in_env "LISTEN_PID=$(pid_of keeper)"'
expect "what the first life stored lies at 4" 'grep -q "^4 /memfd:keeper.1" "$dir/fds"'
expect "nothing else is open" '[ "$(wc -l <"$dir/fds")" = 7 ]'

kill -KILL "$(pid_of keeper)"
in_life 3
expect "a crash loses nothing: $(given)" '[ "$(given)" = web:state:stored:pair ]'

tell RTMIN+1
await_stored 4
tell RTMIN+8
await "too much is refused" 10 'grep -q "not stored.*name=keeper" "$dir/msd.out"'
expect "and nothing of it kept" '[ "$(stored keeper)" = 4 ]'
tell RTMIN+5
await_stored 2
tell RTMIN+3
await_stored 3
kill -KILL "$(pid_of keeper)"
in_life 4
expect "a hang-up removes, FDPOLL=0 keeps: $(given)" '[ "$(given)" = web:stored:pair ]'

fds() { ls "/proc/$msd/fd" | wc -l; }
before=$(fds)
tell RTMIN+6
await "it has told its leak" 20 'msctl status keeper --json | grep -q leaks'
tell RTMIN+7
tell RTMIN+9
await "the barrier fell" 20 '[ -s "$dir/after" ]'
await "3000 descriptors without FDSTORE are closed: $before" 5 '[ "$(fds)" -le "$before" ]'
expect "BARRIER with anything else is no message" '! msctl status keeper --json | grep -q mixed'

msctl signal plain RTMIN+8 >/dev/null
await "without fd_store_max nothing is kept" 10 'grep -q "not stored.*name=plain" "$dir/msd.out"'
expect "really" '[ "$(stored plain)" = 0 ]'

# taken along by a sibling it comes back with all; given up, it does not
await_ready other
msctl signal twin RTMIN+1 >/dev/null || fail "signal twin"
await "the twin's is stored" 10 '[ "$(stored twin)" = 1 ]'
kill -KILL "$(pid_of other)"
await "its second life has it" 10 'grep -q "^MS_GENERATION=2" "$dir/twin" && grep -q "^LISTEN_FDNAMES=twin" "$dir/twin"'
await_ready other
kill -KILL "$(pid_of other)"
await "the pair is given up" 10 '[ "$(state_of twin)" = failed ]'
await "and what it stored" 5 '[ "$(stored twin)" = 0 ]'

# a smaller store keeps the oldest
sed -i 's/^fd_store_max = 4/fd_store_max = 1/' "$dir/ms.conf"
msctl reload >/dev/null || fail "reload"
in_life 5
expect "the oldest is left: $(given)" '[ "$(given)" = web:stored ] && in_env FDSTORE=1'

msctl stop keeper --wait >/dev/null || fail "stop"
await_stored 0
msctl start keeper --wait >/dev/null || fail "start"
in_life 6
expect "what was stopped by hand is forgotten: $(given)" '[ "$(given)" = web ]'
story_end
