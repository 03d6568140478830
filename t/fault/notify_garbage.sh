#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whatever comes to a notification socket, from whomever: msd goes on, and only
# the worker's own words count.
. t/lib/invariants.sh
fault_begin
cp "$B/t/probes/chaos" "$dir/chaos"
write_conf "$dir/ms.conf" <<CONF
[worker a]
command = $chaos say:READY=1 "say:STATUS=before"
ready = notify
[worker hidden]
command = $chaos notifyfd
ready = notify
[worker silent]
command = $chaos ignore:HUP
ready = notify
start_timeout = 1h
restart = temporary
[worker main]
command = $chaos child:say:STATUS=child say:READY=1
ready = notify
notify_access = main
[worker vanishes]
command = $chaos say:READY=1 say:STATUS=gone exit:0
ready = notify
restart = temporary
CONF
sed -i 's/^\[msd\]/&\ncontrol_group = daemon/' "$dir/ms.conf"
sed -n '/worker silent/,/^$/p' "$dir/ms.conf" >/dev/null
awk '/^\[worker silent\]/ { keep = 1 } /^\[worker main\]/ { keep = 0 }
	keep { held = held $0 "\n"; next } { print } END { printf "%s", held }' \
    "$dir/ms.conf" >"$dir/next" && mv "$dir/next" "$dir/ms.conf"
start_msd "$dir/ms.conf"
for name in a hidden main; do await_ready $name; done
await "silent is starting" 5 '[ "$(state_of silent)" = starting ]'
baseline
a=$(pid_of a)
socket_of() { tr '\0' '\n' <"/proc/$(pid_of "$1")/environ" | sed -n 's/^NOTIFY_SOCKET=//p'; }
to() { # NAME TEXT
	NOTIFY_SOCKET=$(socket_of "$1") "$chaos" "say:$2" exit:0
}
status_of() { msctl status "$1" --json | sed 's/.*"status_text":"\([^"]*\)".*/\1/'; }

case_ N1 "words that are none"
for text in '' '=' 'READY' 'READY=' 'READY=yes' '=1' 'STATUS' 'WATCHDOG_USEC=abc' 'MAINPID=' \
    'MAINPID=-1' 'MAINPID=1' "MAINPID=$$" 'MAINPID=99999999999999999999' 'ERRNO=x' \
    'EXTEND_TIMEOUT_USEC=-5' 'EXTEND_TIMEOUT_USEC=99999999999999999999999' 'FDSTOREREMOVE=1' \
    'FDNAME=../../x\nFDSTORE=1' 'NOSUCH=1\nREADY=2\n\n\n' 'BARRIER=1' 'X_PREPARED=1'; do
	to silent "$text" || fail "N1: cannot be said: $text"
done
head -c 3000 /dev/urandom | tr -d '\000:' >"$dir/noise"
to silent "$(cat "$dir/noise")" || fail "N1: noise"
to silent "STATUS=$(head -c 3500 /dev/zero | tr '\0' 'x')" || fail "N1: a long word"
responsive
expect "N1: silent is still starting" '[ "$(state_of silent)" = starting ]'
expect "N1: its main process is its own" '[ "$(pid_of silent)" != $$ ] && [ "$(pid_of silent)" != 1 ]'
to silent 'READY=1' || fail "N1: READY"
await_ready silent

case_ N2 "a flood of words"
n=0
while [ $n -lt 200 ]; do to a "STATUS=flood $n" || :; n=$((n + 1)); done
await "N2: the last one counts: $(status_of a)" 5 '[ "$(status_of a)" = "flood 199" ]'

case_ N3 "a process that is nobody's, of another user"
if [ "$(id -u)" = 0 ]; then
	for text in READY=1 'STATUS=lies' STOPPING=1 'MAINPID=1'; do
		NOTIFY_SOCKET=$(socket_of a) setpriv --reuid nobody --regid nogroup --clear-groups -- \
		    "$dir/chaos" "say:$text" exit:0 || fail "N3: cannot be said"
	done
	to a "STATUS=truth"
	await "N3: its words do not count: $(status_of a)" 5 '[ "$(status_of a)" = truth ]'
	expect "N3: it is ready" '[ "$(state_of a)" = ready ]'
else
	skip "N3: other users can be had by root only"
fi

case_ N4 "notify_access = main: a child's word does not count"
expect "N4: $(status_of main)" '[ "$(status_of main)" != child ]'

case_ N5 "the last words of one that is gone"
await "it has ended" 5 '[ "$(state_of vanishes)" = exited ]'
expect "N5: $(status_of vanishes)" '[ "$(status_of vanishes)" = gone ]'

case_ N6 "the socket of a generation that is over"
old=$(socket_of a)
msctl restart a --wait >/dev/null || fail "N6: restart"
if NOTIFY_SOCKET=$old "$chaos" "say:STATUS=ghost" exit:0 2>/dev/null; then
	fail "N6: somebody listens to the old generation"
fi
expect "N6: $(status_of a)" '[ "$(status_of a)" != ghost ]'
expect "a was restarted by nobody else" '[ "$(workers | awk "\$1 == \"a\" { print \$4 }")" = 2 ]'
invariants
asleep
fault_end
