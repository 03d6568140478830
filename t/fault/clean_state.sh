#!/bin/sh
# S4: however msd was started, a worker begins with no signal blocked or
# ignored and with descriptors 0, 1 and 2 alone.  L6: a descriptor's number
# that is taken again by the next worker carries no word of the last one.
. t/lib/story.sh
story_begin
chaos=$PWD/$B/t/probes/chaos
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 1000000
[worker clean]
command = $chaos sigmask:$dir/mask fds:$dir/fds
[worker first]
command = $chaos 'out:first-\\n' exit:1
backoff = 1ms..5ms
[worker second]
command = $chaos 'out:second-\\n' exit:1
backoff = 1ms..5ms
CONF
# nohup's way and worse: all is ignored, the two of glibc's threads as well (its
# posix_spawn may do that), and a descriptor is left open
"$chaos" ignore-all exec:"$B/msd" -c "$dir/ms.conf" \
    9<"$dir/ms.conf" >"$dir/msd.out" 2>&1 &
msd=$!
await "msd answers" 20 'msctl count >/dev/null 2>&1'
await_ready clean
await "it has written all" 10 '[ -s "$dir/mask" ] && [ -s "$dir/fds" ]'
expect "S4: no signal is blocked or ignored: $(cat "$dir/mask")" \
    '! grep -E "^Sig(Blk|Ign)" "$dir/mask" | cut -f2 | grep -q "[1-9a-f]"'
expect "S4: 0, 1 and 2 are all it has: $(cat "$dir/fds")" \
    '[ "$(cut -d" " -f1 "$dir/fds" | tr "\n" " ")" = "0 1 2 " ]'

await "L6: both have died a hundred times" 30 \
    '[ "$(grep -c first- "$dir/log/first.log")" -gt 100 ] && [ "$(grep -c second- "$dir/log/second.log")" -gt 100 ]'
expect "L6: each in its own file" \
    '! grep -q second- "$dir/log/first.log" && ! grep -q first- "$dir/log/second.log"'
story_end
