#!/bin/sh
# With a control_group anybody may ask, and only its members, root and msd's
# own user may command.  (Other users can be had by root only.)
. t/lib/story.sh
[ "$(id -u)" = 0 ] || exit 0
story_begin
write_conf "$dir/ms.conf" <<'CONF'
control_group = daemon
[worker a]
command = sleep 1000
CONF
cp "$B/msctl" "$dir/msctl"
start_msd "$dir/ms.conf"
await_ready a
a=$(pid_of a)
as() { groups=$1; shift; setpriv --reuid nobody --regid nogroup "$groups" -- "$dir/msctl" "$@"; }
as --clear-groups status a >/dev/null || fail "a reader may ask"
as --clear-groups events >/dev/null || fail "a reader may see events"
for verb in "stop a" "start a" "restart a" "kill a" "signal a HUP" reload shutdown; do
	code=0; as --clear-groups $verb >/dev/null 2>"$dir/err" || code=$?
	expect "'$verb' by a reader exits 4, not $code" '[ $code = 4 ]'
done
expect "nothing has happened" '[ "$(pid_of a)" = "$a" ]'
setpriv --reuid nobody --regid daemon --clear-groups -- "$dir/msctl" stop a --wait >/dev/null ||
    fail "a member of the group may command"
expect "it is down" '[ "$(state_of a)" = down ]'
story_end
