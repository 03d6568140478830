#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a worker says counts when it, and only it, says so, in whatever shape it
# comes and whatever happens to it in the same moment.
. t/lib/story.sh
story_begin
C=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
on_initial_failure = retry
[worker twice]
command = $C env:$dir/env say:READY=1 say:READY=1 say:STATUS=twice \
    on:RTMIN+1:say:RELOADING=1 on:RTMIN+2:say:READY=1 on:RTMIN+3:say:RELOADING=1 on:RTMIN+3:exit:1
ready = notify
watchdog = 1h
start_timeout = 400ms
backoff = 0ms..0ms
[worker helper]
command = $C notifyfd
ready = notify
[worker strict]
command = $C notifyfd await:$dir/go say:NOTIFYACCESS=all notifyfd say:NOTIFYACCESS=none say:STATUS=unheard \
    'stamp:$dir/strict:done'
ready = notify
notify_access = main
[worker loud]
command = $C shout:60000 shout:5000 'say:\n\n=\nREADY' say: 'say:STATUS=a\nMAINPID=\nBUSERROR=x.y\nERRNO=28\nX=1' \
    'stamp:$dir/loud:done' on:RTMIN+1:say:READY=1 on:RTMIN+2:exit:3
ready = notify
backoff = 0ms..0ms
[worker last]
command = $C 'say:READY=1\nSTATUS=my last word' exit:0
ready = notify
restart = transient
[worker mute]
command = $C count:$dir/mute:3:9 exit:0
ready = notify
restart = transient
prevent_restart_exit = 9
backoff = 0ms..0ms
[worker leaves]
command = $C say:READY=1 say:STOPPING=1 pause:500 exit:0
ready = notify
restart = transient
watchdog = 150ms
stop_timeout = 30s
[worker patient]
command = $C say:EXTEND_TIMEOUT_USEC=400000 pause:250 say:EXTEND_TIMEOUT_USEC=400000 pause:250 say:READY=1 \
    on:TERM:say:EXTEND_TIMEOUT_USEC=18446744073709551615 on:TERM:pause:500 on:TERM:exit:0
ready = notify
start_timeout = 300ms
stop_timeout = 200ms
[worker once]
command = $C say:EXTEND_TIMEOUT_USEC=500000 pause:100000
ready = notify
start_timeout = 300ms
restart = temporary
[worker flood]
command = $C say:READY=1 on:RTMIN+1:times:30000:say:STATUS=flood on:RTMIN+1:say:STATUS=over
ready = notify
CONF
NOTIFY_SOCKET=@nobody WATCHDOG_USEC=1 WATCHDOG_PID=1 LISTEN_FDS=1 LISTEN_PID=1 LISTEN_FDNAMES=x MAINPID=1 FDSTORE=7
export NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID LISTEN_FDS LISTEN_PID LISTEN_FDNAMES MAINPID FDSTORE
start_msd "$dir/ms.conf"
unset NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID LISTEN_FDS LISTEN_PID LISTEN_FDNAMES MAINPID FDSTORE
tell() { msctl signal "$1" "$2" >/dev/null || fail "signal $*"; }
says() { msctl status "$1" --json | grep -q "\"status_text\":\"$2\""; }
of_env() { sed -n "s/^$1=//p" "$dir/env"; }

# inherited: nothing of what msd itself was told
await_ready twice
expect "READY twice is once" '[ "$(msctl events --json | grep -c "\"ready\",\"name\":\"twice\"")" = 1 ]'
await "its status is shown" 10 'says twice twice'
expect "its own watchdog: $(of_env WATCHDOG_PID)" \
    '[ "$(of_env WATCHDOG_PID)" = "$(pid_of twice)" ] && [ "$(of_env WATCHDOG_USEC)" = 3600000000 ]'
expect "nothing else is inherited" '! grep -q "^LISTEN_\|^MAINPID=\|^FDSTORE=" "$dir/env"'
socket=$(of_env NOTIFY_SOCKET)
expect "no file to remove or replace: $socket" 'case $socket in @ms/*) ;; *) false ;; esac'

# who may speak
await_ready helper
await "a stranger was refused" 10 'grep -q "stranger refused.*name=strict" "$dir/msd.out"'
expect "and not believed" '[ "$(state_of strict)" = starting ]'
: >"$dir/go"
await "it has opened itself to all" 10 '[ "$(state_of strict)" = ready ]'
await "it has said all" 10 '[ -s "$dir/strict" ]'
expect "then nobody is heard" '! says strict unheard'

# shapes
await "it has shouted" 10 '[ -s "$dir/loud" ] && says loud a'
expect "half a message is none" '[ "$(state_of loud)" = starting ]'
tell loud RTMIN+1
await_ready loud
tell loud RTMIN+2
await "it has ended" 10 'msctl status loud --json | grep -q "\"generation\":2"'
expect "its errno is in the record" 'msctl why loud --json | grep -q "\"code\":3,.*\"errno\":\"ENOSPC\""'

# the last word and the death in one moment
await "it ran and ended" 10 '[ "$(state_of last)" = exited ]'
expect "heard before it was buried" 'says last "my last word"'
expect "and an end after READY" 'msctl why last --json | grep -q "\"code\":0,.*\"was_ready\":true"'
await "exit 0 before READY is a failure" 10 '[ "$(state_of mute)" = failed ]'
expect "each time again" 'msctl status mute --json | grep -q "\"generation\":3,\"restarts\":2"'

# reloading
pid=$(pid_of twice)
tell twice RTMIN+1
await "it reloads" 10 '[ "$(state_of twice)" = reloading ]'
tell twice RTMIN+2
await_ready twice
tell twice RTMIN+1
await "a reload without end is given up" 10 'grep -q "no READY after RELOADING.*name=twice" "$dir/msd.out"'
expect "and the worker runs on" '[ "$(state_of twice)" = ready ] && [ "$(pid_of twice)" = "$pid" ]'
tell twice RTMIN+3
await_other_pid twice "$pid"
expect "a death while it reloads is a death" 'msctl why twice --json | grep -q "\"kind\":\"exit\",\"code\":1"'
code=0; NOTIFY_SOCKET=$socket "$B/t/probes/chaos" say:STATUS=old exit:0 2>/dev/null || code=$?
expect "the address of an old life is nobody's" '[ $code = 111 ] && ! says twice old'

# stopping, extending
await "it has left" 10 '[ "$(state_of leaves)" = exited ]'
expect "who says STOPPING is not watched any more" 'msctl why leaves --json | grep -q "\"kind\":\"exit\",\"code\":0"'
await_ready patient
expect "in the first attempt" 'msctl status patient --json | grep -q "\"generation\":1"'
await "who asks once gets it once" 10 '[ "$(state_of once)" = exited ]'
expect "start timeout" 'msctl why once --json | grep -q "\"kind\":\"start_timeout\""'
msctl stop patient --wait >/dev/null || fail "stop patient"
expect "its end was waited for" 'msctl why patient --json | grep -q "\"kind\":\"exit\",\"code\":0,\"signal\":null,\"cause\":\"operator\""'

# one who talks without end keeps nobody waiting
tell flood RTMIN+1
await "it floods" 10 'says flood flood'
pid=$(pid_of twice)
kill -KILL "$pid"
await_other_pid twice "$pid"
expect "others are restarted meanwhile" '! says flood over'
await "the flood was taken in" 60 'says flood over'
story_end
