#!/bin/sh
# A start that cannot be made says at which stage and why, and is never made
# in a weaker form.
. t/lib/story.sh
story_begin
mkdir "$dir/noexec"
printf 'no program\n' >"$dir/garbage"
printf '#!/no/such/interpreter -x\n' >"$dir/script"
ln -s loop "$dir/loop"
: >"$dir/plain"
chmod 755 "$dir/garbage" "$dir/script"
printf 'A=%09000d\n' 0 >"$dir/big"

write_conf "$dir/conf" <<EOF
[supervisor root]
on_initial_failure = retry
intensity = 1000000
[worker good]
command = sleep 1000
[worker enoent]
command = /no/such/program
[worker eacces]
command = $dir/plain
[worker enoexec]
command = $dir/garbage
[worker eloop]
command = $dir/loop
[worker e2big]
command = sleep 1000
env_file = $dir/big
[worker script]
command = $dir/script
[worker nowhere]
command = sleep 1000
cwd = $dir/no/such/place
[worker envless]
command = sleep 1000
env_file = $dir/no/such/file
EOF
start_msd "$dir/conf"
await_ready good

last_exit() { msctl status "$1" --json | sed 's/.*"last_exit"://'; }
told() { # WORKER STAGE ERRNO
	await "$1 fails at $2 with $3" 10 '[ "$(last_exit '"$1"')" != null ] &&
	    case $(last_exit '"$1"') in
	    *\"kind\":\"exec\"*\"stage\":\"'"$2"'\",\"errno\":\"'"$3"'\"*) ;;
	    *) false ;; esac'
	expect "$1 has no process" '[ -z "$(pid_of '"$1"')" ]'
}
told enoent exec ENOENT
told eacces exec EACCES
told enoexec exec ENOEXEC
told eloop exec ELOOP
told e2big env_file E2BIG
told script interpreter ENOENT
told nowhere cwd ENOENT
told envless env_file ENOENT
expect "the script is named" \
    'grep -q "name=script stage=interpreter .*$dir/script" "$dir/msd.out"'
expect "the good one was left alone" '[ "$(state_of good)" = ready ]'

# Its program is being written: retried until that is over, uncharged.
cp "$(command -v sleep)" "$dir/busy"
exec 7>>"$dir/busy"
write_conf "$dir/conf" <<EOF
[supervisor root]
intensity = 0
[worker good]
command = sleep 1000
[worker busy]
command = $dir/busy 1000
EOF
msctl reload >/dev/null || fail "reload"
told busy exec ETXTBSY
expect "it waits for its next try" '[ "$(state_of busy)" = backoff ]'
exec 7>&-
await_ready busy
story_end
