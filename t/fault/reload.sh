#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reloads that cannot be, that come in the middle of trouble, and that change
# one thing at a time: only what differs is touched.
. t/lib/invariants.sh
fault_begin
conf() { # the good configuration, edited by sed expressions
	write_conf "$dir/draft" <<CONF
[supervisor root]
intensity = 100000
[worker a]
command = $chaos say:READY=1
ready = notify
[worker b]
command = $chaos say:READY=1
ready = notify
requires = a
[worker c]
command = $chaos say:READY=1
ready = notify
stable_after = 0s
[supervisor all]
strategy = one_for_all
intensity = 100000
[worker x]
supervisor = all
command = $chaos say:READY=1
ready = notify
stable_after = 0s
[worker y]
supervisor = all
command = $chaos say:READY=1 on:TERM:pause:100 on:TERM:exit:0
ready = notify
stable_after = 0s
CONF
	sed "$@" <"$dir/draft" >"$dir/next"
	mv "$dir/next" "$dir/ms.conf"
}
conf ''
start_msd "$dir/ms.conf"
for name in b c x y; do await_ready $name; done
baseline
pids() { workers | awk '{ print $1, $3 }' | tr '\n' ' '; }
before=$(pids)
untouched() { expect "$case_id: $1: untouched: $(pids), were $before" '[ "$(pids)" = "$before" ]'; }
refused() { # WORDS
	code=0; msctl reload >"$dir/out" 2>&1 || code=$?
	expect "$case_id: $1 exits $code" '[ $code = 6 ]'
	expect "$case_id: $1 is named: $(cat "$dir/out")" 'grep -q "'"$2"'" "$dir/out"'
	kill -HUP "$msd"
	responsive
	untouched "$1"
}

case_ C7 "configurations that cannot be"
conf 's/^\[worker b\]/[worker b/'; refused "a syntax error" "ms.conf:[0-9]"
conf 's/^ready = notify/ready = telepathy/'; refused "a value that is none" "ms.conf:[0-9].*ready"
conf 's/^requires = a/requires = nobody/'; refused "an unknown name" "nobody"
conf 's/^\[worker a\]/&\nrequires = b/'; refused "a cycle" "a.*b\|b.*a"
conf '1a include = missing.d/one.conf'; refused "an include that is not there" "missing.d"
conf '4,$d'; head -c 40 "$dir/ms.conf" >"$dir/next"; mv "$dir/next" "$dir/ms.conf"
kill -HUP "$msd"; responsive; untouched "half a file"
rm "$dir/ms.conf"; refused "no file" "ms.conf"
conf ''
msctl reload >/dev/null || fail "C7: the good one again"
untouched "the same again"

case_ C9 "one change at a time"
changes() { # WORKERS-THAT-MAY-CHANGE WORDS
	msctl plan >"$dir/plan" || fail "C9: plan of $2"
	msctl reload >/dev/null || fail "C9: reload of $2"
	await "C9: $2 has come into force: $(pids), were $before" 10 '
		for name in '"$1"'; do
			case "$(pids)" in *"$(echo "$before" | grep -o "$name [0-9]*")"*) false; break;; esac
		done'
	for name in a b c x y; do
		case " $1 " in *" $name "*) continue ;; esac
		old=$(echo "$before" | grep -o "$name [0-9]*")
		expect "C9: $2 leaves $name alone: $(pids), were $before" \
		    'pids | grep -q "'"$old"'\( \|$\)"'
	done
	for name in b c x y; do
		[ -z "$(state_of $name)" ] || await_ready $name
	done
	before=$(pids)
}
conf 's/^stable_after = 0s/stable_after = 1s\nbackoff = 1s..2s\nstop_timeout = 3s/'
changes "" "a policy"
conf 's/^\[worker c\]/&\nenv = A=1/'; changes "c" "an environment"
conf 's/^\[worker a\]/&\nenv = A=1/'; changes "a b c" "the environment of one that is required, and back"
conf 's/^\[worker c\]/[worker d]/'
msctl reload >/dev/null || fail "C9: rename"
await_ready d
await "C9: c is gone" 10 '[ -z "$(state_of c)" ]'
await "C9: its process too" 10 '! kin | grep -q " c "'
conf ''
msctl reload >/dev/null || fail "C9: back"
await_ready c
await_ready b
await "C9: d is gone" 10 '[ -z "$(state_of d)" ]'
awk '/^\[worker c\]/ { keep = 1 } /^\[supervisor all\]/ { keep = 0 } keep { held = held $0 "\n"; next }
	/^\[worker a\]/ { at = NR } { line[NR] = $0 }
	END { for (i = 1; i <= NR; i++) if (i in line) { if (i == at) last = 1; print line[i] } printf "%s", held }' \
    "$dir/ms.conf" >"$dir/next" && mv "$dir/next" "$dir/ms.conf"
before=$(pids)
changes "" "the order"
conf 's/^\[worker c\]/&\nlimit_nofile = 512/'; changes "c" "a limit (C10)"
expect "C10: the limit is there" 'grep -q "^Max open files *512" "/proc/$(pid_of c)/limits"'

case_ C8 "a hundred reloads in a second, while workers crash"
conf ''
msctl reload >/dev/null || fail "C8: reload"
await_ready c
n=0
while [ $n -lt 100 ]; do
	kill -HUP "$msd"
	[ $((n % 10)) != 0 ] || kill -KILL "$(pid_of c)" "$(pid_of x)" 2>/dev/null || :
	[ $((n % 25)) != 0 ] || conf "s/^\[worker c\]/&\nenv = N=$n/"
	n=$((n + 1))
done
conf ''
msctl reload >/dev/null || fail "C8: the last one"
responsive
for name in a b c x y; do await_ready $name; done
await "C8: one of each: $(kin)" 10 '[ "$(kin | wc -l)" = 5 ]'
case_ C8 "a reload in the middle of a group restart and of a stop"
kill -KILL "$(pid_of x)"
await "y goes with it" 5 '[ "$(state_of y)" = stopping ]'
conf 's/^\[worker y\]/&\nenv = Y=1/'
msctl reload >/dev/null || fail "C8: reload during a group restart"
await_ready y
await_ready x
await "y has it" 10 'tr "\0" "\n" <"/proc/$(pid_of y)/environ" | grep -q "^Y=1$"'
msctl stop y >/dev/null
msctl reload >/dev/null || fail "C8: reload during a stop"
msctl wait y --state down --timeout 10s >/dev/null || fail "C8: y is down"
msctl start y --wait >/dev/null || fail "C8: y is up"
await "C8: one of each: $(kin)" 10 '[ "$(kin | wc -l)" = 5 ]'
invariants
asleep
fault_end
