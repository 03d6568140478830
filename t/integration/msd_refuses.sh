#!/bin/sh
# A wrong configuration prints every error with its place and exits 6; a second
# msd on the same run_dir exits 7 and names the pid; a reload of a bad file
# changes nothing.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<'CONF'
[worker a]
command = sleep 1000
CONF
write_conf "$dir/bad.conf" <<'CONF'
[worker a]
comand = sleep 1000
restart = always
[worker b]
command = sleep 1
requires = c
[worker c]
command = sleep 1
requires = b
CONF
code=0; "$B/msd" -t -c "$dir/bad.conf" >"$dir/errors" 2>&1 || code=$?
expect "a bad file exits 6, not $code" '[ $code = 6 ]'
expect "the misspelt key is named with a suggestion" \
    'grep -q "bad.conf:6:1: comand: .*did you mean command" "$dir/errors"'
expect "so is the bad value" \
    'grep -q "bad.conf:7:11: restart: .*always" "$dir/errors"'

start_msd "$dir/ms.conf"
await_ready a
a=$(pid_of a)
code=0; "$B/msd" -c "$dir/ms.conf" >"$dir/second" 2>&1 || code=$?
expect "a second msd exits 7, not $code" '[ $code = 7 ]'
expect "it names the pid" 'grep -q "$msd" "$dir/second"'

cp "$dir/bad.conf" "$dir/ms.conf"
code=0; msctl reload >"$dir/reload" 2>&1 || code=$?
expect "a bad reload exits 6, not $code" '[ $code = 6 ]'
expect "nothing has changed" '[ "$(pid_of a)" = "$a" ]'

write_conf "$dir/ms.conf" <<'CONF'
[worker a]
command = sleep 1000
stop_timeout = 9s
[worker new]
command = sleep 1000
CONF
msctl reload >/dev/null || fail "reload"
await_ready new
expect "a change of policy keeps the process" '[ "$(pid_of a)" = "$a" ]'
story_end
