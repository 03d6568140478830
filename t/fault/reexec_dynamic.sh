#!/bin/sh
# What was not in the file goes along too: added workers, instances of
# templates with their arguments, a stop by hand, descriptors in the store, a
# main process that has moved, the give-up of a supervisor.
. t/lib/story.sh
story_begin
C=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[supervisor group]
intensity = 0
on_give_up = hold
[worker fails]
supervisor = group
command = sleep 1000
[template agent]
command = sleep
[worker stopped]
command = sleep 1001
[worker keeps]
command = $C "sayfd:2:FDSTORE=1" say:READY=1
ready = notify
fd_store_max = 4
notify_access = all
CONF
start_msd "$dir/ms.conf"
await_ready keeps
printf '[worker extra]\ncommand = sleep 1002\nrequires = keeps\n' | msctl add - >/dev/null || fail "add"
msctl spawn agent -- 1003 >/dev/null || fail "spawn"
msctl spawn agent -- 1004 >/dev/null || fail "spawn"
msctl stop stopped --wait >/dev/null || fail "stop"
kill -9 "$(pid_of fails)"
await "the group has given up" 10 '[ "$(state_of fails)" = failed ]'
picture() { msctl status --all --json | sed 's/"uptime_ms":[^,]*,//g; s/"memory[a-z_]*":[^,}]*,*//g; s/"[a-z_]*silence[a-z_]*":[^,}]*,*//g'; }
picture >"$dir/before"
msctl reexec >/dev/null || fail "reexec"
picture >"$dir/after"
cmp -s "$dir/before" "$dir/after" || fail "not as before: $(diff "$dir/before" "$dir/after")"
msctl reexec >/dev/null || fail "again"
picture >"$dir/after"
cmp -s "$dir/before" "$dir/after" || fail "not as before: $(diff "$dir/before" "$dir/after")"
agent=$(pid_of agent@2)
kill -9 "$agent"
await_other_pid agent@2 "$agent"
expect "an instance keeps its arguments" 'tr "\0" " " <"/proc/$(pid_of agent@2)/cmdline" | grep -q "sleep 1004"'
msctl spawn agent -- 1005 >/dev/null || fail "spawn after it"
await_ready agent@3
keeps=$(pid_of keeps)
kill -9 "$keeps"
await_other_pid keeps "$keeps"
expect "a restarted worker is given its descriptors" 'tr "\0" "\n" <"/proc/$(pid_of keeps)/environ" | grep -q "^LISTEN_FDS=2$"'
await_ready extra
msctl stop extra --wait >/dev/null && msctl remove extra >/dev/null || fail "remove of an added worker"
msctl start stopped --wait >/dev/null || fail "start of what was stopped by hand"
msctl start group >/dev/null 2>&1 || msctl start fails --wait >/dev/null || fail "start of what was held"
story_end
