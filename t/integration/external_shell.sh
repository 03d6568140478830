#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A shell that waits for a program: with stop_group the program is asked to end
# too and does so in its own way; without, it goes down with the shell.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
script() { # NAME: sh -c 'foo; bar', foo notes that it was asked
	printf "command = sh -c '%s on:TERM:pause:200 on:TERM:note:%s on:TERM:exit:0 note:%s; echo after'\n" \
	    "$N" "$dir/$1.asked" "$dir/$1.began"
}
{
	printf '[worker group]\nstop_group = yes\n'
	script group
	printf '[worker stubborn]\nstop_group = yes\nstop_timeout = 300ms\n'
	printf "command = sh -c '%s ignore:TERM note:%s; echo after'\n" \
	    "$N" "$dir/stubborn.began"
	printf '[worker killed]\nstop_group = yes\nstop_timeout = infinity\n'
	printf "command = sh -c '%s ignore:TERM note:%s; echo after'\n" \
	    "$N" "$dir/killed.began"
	printf '[worker main]\n'
	script main
	# the shell has the program take its place: nothing else is needed
	printf "[worker replaced]\ncommand = sh -c 'exec %s on:TERM:note:%s on:TERM:exit:0 note:%s'\n" \
	    "$N" "$dir/replaced.asked" "$dir/replaced.began"
	printf "[worker many]\ncommand = sh -c 'sleep 1000 & sleep 1000 | cat & wait'\n"
} | write_conf "$dir/ms.conf"
start_msd "$dir/ms.conf"
for name in group stubborn killed main replaced; do
	await "$name began" 10 '[ -s "$dir/$name.began" ]'
done
msctl stop killed >/dev/null || fail "stop killed"
expect "infinity is patient" '! msctl wait killed --state down --timeout 500ms >/dev/null 2>&1'
msctl kill killed >/dev/null || fail "kill killed"
for name in group stubborn killed main replaced many; do
	msctl stop $name --wait >/dev/null || fail "stop $name"
done
expect "stop_group asks the program, and lets it end in its own time" '[ -s "$dir/group.asked" ]'
expect "exec asks the program" '[ -s "$dir/replaced.asked" ]'
expect "without both only the shell is asked" '[ ! -e "$dir/main.asked" ]'
for name in group stubborn killed main replaced; do
	pid=$(sed 's/.* //' "$dir/$name.began")
	expect "$name: the program is gone" '! kill -0 $pid 2>/dev/null'
done
await "what outlived the shell is told" 10 \
    'msctl why main | grep -q "left [1-9] process.* behind (killed)"'
story_end
