#!/bin/sh
# -D returns when the tree is ready, with the pid file written; it returns
# non-zero, with the reason, when the tree does not come up.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[worker a]
command = $N pause:300 say:READY=1
ready = notify
CONF
"$B/msd" -D -c "$dir/ms.conf" 2>"$dir/err" || fail "-D: $(cat "$dir/err")"
msd=$(cat "$dir/run/msd.pid")
expect "it is ready when -D returns" '[ "$(state_of a)" = ready ]'
code=0; "$B/msd" -D -c "$dir/ms.conf" 2>"$dir/err" || code=$?
expect "a second one exits 7, not $code" '[ $code = 7 ]'
msctl shutdown --wait >/dev/null || fail "shutdown"
await "it is gone" 10 '! kill -0 "$msd" 2>/dev/null'
expect "so is the pid file" '[ ! -e "$dir/run/msd.pid" ]'
msd=
write_conf "$dir/ms.conf" <<'CONF'
[worker good]
command = sleep 1000
[worker bad]
command = /no/such/program
CONF
code=0; "$B/msd" -D -c "$dir/ms.conf" 2>"$dir/err" || code=$?
expect "a tree that does not come up is exit 1, not $code" '[ $code = 1 ]'
expect "msd's log names the worker and the reason" \
    'grep -q "worker bad exec failed: No such file" "$dir/log/msd.log"'
# its process is being stopped when nothing else is on its way any more
write_conf "$dir/ms.conf" <<'CONF'
[worker good]
command = sleep 1000
[worker late]
command = sleep 1000
ready = notify
start_timeout = 200ms
CONF
code=0; "$B/msd" -D -c "$dir/ms.conf" 2>"$dir/err" || code=$?
expect "nor is one whose last worker is late up, $code" '[ $code = 1 ]'
expect "it is named" 'grep -q "worker late not ready in time" "$dir/err"'
story_end
