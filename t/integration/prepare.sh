#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Before a planned restart a worker gets prepare_signal and time to answer; a
# stop that is no restart, and a crash, are not announced.
. t/lib/story.sh
story_begin
C=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
[worker base]
command = $C on:USR2:stamp:$dir/told:prepare on:USR2:say:X_PREPARED=1 \
    on:TERM:stamp:$dir/told:stop on:TERM:exit:0 say:READY=1
ready = notify
prepare_signal = USR2
prepare_timeout = 1h
backoff = 0ms..0ms
[worker user]
command = $C on:USR2:stamp:$dir/told:prepare on:USR2:pause:100 on:USR2:say:X_PREPARED=1 \
    on:TERM:stamp:$dir/told:stop on:TERM:exit:0 say:READY=1
ready = notify
requires = base
prepare_signal = USR2
prepare_timeout = 1h
[worker mute]
command = $C on:USR2:stamp:$dir/told:prepare on:TERM:stamp:$dir/told:stop on:TERM:exit:0 say:READY=1
ready = notify
prepare_signal = USR2
prepare_timeout = 200ms
[worker stuck]
command = $C on:USR2:stamp:$dir/told:prepare on:TERM:stamp:$dir/told:stop on:TERM:exit:0 say:READY=1
ready = notify
prepare_signal = USR2
prepare_timeout = 1h
[worker unaware]
command = sleep 1000
prepare_signal = USR2
[worker ending]
command = $C on:USR2:say:STOPPING=1 on:TERM:exit:0 say:READY=1
ready = notify
prepare_signal = USR2
prepare_timeout = 1h
CONF
start_msd "$dir/ms.conf"
await_ready stuck
told() { sort -n "$dir/told" 2>/dev/null | awk '{ printf "%s-%s%s ", $3, $2, $4 == 1 ? "" : $4 }'; }

msctl restart base --wait >/dev/null || fail "restart base"
await_ready user
expect "dependents first, each prepared, then stopped: $(told)" \
    '[ "$(told)" = "user-prepare user-stop base-prepare base-stop " ]'
expect "the exit is the operator's" 'msctl why base --json | grep -q "\"code\":0,\"signal\":null,\"cause\":\"operator\""'
expect "one word about it" '[ "$(msctl events --json | grep -c "\"stopping\",\"name\":\"base\"")" = 1 ]'

rm "$dir/told"
kill -KILL "$(pid_of base)"
await "base is back" 10 '[ "$(state_of base)" = ready ] && msctl status base --json | grep -q "\"generation\":3"'
await_ready user
expect "a crash prepares those who are taken along: $(told)" '[ "$(told)" = "user-prepare2 user-stop2 " ]'

rm "$dir/told"
msctl restart mute --wait >/dev/null || fail "restart mute"
expect "who does not answer is stopped in time: $(told)" '[ "$(told)" = "mute-prepare mute-stop " ]'
expect "and it is said" 'grep -q "not prepared in time.*name=mute" "$dir/msd.out"'

rm "$dir/told"
msctl restart stuck >/dev/null || fail "restart stuck"
await "it prepares" 10 '[ "$(told)" = "stuck-prepare " ]'
expect "outwards it is stopping" '[ "$(state_of stuck)" = stopping ]'
code=0; msctl start stuck >/dev/null 2>&1 || code=$?
expect "a start meanwhile is a conflict, not $code" '[ $code = 152 ]'
msctl stop stuck --wait >/dev/null || fail "stop stuck"
expect "a stop waits for no preparation: $(told)" '[ "$(told)" = "stuck-prepare stuck-stop " ]'

sed -i 's/^command = sleep 1000/command = sleep 1001/; s/^\(\[worker mute\]\)/\1\nenv = A=b/' "$dir/ms.conf"
rm "$dir/told"
msctl reload >/dev/null || fail "reload"
await "a restart by a reload is announced" 10 '[ "$(told)" = "mute-prepare2 mute-stop2 " ]'
await_ready mute
await_ready unaware
expect "a signal it does not know ends it, and that was asked for" \
    'msctl why unaware --json | grep -q "\"signal\":\"USR2\",\"cause\":\"operator\""'
msctl restart ending --wait >/dev/null || fail "restart ending"

rm -f "$dir/told"
msctl stop base --wait >/dev/null || fail "stop base"
expect "what is stopped for good need not prepare: $(told)" \
    'case "$(told)" in *base-prepare*) false ;; *base-stop3*) ;; *) false ;; esac'
msctl start base --wait >/dev/null || fail "start base"
await_ready user
rm "$dir/told"
stop_msd
expect "nor at the end of all: $(told)" 'case "$(told)" in *prepare*) false ;; *base-stop*) ;; *) false ;; esac'
story_end
