#!/bin/sh
# A new program that does not answer is given up after ten seconds, with all
# it has started; meanwhile msd goes on, and afterwards too.
. t/lib/story.sh
story_begin
mkdir "$dir/bin"
cp "$B/msd" "$dir/bin/msd"
write_conf "$dir/ms.conf" <<CONF
[worker a]
command = sleep 1000
CONF
"$dir/bin/msd" -c "$dir/ms.conf" >>"$dir/msd.out" 2>&1 &
msd=$!
await "msd answers" 20 'msctl count >/dev/null 2>&1'
await_ready a
printf '#!/bin/sh\nsleep 1234567\n' >"$dir/bin/new"
chmod 755 "$dir/bin/new"
mv "$dir/bin/new" "$dir/bin/msd"
msctl reexec >"$dir/out" 2>&1 &
asker=$!
await "the check runs" 5 'pgrep -P "$msd" -f resume-check >/dev/null'
old=$(pid_of a)
kill -9 "$old"
await_other_pid a "$old"
code=0; wait $asker || code=$?
expect "it is given up: $code, $(cat "$dir/out")" '[ $code = 1 ] && grep -q "did not answer in time" "$dir/out"'
await "with all of it" 5 '! pgrep -f "sleep 1234567" >/dev/null'
cp "$B/msd" "$dir/bin/new" && mv "$dir/bin/new" "$dir/bin/msd"
msctl reexec >/dev/null || fail "then a good one"
story_end
