#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A shell that waits for a program: with stop_group the program is asked to end
# too and does so in its own way; without, it goes down with the shell.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
script() { # NAME: sh -c 'foo; bar', foo notes that it was asked
	printf "command = sh -c '%s note:%s on:TERM:note:%s on:TERM:exit:0; echo after'\n" \
	    "$N" "$dir/$1.began" "$dir/$1.asked"
}
{
	printf '[worker group]\nstop_group = yes\n'
	script group
	printf '[worker main]\n'
	script main
	# the shell has the program take its place: nothing else is needed
	printf "[worker replaced]\ncommand = sh -c 'exec %s note:%s on:TERM:note:%s on:TERM:exit:0'\n" \
	    "$N" "$dir/replaced.began" "$dir/replaced.asked"
	printf "[worker many]\ncommand = sh -c 'sleep 1000 & sleep 1000 | cat & wait'\n"
} | write_conf "$dir/ms.conf"
start_msd "$dir/ms.conf"
for name in group main replaced; do
	await "$name began" 10 '[ -s "$dir/$name.began" ]'
done
for name in group main replaced many; do
	msctl stop $name --wait >/dev/null || fail "stop $name"
done
expect "stop_group asks the program" '[ -s "$dir/group.asked" ]'
expect "exec asks the program" '[ -s "$dir/replaced.asked" ]'
expect "without both only the shell is asked" '[ ! -e "$dir/main.asked" ]'
for name in group main replaced; do
	pid=$(sed 's/.* //' "$dir/$name.began")
	expect "$name: the program is gone" '! kill -0 $pid 2>/dev/null'
done
expect "what outlived the shell is told" \
    'msctl why main --json | grep -q "\"left_behind\":1"'
story_end
