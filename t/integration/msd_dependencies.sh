#!/bin/sh
# What requires another comes after it, falls with it and comes back with it;
# a supervisor that takes too long to stop is killed, all of it.
. t/lib/story.sh
story_begin
chaos=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[worker top]
command = $chaos stamp:$dir/stamps:start say:READY=1 on:TERM:stamp:$dir/stamps:stop on:TERM:exit:0
ready = notify
requires = left right
[worker left]
command = $chaos stamp:$dir/stamps:start say:READY=1 on:TERM:stamp:$dir/stamps:stop on:TERM:exit:0
ready = notify
requires = base
[worker right]
command = $chaos stamp:$dir/stamps:start say:READY=1 on:TERM:stamp:$dir/stamps:stop on:TERM:exit:0
ready = notify
requires = base
[worker base]
command = $chaos stamp:$dir/stamps:start exit-if:$dir/broken:9 say:READY=1
ready = notify
prevent_restart_exit = 9
[worker beside]
command = sleep 1000
wants = base
[supervisor slow]
stop_timeout = 300ms
restart = temporary
on_give_up = hold
intensity = 0
[worker slow1]
supervisor = slow
command = $chaos ignore:TERM say:READY=1
ready = notify
stop_timeout = infinity
[worker slow2]
supervisor = slow
command = $chaos ignore:TERM say:READY=1
ready = notify
stop_timeout = infinity
CONF
start_msd "$dir/ms.conf"
await_ready top
words() { # of the stamps, in order
	sed 's/^[0-9]* //' "$dir/stamps" | awk '{ printf "%s:%s ", $1, $2 }'
}
expect "a diamond starts from its base, each once" \
    '[ "$(words)" = "start:base start:left start:right start:top " ]'

# ---- a crash of the base
: >"$dir/stamps"
beside=$(pid_of beside) top=$(pid_of top)
kill -9 "$(pid_of base)"
await_other_pid top "$top"
expect "down in reverse, up again in order" \
    '[ "$(words)" = "stop:top stop:right stop:left start:base start:left start:right start:top " ]'
expect "who only wants it goes on" '[ "$(pid_of beside)" = "$beside" ]'

# ---- the base ends for good
: >"$dir/broken"
kill -9 "$(pid_of base)"
await "base has failed" 10 '[ "$(state_of base)" = failed ]'
await "its dependents are down" 10 \
    '[ "$(state_of left) $(state_of right) $(state_of top)" = "down down down" ]'
expect "they say what they wait for" \
    'msctl status left --json | grep -q "\"waits_for\":\"base\""'
expect "and that this is no matter of time" \
    'msctl status left --json | grep -q "\"next_start_ms\":null"'
rm "$dir/broken"
msctl start base --wait >/dev/null || fail "start base"
await_ready top

# ---- the base is stopped while a dependent starts
msctl stop left --wait >/dev/null && msctl stop base --wait >/dev/null ||
    fail "stop"
await "top is down" 10 '[ "$(state_of top)" = down ]'
msctl start base --wait >/dev/null || fail "start base"
await_ready right
expect "what an operator stopped stays stopped" '[ "$(state_of left)" = down ]'
expect "and who requires it waits" \
    'msctl status top --json | grep -q "\"waits_for\":\"left\""'
msctl start left --wait >/dev/null || fail "start left"
await_ready top

# ---- a supervisor that does not end
slow1=$(pid_of slow1)
kill -9 "$(pid_of slow2)"
await "both have failed" 5 \
    '[ "$(state_of slow1) $(state_of slow2)" = "failed failed" ]'
expect "nothing of it lives" '! kill -0 "$slow1" 2>/dev/null'
expect "the log says why" \
    'grep -q "not stopped in time.*supervisor=slow" "$dir/msd.out"'
story_end
