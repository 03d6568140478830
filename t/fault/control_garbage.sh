#!/bin/sh
# Whatever is sent to the control socket, msd answers or hangs up and goes on.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<'CONF'
[worker a]
command = sleep 1000
CONF
start_msd "$dir/ms.conf"
await_ready a
a=$(pid_of a)
say() { "$B/t/probes/say" "$MS_SOCKET" 2>/dev/null; }
printf 'nonsense\n' | say >"$dir/1"
expect "nonsense is a bad request" 'grep -q bad_request "$dir/1"'
printf '{"do":"status","do":"stop","name":"a","id":1}\n' | say >"$dir/2"
expect "a member given twice is refused" 'grep -q bad_request "$dir/2"'
printf '{"id":7,"do":"stauts"}\n' | say >"$dir/3"
expect "an unknown verb is a bad request" 'grep -q bad_request "$dir/3"'
expect "the id comes back" 'grep -q "\"id\":7" "$dir/3"'
printf '{"id":8,"do":"reload","name":["a"]}\n' | say >"$dir/3"
expect "a name that is none does not mean all" 'grep -q bad_request "$dir/3"'
printf '{"id":9,"do":"reload","specs_only":"yes"}\n' | say >"$dir/3"
expect "a flag that is none is not a no" 'grep -q bad_request "$dir/3"'
head -c 300000 /dev/zero | tr '\0' 'x' | say >"$dir/4"
head -c 100000 /dev/urandom | say >"$dir/5"
i=0
while [ $i -lt 300 ]; do say </dev/null >/dev/null & i=$((i + 1)); done
for job in $(jobs -p | grep -v "^$msd$"); do wait "$job" || :; done
expect "msd is what it was" '[ "$(pid_of a)" = "$a" ]'
story_end
