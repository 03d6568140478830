#!/bin/sh
# msd is killed with fifty workers, each with grandchildren that have made
# sessions of their own: the guardian kills all of that generation before it
# starts msd again, and the tree is ready within five seconds.
. t/lib/story.sh
story_begin
user=
[ "$(id -u)" != 0 ] || user='user = nobody'
write_conf "$dir/ms.conf" <<CONF
guardian = yes
[worker plain]
command = /bin/sh -c "setsid sleep 1001 & exec sleep 1000"
instances = 48
[worker daemons]
command = /bin/sh -c "setsid /bin/sh -c 'setsid sleep 1002 & sleep 1003' & exec setsid --fork --wait sleep 1004"
[worker other]
command = /bin/sh -c "setsid sleep 1005 & sleep 1006"
$user
CONF
start_msd "$dir/ms.conf"
msctl wait root --state ready --timeout 20s >/dev/null || fail "ready"
expect "the pid file names the guardian" '[ "$(cat "$dir/run/msd.pid")" = "$msd" ]'
first=$(msd_pid)
expect "which is msd's parent" '[ "$first" != "$msd" ] && grep -q "PPid:[^0-9]*$msd$" /proc/$first/status'
await "all hundred and more are there" 10 '[ "$(left_behind | wc -l)" -ge 103 ]'
for pid in $(left_behind); do id_of "$pid"; done >"$dir/old"
begin=$(date +%s%3N)
kill -9 "$first"
await "another msd" 5 'now=$(msd_pid) && [ -n "$now" ] && [ "$now" != "$first" ]'
expect "nothing of the old generation lives when the new begins" \
    '[ -z "$(alive_of <"$dir/old")" ]'
msctl wait root --state ready --timeout 10s >/dev/null || fail "ready again"
took=$(($(date +%s%3N) - begin))
echo "ready again after $took ms"
expect "that is within 5 s, not $took ms" '[ $took -lt 5000 ]'
expect "the guardian is the same" '[ "$(cat "$dir/run/msd.pid")" = "$msd" ] && kill -0 "$msd"'
expect "the first event says so" \
    'msctl events --json | head -n 1 | grep -q "\"event\":\"restarted\",\"name\":\"root\",\"starts\":2,\"how\":\"killed by KILL\""'
expect "so does version" 'msctl version --json | grep -q "\"starts\":2"'
story_end
expect "the pid file is gone" '[ ! -e "$dir/run/msd.pid" ]'
