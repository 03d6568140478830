#!/bin/sh
# Every worker is given a file to count in, its user's own; it outlives the
# worker's death and not its removal.
. t/lib/story.sh
story_begin
chaos=$PWD/$B/t/probes/chaos
files=$dir/run/metrics
write_conf "$dir/ms.conf" <<CONF
[worker plain]
command = $chaos env:$dir/plain.env pause
[worker silent]
command = $chaos env:$dir/silent.env pause
metrics = no
[worker other]
command = $chaos pause
$([ "$(id -u)" != 0 ] || echo 'user = nobody')
[template agent]
command = $chaos pause
CONF
mkdir -p "$files"
echo old >"$files/nobody-knows-me"
start_msd "$dir/ms.conf"
await_ready silent
await "both have told their environment" 10 \
    '[ -s "$dir/plain.env" ] && [ -s "$dir/silent.env" ]'
expect "the worker knows its file" 'grep -q "^MS_METRICS=$files/plain$" "$dir/plain.env"'
expect "it is there and takes no room" \
    '[ "$(stat -c %b "$files/plain")" = 0 ] && [ "$(stat -c %s "$files/plain")" -gt 1000000 ]'
expect "without metrics there is none" \
    '! grep -q MS_METRICS "$dir/silent.env" && ! [ -e "$files/silent" ]'
expect "a file of former times is gone" '! [ -e "$files/nobody-knows-me" ]'
if [ "$(id -u)" = 0 ]; then
	expect "it belongs to the worker's user: $(stat -c %U:%a "$files/other")" \
	    '[ "$(stat -c %U:%a "$files/other")" = nobody:640 ]'
fi

echo count >"$files/plain" # what a worker wrote stays, whatever it is
pid=$(pid_of plain)
kill -9 "$pid"
await_other_pid plain "$pid"
expect "a death leaves it" '[ "$(head -c 5 "$files/plain")" = count ]'
expect "cut off, it is whole again" '[ "$(stat -c %s "$files/plain")" -gt 1000000 ]'

msctl scale agent 2 --wait >/dev/null
expect "instances have their own" '[ -e "$files/agent@1" ] && [ -e "$files/agent@2" ]'
msctl scale agent 1 --wait >/dev/null
await "removed with the instance" 10 '! [ -e "$files/agent@2" ]'
expect "the other's stays" '[ -e "$files/agent@1" ]'

# a link where the file should be is not followed; the worker lives without
pid=$(pid_of plain)
rm "$files/plain"
ln -s "$dir/elsewhere" "$files/plain"
kill -9 "$pid"
await_other_pid plain "$pid"
expect "nothing was made elsewhere" '! [ -e "$dir/elsewhere" ]'
expect "and that was said" 'grep -q "workers run without metrics" "$dir/msd.out"'

# msd counts too, over its own replacement
expect "msd counts" 'grep -q ms_supervisor_exits_total "$files/@msd"'
before=$(stat -c %i "$files/@msd")
msctl reexec >/dev/null
await_ready silent
expect "and goes on in the same file" \
    '[ "$(stat -c %i "$files/@msd")" = "$before" ] && ! grep -q "does not count" "$dir/msd.out"'
stop_msd
story_end
