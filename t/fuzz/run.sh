#!/bin/sh
# Shares SECONDS among fuzz targets: t/fuzz/run.sh SECONDS NAME...
# New inputs are kept in build/fuzz/corpus/NAME, crashes in build/fuzz/.
total=$1
shift
[ $# -gt 0 ] || { echo "no fuzz target of that name" >&2; exit 1; }
each=$((total / $#))
[ "$each" -gt 0 ] || each=1
failed=
for name in "$@"; do
	mkdir -p "build/fuzz/corpus/$name"
	set -- -max_total_time="$each" -max_len=16384 -timeout=10 \
	    -rss_limit_mb=1024 -print_final_stats=1 \
	    -artifact_prefix="build/fuzz/$name-"
	[ -f "t/fuzz/$name.dict" ] && set -- "$@" -dict="t/fuzz/$name.dict"
	set -- "$@" "build/fuzz/corpus/$name"
	[ -d "t/fuzz/corpus/$name" ] && set -- "$@" "t/fuzz/corpus/$name"
	if "build/fuzz/fuzz_$name" "$@" >"build/fuzz/$name.log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$name.log")
		echo "  ok   $name: $runs inputs in $each s"
	else
		failed="$failed $name"
		echo "  FAIL $name: see build/fuzz/$name.log"
		tail -n 40 "build/fuzz/$name.log" | sed 's/^/       | /'
	fi
done
[ -z "$failed" ]
