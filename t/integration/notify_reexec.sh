#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# msd replaces itself: what workers have handed to it, who their main process
# is and who is just preparing for a restart is known afterwards as before.
. t/lib/story.sh
story_begin
C=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
[worker keeper]
command = $C env:$dir/env fds:$dir/fds say:READY=1 \
    'on:RTMIN+1:sayfd:1:FDSTORE=1\nFDNAME=state' \
    'on:RTMIN+3:sayfd:pair:FDSTORE=1\nFDNAME=pair' \
    'on:RTMIN+4:sayfd:pair:FDSTORE=1\nFDNAME=kept\nFDPOLL=0'
ready = notify
fd_store_max = 4
backoff = 0ms..0ms
[worker forks]
command = $C say:READY=1 child:main
ready = notify
backoff = 0ms..0ms
[worker prep]
command = $C say:READY=1 on:RTMIN+1:say:X_PREPARED=1 on:TERM:exit:0
ready = notify
prepare_signal = CONT
prepare_timeout = 1h
CONF
start_msd "$dir/ms.conf"
await_ready prep
stored() { msctl status "$1" --json | sed -n 's/.*"fds_stored":\([0-9]*\).*/\1/p'; }
have=0
for n in 1 3 4; do
	msctl signal keeper RTMIN+$n >/dev/null || fail "signal $n"
	have=$((have + 1))
	await "$have are stored" 10 '[ "$(stored keeper)" = $have ]'
done
msctl restart prep >/dev/null
await "it prepares" 5 '[ "$(state_of prep)" = stopping ]'
await "the child is the main process" 5 'grep -q "main process.*name=forks" "$dir/msd.out"'
main=$(pid_of forks)
msctl reexec >/dev/null || fail "reexec"
await "msd answers again" 10 'msctl count >/dev/null 2>&1'
expect "they still are" '[ "$(stored keeper)" = 3 ]'
expect "the main process is the same" '[ "$(pid_of forks)" = "$main" ]'
expect "it still prepares" '[ "$(state_of prep)" = stopping ]'
msctl signal prep RTMIN+1 >/dev/null
await_ready prep
kill -9 "$main"
await_other_pid forks "$main"
expect "how, only its parent knew" 'msctl why forks --json | grep -q "\"stage\":\"mainpid\""'
kill -9 "$(pid_of keeper)"
await "its next life wrote what it was given" 10 'grep -q MS_GENERATION=2 $dir/env'
await_ready keeper
expect "a hang-up was noticed, the rest came back" 'grep -q "LISTEN_FDNAMES=state:kept" "$dir/env"'
story_end
