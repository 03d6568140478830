#!/bin/sh
# Every seed of every fuzz target passes its target's own checks.
B=${B:-build/release}
bad=0
for target in t/fuzz/fuzz_*.c; do
	name=${target#t/fuzz/fuzz_}
	name=${name%.c}
	set -- "t/fuzz/corpus/$name"/*
	if [ ! -f "$1" ]; then
		echo "$target has no seed in t/fuzz/corpus/$name"
		bad=1
	elif ! "$B/t/fuzz/replay_$name" "$@"; then
		bad=1
	fi
done
exit $bad
