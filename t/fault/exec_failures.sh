#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts that cannot be: each is told by stage and errno, at once, and none
# becomes a weaker start.
. t/lib/invariants.sh
fault_begin
mkdir "$dir/x"
echo 'not executable' >"$dir/x/eacces"
echo 'no program' >"$dir/x/enoexec"; chmod 755 "$dir/x/enoexec"
printf '#!/no/such/interpreter\n' >"$dir/x/script"; chmod 755 "$dir/x/script"
ln -s eloop "$dir/x/eloop"
cp "$B/t/probes/chaos" "$dir/x/busy"
head -c 140000 /dev/zero | tr '\0' 'x' >"$dir/x/huge"
printf 'HUGE=%s\n' "$(cat "$dir/x/huge")" >"$dir/x/huge.env"
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000
on_initial_failure = retry
[worker quiet]
command = sleep 1000
$(worker() {
	printf '[worker %s]\nbackoff = %s\n' "$1" "${again:-1h..1h}"
	shift
	printf '%s\n' "$@"
}
worker enoent "command = $dir/x/enoent"
worker eacces "command = $dir/x/eacces"
worker enoexec "command = $dir/x/enoexec"
worker eloop "command = $dir/x/eloop"
worker script "command = $dir/x/script"
again=20ms..20ms worker busy "command = $dir/x/busy"
worker nowhere "command = $chaos stamp:$dir/weak:up" "cwd = $dir/no"
worker huge "command = $chaos stamp:$dir/weak:up" "env_file = $dir/x/huge.env"
worker noenv "command = $chaos stamp:$dir/weak:up" "env_file = $dir/x/no.env"
worker crlf "command = $chaos env:$dir/crlf.env" "env_file = $dir/x/crlf.env"
worker nolog "command = $chaos stamp:$dir/weak:up" "log = file:$dir/no/x.log"
worker loader 'command = /bin/sh -c "echo libnone.so: cannot open >&2; exit 127"' 'ready = notify')
CONF
printf 'A=1\r\nB="two words"\r\n\r\n# no\nC=$HOME\n' >"$dir/x/crlf.env"
sleep 1000 9>>"$dir/x/busy" & writer=$!
start_msd "$dir/ms.conf"
await_ready quiet
baseline

failed_with() { # NAME STAGE ERRNO
	await "$1 fails at $2 with $3: $(msctl why "$1" --json | cut -c1-900)" 10 \
	    'msctl why '"$1"' --json |
		grep -q "\"kind\":\"exec\",.*\"stage\":\"'"$2"'\",\"errno\":\"'"$3"'\""'
}
case_ X1 "exec refuses, and says why"
failed_with enoent exec ENOENT
failed_with eacces exec EACCES
failed_with enoexec exec ENOEXEC
failed_with eloop exec ELOOP
failed_with busy exec ETXTBSY
kill "$writer"
await_ready busy
case_ X2 "an interpreter that is missing"
failed_with script interpreter ENOENT
expect "X2: the script is named" 'grep -q "name=script stage=interpreter .*$dir/x/script" "$dir/msd.out"'
case_ X3 "surroundings that cannot be had"
failed_with nowhere cwd ENOENT
failed_with noenv env_file ENOENT
failed_with nolog log ENOENT
case_ C14 "an environment that is too large, and one from another system"
failed_with huge env_file E2BIG
await "crlf has written" 5 '[ -e "$dir/crlf.env" ]'
case_ X8 "the loader refuses: its words are shown"
await "the loader's exit" 10 'msctl why loader --json | grep -q "\"code\":127"'
expect "X8: with its last words" 'msctl why loader --json | grep -q "libnone.so: cannot open"'
expect "no weaker start" '[ ! -e "$dir/weak" ]'

case_ X3 "users and limits that cannot be had"
for what in "user = nobody-here" "group = nobody-here" "umask = 999"; do
	{ cat "$dir/ms.conf"; printf '[worker bad]\ncommand = sleep 1\n%s\n' "$what"; } >"$dir/bad.conf"
	code=0; "$B/msd" -t -c "$dir/bad.conf" 2>"$dir/err" || code=$?
	expect "X3: '$what' exits $code: $(cat "$dir/err")" '[ $code = 6 ]'
done

case_ X7 "a binary that is replaced serves the next start"
cp "$B/t/probes/chaos" "$dir/x/new"
printf '\n' >>"$dir/x/new"
mv "$dir/x/new" "$dir/x/busy"
old=$(pid_of busy)
msctl restart busy --wait >/dev/null || fail "restart busy"
expect "X7: another process" '[ "$(pid_of busy)" != "$old" ]'
expect "X7: of the new file" '[ "/proc/$(pid_of busy)/exe" -ef "$dir/x/busy" ]'
fault_end
