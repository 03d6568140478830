#!/bin/sh
# A new program that cannot take over is not tried: the old one goes on, says
# why, and the next attempt with a good one succeeds.
. t/lib/story.sh
story_begin
mkdir "$dir/bin"
cp "$B/msd" "$dir/bin/msd"
write_conf "$dir/ms.conf" <<CONF
[worker a]
command = sleep 1000
instances = 3
CONF
home=$B
B=$dir/bin
"$dir/bin/msd" -c "$dir/ms.conf" >>"$dir/msd.out" 2>&1 &
msd=$!
B=$home
await "msd answers" 20 'msctl count >/dev/null 2>&1'
await_ready a@3
a=$(pid_of a@3)
fds=$(ls /proc/$msd/fd | wc -l)
refused() { # WHAT WORDS
	code=0; msctl reexec >"$dir/out" 2>&1 || code=$?
	expect "$1 is refused with 1, not $code" '[ $code = 1 ]'
	expect "$1: the reason says '$2': $(cat "$dir/out")" 'grep -q "'"$2"'" "$dir/out"'
	expect "$1: everything is as it was" '[ "$(pid_of a@3)" = "$a" ] && kill -0 "$msd"'
}
put() { cat >"$dir/bin/new" && chmod 755 "$dir/bin/new" && mv "$dir/bin/new" "$dir/bin/msd"; }
rm "$dir/bin/msd"
refused "no program" "No such file"
echo garbage | put
refused "a broken program" "Exec format error"
put </bin/true
refused "another program" "does not take over"
printf '#!/bin/sh\nkill -SEGV $$\n' | put
refused "a program that crashes" "crashed: SEGV"
printf '#!/bin/sh\necho "msd: what is this?" >&2; exit 2\n' | put
refused "a program of before" "exit code 2): msd: what is this?"
printf '#!/bin/sh\nsed "s/\\"schema\\":[0-9]*/\\"schema\\":99/" <&3 >%s/future\nexec %s --resume-check 4 4<%s/future\n' \
    "$dir" "$PWD/$B/msd" "$dir" | put
refused "a schema of the future" "its schema 99 is newer"
printf '#!/bin/sh\nsed "s/\\"state\\":3/\\"state\\":77/" <&3 >%s/bad\nexec %s --resume-check 4 4<%s/bad\n' \
    "$dir" "$PWD/$B/msd" "$dir" | put
refused "a state that makes no sense" "a state that is none"
printf '#!/bin/sh\nsleep 1; exit 9\n' | put
msctl reexec >/dev/null 2>&1 &
first=$!
await "the check runs" 5 'pgrep -P "$msd" -f resume-check >/dev/null'
code=0; msctl reexec >"$dir/out" 2>&1 || code=$?
expect "a second one meanwhile is a conflict, not $code" '[ $code = 152 ]'
code=0; wait $first || code=$?
expect "the first is answered: $code" '[ $code = 1 ]'
cp "$home/msd" "$dir/bin/new" && mv "$dir/bin/new" "$dir/bin/msd"
msctl reexec >"$dir/out" 2>&1 || fail "a good program: $(cat "$dir/out")"
expect "workers stay" '[ "$(pid_of a@3)" = "$a" ]'
expect "it is the new file" '[ /proc/$msd/exe -ef "$dir/bin/msd" ]'
expect "no descriptor is left over: $fds, $(ls /proc/$msd/fd | wc -l)" '[ "$(ls /proc/$msd/fd | wc -l)" = "$fds" ]'
story_end

# no room for the state
write_conf "$dir/ms.conf" <<CONF
[worker a]
command = sleep 1000
instances = 30
CONF
(ulimit -f 8; exec "$B/msd" -c "$dir/ms.conf" >/dev/null 2>&1) &
msd=$!
await "msd answers" 20 'msctl count >/dev/null 2>&1'
await_ready a@30
a=$(pid_of a@30)
code=0; msctl reexec >"$dir/out" 2>&1 || code=$?
expect "a state without room is refused with 1, not $code" '[ $code = 1 ]'
expect "with the reason: $(cat "$dir/out")" 'grep -q "File too large" "$dir/out"'
expect "everything is as it was" '[ "$(pid_of a@30)" = "$a" ]'
story_end
