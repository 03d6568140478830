#!/bin/sh
# Workers come and go while msd runs: added ones, instances of templates; a
# start that fails leaves nothing behind, and a reload leaves them alone.
. t/lib/story.sh
story_begin
chaos=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[worker base]
command = sleep 1000
[template agent]
command = $chaos say:READY=1
ready = notify
requires = base
intensity = 3
[template job]
command = $chaos say:READY=1
ready = notify
restart = temporary
CONF
start_msd "$dir/ms.conf"
await_ready base

code_of() { # COMMAND...: its exit code
	"$@" >"$dir/out" 2>&1 && echo 0 || echo $?
}
add() { printf '%b' "$1" | msctl add - >"$dir/out" 2>&1; }

# ---- add and remove
add "[worker extra]\ncommand = $chaos say:READY=1\nready = notify\nrequires = base\n" ||
    fail "add: $(cat "$dir/out")"
expect "add has waited until it is ready" '[ "$(state_of extra)" = ready ]'
add '[worker extra]\ncommand = true\n' && fail "add of a running one"
expect "its error is already_started" 'grep -q "is there already" "$dir/out"'
add '[worker broken]\ncommand = /nonexistent\n' && fail "add of a broken one"
expect "it says why" 'grep -q "ENOENT\|No such" "$dir/out"'
expect "the spec is discarded" '[ "$(code_of msctl show broken)" = 5 ]'
add "[worker early]\ncommand = $chaos exit:3\nready = notify\n" && fail "add"
expect "early is not there" '[ "$(code_of msctl show early)" = 5 ]'
add '[worker bad]\ncomand = true\n' && fail "add of a wrong key"
expect "a wrong key is named" 'grep -q "did you mean" "$dir/out"'
add '[worker bad]\ncommand = true\nrequires = nobody\n' && fail "add"
add '[worker bad]\ncommand = true\nsupervisor = nobody\n' && fail "add"
add '[worker bad]\ncommand = true\n[worker two]\ncommand = true\n' && fail "add"
add '[worker bad]\ncommand = true\nlog = file:base.log\n' && fail "add"
expect "a log has one writer" 'grep -q "base writes" "$dir/out"'
expect "remove of a running one is a conflict" \
    '[ "$(code_of msctl remove extra)" = 152 ]'
extra=$(pid_of extra)
kill -9 "$extra"
await_other_pid extra "$extra"

# ---- instances
msctl scale agent 3 --wait || fail "scale up"
expect "three instances" \
    '[ "$(msctl count agent --json)" = "{\"v\":1,\"specs\":1,\"active\":3,\"supervisors\":0,\"workers\":3}" ]'
expect "stop of a template is refused" '[ "$(code_of msctl stop agent)" = 2 ]'
two=$(pid_of agent@2)
kill -9 "$two"
await_other_pid agent@2 "$two"
msctl stop agent@1 --wait >/dev/null || fail "stop of an instance"
await "a stopped instance is gone" 5 '[ "$(code_of msctl status agent@1)" = 5 ]'
msctl scale agent 1 --wait || fail "scale down"
msctl spawn agent -- "note:$dir/noted" >"$dir/out" || fail "spawn"
expect "the free name is taken" 'grep -q "^agent@1: ready" "$dir/out"'
await "spawn has passed its argument" 5 'grep -q "agent@1" "$dir/noted"'
expect "spawn of what fails says so" \
    '[ "$(code_of msctl spawn job -- exit:0)" = 0 ] && [ "$(code_of msctl spawn base)" = 2 ]'
await "a finished job leaves no instance" 5 \
    'msctl count job --json | grep -q "\"workers\":0"'

# ---- a reload leaves them alone; what they require cannot go
two=$(pid_of agent@2) extra=$(pid_of extra)
msctl reload >/dev/null || fail "reload"
expect "the instance runs on" '[ "$(pid_of agent@2)" = "$two" ]'
expect "the added runs on" '[ "$(pid_of extra)" = "$extra" ]'
sed -i 's/^intensity = 3/intensity = 4/' "$dir/ms.conf"
msctl reload >/dev/null || fail "reload of a policy"
expect "policy restarts nobody" '[ "$(pid_of agent@2)" = "$two" ]'
cp "$dir/ms.conf" "$dir/good"
sed -i '/worker base/,/sleep/d; /requires = base/d' "$dir/ms.conf"
expect "what an added one requires stays" '[ "$(code_of msctl reload)" = 6 ]'
expect "the message says who" 'grep -q "extra" "$dir/out"'
msctl stop extra --wait >/dev/null && msctl remove extra || fail "remove"
msctl reload >/dev/null || fail "reload without base"
await "base is gone" 5 '[ "$(code_of msctl status base)" = 5 ]'
cp "$dir/good" "$dir/ms.conf"
sed -i 's/^requires.*/env = A=b/' "$dir/ms.conf"
two=$(pid_of agent@2)
msctl reload >/dev/null || fail "reload of a new environment"
await_other_pid agent@2 "$two"

# ---- specs alone
printf '[worker new]\ncommand = sleep 1000\n' >>"$dir/ms.conf"
msctl reload --specs-only >/dev/null || fail "specs only"
expect "a new one is not started" '[ "$(state_of new)" = down ]'
msctl start new --wait >/dev/null || fail "start of a new one"
new=$(pid_of new)
cp "$dir/good" "$dir/ms.conf"
msctl reload --specs-only >/dev/null || fail "specs only, one less"
expect "a missing one is kept" '[ "$(pid_of new)" = "$new" ]'
sed -i 's/template agent/template other/' "$dir/ms.conf"
expect "a template cannot go that way" \
    '[ "$(code_of msctl reload --specs-only)" = 6 ]'
story_end
