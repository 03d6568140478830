#!/bin/sh
# Without its collector a worker goes on until its pipe is full; msd never
# waits, and what was said meanwhile is in the file when the collector is back,
# also of a worker that has died.  The collector is killed again and again.
set -eu
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[worker log]
command = ms-log
ready = notify
[worker full]
command = sh -c 'read x <$dir/go; yes 0123456789abcdef0123456789abcde | head -c 3000000; echo "all is said"; touch $dir/done; exec sleep 1000'
[worker dead]
command = sh -c 'read x <$dir/go2; i=0; while [ \$\$i -lt 500 ]; do echo "dead \$\$i"; i=\$\$((i + 1)); done; printf "no end"; kill -KILL \$\$\$\$'
restart = temporary
CONF
mkfifo "$dir/go" "$dir/go2"
start_msd "$dir/ms.conf"
await_ready full
msctl stop log --wait >/dev/null
echo >"$dir/go"
echo >"$dir/go2"
await "the death is told without a collector" 5 \
    'msctl events --json | grep -q "\"exited\",\"name\":\"dead\""'
full=$(pid_of full)
await "the other one waits for room" 10 \
    'grep -q "pipe_write\|anon_pipe_write" /proc/[0-9]*/task/*/wchan 2>/dev/null || [ ! -r /proc/self/wchan ]'
from=$(date +%s%N)
msctl status >/dev/null
expect "msd answers at once" '[ $((($(date +%s%N) - from) / 1000000)) -lt 1000 ]'
expect "the worker is alive and not done" '[ "$(pid_of full)" = "$full" ] && [ ! -e "$dir/done" ]'

msctl start log --wait >/dev/null
await "the worker goes on" 10 '[ -e "$dir/done" ]'
await "all is in its file" 10 'grep -q "all is said" "$dir/log/full.log"'
expect "nothing was lost" '[ "$(grep -c "0123456789abcdef0123456789abcde\$" "$dir/log/full.log")" = 93750 ]'
expect "nor of the dead one" '[ "$(grep -c "dead [0-9]" "$dir/log/dead.log")" = 500 ]'
expect "nor its last word" 'grep -q "no end\$" "$dir/log/dead.log"'
story_end
