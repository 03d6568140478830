#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A client that has closed its sending half is answered all it has asked; one
# that has hung up leaves nothing.
. t/lib/invariants.sh
fault_begin
rude() { "$B/t/probes/rude" "$MS_SOCKET" all >"$dir/answers"; }
write_conf "$dir/ms.conf" <<CONF
[worker keeps]
command = $chaos
[worker late]
command = $chaos await:$dir/go say:READY=1
ready = notify
start_timeout = 1h
CONF
start_msd "$dir/ms.conf"
await_ready keeps
msctl status >/dev/null
baseline

case_ H1 "a hundred requests and the end, in one breath"
n=0
while [ $n -lt 100 ]; do echo '{"do":"count"}'; n=$((n + 1)); done | rude
expect "all are answered" '[ "$(grep -c "\"ok\":true" "$dir/answers")" = 100 ]'

case_ H2 "a wait is answered after the end"
echo '{"do":"wait","name":"late","state":"ready"}' | rude & waits=$!
await "it waits" 10 '[ "$(fds_of "$msd")" -gt "$base_fds" ]'
: >"$dir/go"
wait $waits
expect "late is ready" 'grep -q "\"state\":\"ready\"" "$dir/answers"'

case_ H3 "nothing is kept for those who are gone"
n=0
while [ $n -lt 20 ]; do
	echo '{"do":"wait","name":"keeps","state":"failed"}' |
	    "$B/t/probes/rude" "$MS_SOCKET" all >/dev/null & gone="$gone $!"
	n=$((n + 1))
done
await "they wait" 10 '[ "$(fds_of "$msd")" -ge $((base_fds + 20)) ]'
for pid in $gone; do kill -KILL "$pid"; done
await "their descriptors are closed" 10 \
    'msctl status >/dev/null && [ "$(fds_of "$msd")" -le $((base_fds + 1)) ]'
fault_end
