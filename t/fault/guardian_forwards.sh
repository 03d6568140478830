#!/bin/sh
# The guardian hands signals down, ends with msd's exit code, and does not
# start again what was on its way out.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
conf() {
	write_conf "$dir/ms.conf" <<CONF
guardian = yes
[worker a]
command = sleep 1000
$1
CONF
}
conf
"$B/msd" -D -c "$dir/ms.conf" 2>"$dir/err" || fail "-D: $(cat "$dir/err")"
msd=$(cat "$dir/run/msd.pid")
expect "-D returns when the tree is ready" '[ "$(state_of a)" = ready ]'
expect "the pid file names the guardian" '[ "$(msd_pid)" != "$msd" ]'
conf "[worker b]
command = sleep 1000"
kill -HUP "$msd"
await "HUP reloads" 10 '[ "$(state_of b)" = ready ]'
mv "$dir/log/msd.log" "$dir/log/msd.log.1"
kill -USR1 "$msd"
await "USR1 opens msd's log anew" 10 'grep -q "logs reopened" "$dir/log/msd.log" 2>/dev/null'
kill -9 "$(msd_pid)"
await "the guardian writes there too" 5 'grep -q "guardian error msd has crashed" "$dir/log/msd.log"'
await "and starts msd" 5 'msctl wait b --state ready --timeout 5s >/dev/null 2>&1'
kill -TERM "$msd"
await "TERM ends both" 10 '! kill -0 "$msd" 2>/dev/null'
expect "in order" 'grep -q "stopping reason=TERM" "$dir/log/msd.log"'
expect "the pid file is gone" '[ ! -e "$dir/run/msd.pid" ]'
msd=

conf "[worker bad]
command = /no/such/program"
code=0; "$B/msd" -c "$dir/ms.conf" >"$dir/out" 2>&1 || code=$?
expect "a start failure is 1, not $code" '[ $code = 1 ]'
code=0; "$B/msd" -D -c "$dir/ms.conf" >"$dir/out" 2>&1 || code=$?
expect "for -D too, not $code" '[ $code = 1 ]'

# on its way out, deaf to TERM, and killed
for how in msctl TERM; do
	conf "[worker deaf]
command = $N deaf say:READY=1
ready = notify
stop_timeout = 30s"
	start_msd "$dir/ms.conf"
	await_ready deaf
	main=$(msd_pid)
	if [ $how = msctl ]; then msctl shutdown >/dev/null; else kill -TERM "$msd"; fi
	await "it is stopping" 5 '[ "$(state_of deaf)" = stopping ]'
	kill -9 "$main"
	code=0; wait "$msd" || code=$?
	msd=
	expect "a msd killed while it stops ($how) does not come back: 0, not $code" '[ $code = 0 ]'
	await "and leaves nothing" 2 '[ -z "$(left_behind)" ]'
done
story_end
