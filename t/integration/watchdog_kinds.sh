#!/bin/sh
# Who falls silent after READY is hung: ABRT, then KILL.  Who says that it ends,
# that it needs time, or that it wants no watch, is not.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
# stops itself in its first life, lives well in the second
cat >"$dir/once" <<SH
[ -e "\$1" ] && exec $N say:READY=1 beat:3600000
: >"\$1"
exec $N say:READY=1 stopself
SH
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
[supervisor all]
strategy = one_for_all
[worker frozen]
command = /bin/sh $dir/once $dir/frozen.1
ready = notify
watchdog = 600ms
[worker stubborn]
command = $N ignore:ABRT say:READY=1
ready = notify
watchdog = 200ms
abort_timeout = 200ms
restart = temporary
[worker trigger]
command = $N say:READY=1 pause:100 say:WATCHDOG=trigger
ready = notify
restart = temporary
[worker wishes]
command = $N say:WATCHDOG_USEC=200000 say:READY=1
ready = notify
restart = temporary
[worker unwatched]
command = $N say:READY=1 say:WATCHDOG_USEC=0
ready = notify
watchdog = 200ms
[worker leased]
command = $N say:READY=1 say:EXTEND_TIMEOUT_USEC=3600000000
ready = notify
watchdog = 200ms
[worker ends]
command = $N say:READY=1 say:STOPPING=1 pause:700 exit:3
ready = notify
watchdog = 200ms
restart = temporary
[worker slow]
command = $N say:EXTEND_TIMEOUT_USEC=20000000 pause:900 say:READY=1 beat:3600000
ready = notify
watchdog = 600ms
start_timeout = 300ms
[worker rhythm]
command = $N say:READY=1 beat:1000
ready = notify
watchdog = phi:8
restart = temporary
[worker quiet]
command = $N say:READY=1
ready = notify
watchdog = phi:8
[worker a]
supervisor = all
command = /bin/sh $dir/once $dir/a.1
ready = notify
watchdog = 800ms
[worker b]
supervisor = all
command = /bin/sh $dir/once $dir/b.1
ready = notify
watchdog = 800ms
[worker c]
supervisor = all
command = /bin/sh $dir/once $dir/c.1
ready = notify
watchdog = 800ms
CONF
start_msd "$dir/ms.conf"

why() { msctl why "$1" --json; }
died_of() { why "$1" | grep -q "\"kind\":\"$2\",\"code\":null,\"signal\":\"$3\""; }

await "the stopped one got ABRT and was made to run for it" 20 'died_of frozen watchdog ABRT'
await "and lives again" 20 '[ "$(state_of frozen)" = ready ]'
await "who ignores ABRT gets KILL" 20 'died_of stubborn watchdog KILL'
await "trigger needs no configured watchdog" 20 'died_of trigger watchdog ABRT'
await "a worker may wish for a watch" 20 'died_of wishes watchdog ABRT'
await "who said STOPPING ends in its own time" 20 '[ "$(state_of ends)" = exited ]'
expect "and by its own code" 'why ends | grep -q "\"kind\":\"exit\",\"code\":3"'
await "the rhythm has broken" 20 'died_of rhythm watchdog ABRT'
expect "after ten beats at least" \
    'why rhythm | grep -q "\"uptime_ms\":[12][0-9][0-9][0-9],"'
await_ready slow
expect "the card tells of the silence" \
    'msctl status slow | grep -q "watchdog.*silent for .* of 600 ms"'
expect "and so does the event" \
    'msctl events --json | grep "\"watchdog\",\"name\":\"rhythm\"" | grep -q "\"silent_ms\":[0-9][0-9][0-9]"'
await_ready a; await_ready b; await_ready c
await "all three were restarted" 20 \
    '[ "$(msctl events --json | grep -c "\"ready\",\"name\":\"[abc]\"")" = 6 ]'
expect "three that hang together are one restart" \
    '[ "$(msctl events --json | grep -c "\"restarting\",\"name\":\"[abc]\"")" = 1 ]'
for name in unwatched leased quiet slow; do
	expect "$name was left alone" \
	    '[ "$(state_of '$name')" = ready ] && why '$name' | grep -q "\"exits\":\[\]"'
done

# a reload: more patience at once, less from the next start on
timeout_of() { msctl status "$1" --json | sed -n 's/.*"timeout_ms":\([0-9]*\).*/\1/p'; }
slow=$(pid_of slow) frozen=$(pid_of frozen) a=$(pid_of a)
sed '/^\[worker slow\]/,/^\[/s/^watchdog = .*/watchdog = off/
/^\[worker frozen\]/,/^\[/s/^watchdog = .*/watchdog = 1h/
/^\[worker a\]/,/^\[/s/^watchdog = .*/watchdog = 10ms/' "$dir/ms.conf" >"$dir/new" &&
    mv "$dir/new" "$dir/ms.conf"
msctl reload >/dev/null || fail "reload"
expect "off is off" '[ -z "$(timeout_of slow)" ]'
expect "longer counts at once" '[ "$(timeout_of frozen)" = 3600000 ]'
expect "shorter does not count yet" '[ "$(timeout_of a)" = 800 ]'
expect "nobody was restarted for it" \
    '[ "$(pid_of slow) $(pid_of frozen) $(pid_of a)" = "$slow $frozen $a" ]'
story_end
