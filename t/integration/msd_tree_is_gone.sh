#!/bin/sh
# Stopped means that the whole process tree is gone, grandchildren that made a
# session of their own included; kill -9 of msd leaves no worker alive.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<'CONF'
[worker parent]
command = /bin/sh -c "setsid sleep 1001 & setsid sleep 1002 & sleep 1003"
stop_timeout = 2s
[worker plain]
command = sleep 1004
CONF
start_msd "$dir/ms.conf"
await_ready plain
family() {
	for environ in /proc/[0-9]*/environ; do
		[ -r "$environ" ] || continue
		tr '\0' '\n' <"$environ" 2>/dev/null |
		    grep -q "^MS_RUN_DIR=$dir/run$" || continue
		tr '\0' '\n' <"$environ" 2>/dev/null | grep -q '^MS_NAME=parent$' &&
		    echo "$environ"
	done 2>/dev/null | wc -l
}
await "the family of four is there" 10 '[ "$(family)" -eq 4 ]'
msctl stop parent --wait --timeout 20s >/dev/null || fail "stop"
expect "nothing of it is left" '[ "$(family)" -eq 0 ]'

msctl start parent --wait >/dev/null || fail "start"
await "the family is there again" 10 '[ "$(family)" -eq 4 ]'
old=$(pid_of parent)
kill -9 "$old"
await_other_pid parent "$old"
await "the old family is gone, the new one is there" 10 '[ "$(family)" -eq 4 ]'

plain=$(pid_of plain)
parent=$(pid_of parent)
kill -9 "$msd"
wait "$msd" 2>/dev/null
msd=
await "kill -9 of msd takes its workers along" 5 \
    '! kill -0 "$plain" 2>/dev/null && ! kill -0 "$parent" 2>/dev/null'
# grandchildren in sessions of their own need the guardian
for pid in $(left_behind); do kill -9 "$pid"; done
story_end
