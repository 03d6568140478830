#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Clients without manners take nothing away from the others; two msd never run
# on one directory; twenty operators at once leave a defined state.
. t/lib/invariants.sh
fault_begin
write_conf "$dir/ms.conf" <<CONF
[worker a]
command = $chaos say:READY=1
ready = notify
[worker b]
command = $chaos say:READY=1
ready = notify
[worker c]
command = $chaos say:READY=1
ready = notify
requires = b
CONF
start_msd "$dir/ms.conf"
await_ready c
baseline
a=$(pid_of a)
rude() { "$B/t/probes/rude" "$MS_SOCKET" "$@"; }
status='{"v":1,"id":1,"do":"status","name":"a"}'

case_ C1 "a thousand idle clients do not keep an operator out"
mkfifo "$dir/end"
rude idle:1000 <"$dir/end" >"$dir/idle" & idle=$!
exec 7>"$dir/end"
await "they are connected" 20 'grep -q 1000 "$dir/idle"'
responsive
expect "C1: bounded descriptors: $(fds_of "$msd")" '[ "$(fds_of "$msd")" -lt 400 ]'
exec 7>&-
wait $idle
case_ C1 "a byte at a time"
printf '%s\n' "$status" | rude drip:10 >"$dir/drip" & drip=$!
responsive
wait $drip || fail "C1: no answer to a slow request"
expect "C1: answered" 'grep -q "\"ok\":true" "$dir/drip"'
case_ C1 "100 MB in a line"
rude huge:100000000 </dev/null || fail "C1: msd swallows 100 MB"
responsive
case_ C1 "half closed"
printf '%s\n' "$status" | rude half >"$dir/half"
expect "C1: answered" 'grep -q "\"ok\":true" "$dir/half"'
case_ C1 "descriptors that nobody asked for"
printf '%s\n' "$status" | rude fds:200 >"$dir/fds"
expect "C1: answered or hung up" '[ ! -s "$dir/fds" ] || grep -q "\"id\":1" "$dir/fds"'
case_ C1 "100,000 requests from one that reads no answer"
printf '%s\n' "$status" | rude deafness:100000 || fail "C1: stuck"
responsive
expect "msd is what it was" '[ "$(pid_of a)" = "$a" ]'
invariants

case_ S5 "readers that are gone in the middle of an answer"
n=0
while [ $n -lt 20 ]; do
	msctl events --from 1 --json | head -c 10 >/dev/null
	msctl events -f --from 1 2>/dev/null | head -n 1 >/dev/null &
	msctl restart a --wait >/dev/null || fail "S5: restart"
	n=$((n + 1))
done
invariants

case_ C3 "another process on the path of the socket, a link in its place"
code=0; "$B/msd" -c "$dir/ms.conf" 2>"$dir/err" || code=$?
expect "C4: a second msd exits 7, not $code, naming $msd" '[ $code = 7 ] && grep -q "$msd" "$dir/err"'
stop_msd
ln -s "$dir/victim" "$MS_SOCKET"
: >"$dir/victim"
code=0; "$B/msd" -c "$dir/ms.conf" 2>"$dir/err" || code=$?
expect "C3: a link is refused with $code" '[ $code = 1 ] && grep -q "not a socket" "$dir/err"'
expect "C3: its target is untouched" '[ -f "$dir/victim" ] && [ ! -s "$dir/victim" ]'
rm "$MS_SOCKET"

case_ C4 "ten that start together: one runs"
n=0 racers=
while [ $n -lt 10 ]; do
	"$B/msd" -c "$dir/ms.conf" >>"$dir/msd.out" 2>&1 & racers="$racers $!"
	n=$((n + 1))
done
await_ready_any() { await "one of them is ready" 20 '[ "$(state_of c)" = ready ]'; }
await_ready_any
alive() { for p in $racers; do ! grep -q "^State:.[^Z]" "/proc/$p/status" 2>/dev/null || echo "$p"; done; }
await "C4: nine have left: $(alive)" 10 '[ "$(alive | wc -l)" = 1 ]'
msd=$(alive)
for racer in $racers; do
	[ "$racer" != "$msd" ] || continue
	code=0; wait "$racer" || code=$?
	expect "C4: exit 7, not $code" '[ $code = 7 ]'
done
expect "C4: one of each: $(kin)" '[ "$(kin | wc -l)" = 3 ]'
baseline

case_ C5 "twenty operators at once"
operator() { # NUMBER
	i=0
	while [ $i -lt 12 ]; do
		case $(((i * 7 + $1) % 6)) in
		0) msctl stop a ;;
		1) msctl start a ;;
		2) msctl restart b ;;
		3) msctl restart a ;;
		4) kill -HUP "$msd" ;;
		5) msctl kill a ;;
		esac >>"$dir/answers" 2>&1
		i=$((i + 1))
	done
}
n=0 operators=
while [ $n -lt 20 ]; do operator $n & operators="$operators $!"; n=$((n + 1)); done
for operator in $operators; do wait "$operator"; done
expect "C5: nobody is told to come again: $(grep -i busy "$dir/answers" | head -n 1)" \
    '! grep -qi busy "$dir/answers"'
msctl stop a --wait >/dev/null || fail "C5: stop"
expect "C5: the last word is stop" '[ "$(state_of a)" = down ]'
msctl start a --wait >/dev/null || fail "C5: start"
await_ready c
expect "C5: one of each: $(kin)" '[ "$(kin | grep -vc " Z ")" = 3 ]'
invariants
asleep
fault_end
