#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make new-worker NAME=x` writes a worker that compiles without a warning,
# passes its tests, the floors and the format, starts and stops.
B=${B:-build/release} MODE=${MODE:-release}
tree=$(mktemp -d "${TMPDIR:-/tmp}/ms-new.XXXXXX") || exit 2
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$tree"' EXIT
fail() { echo "FAIL: $*"; exit 1; }
run() { # the make that runs us hands down its own flags: not these
	env -u MAKEFLAGS -u MFLAGS make -s -C "$tree" MODE="$MODE" "$@" 2>&1
}

# With what is built already, times kept, only what is new is compiled.
for f in Makefile .clang-format common proto supervisor workers t etc migrations; do
	cp -a "$f" "$tree/"
done
mkdir -p "$tree/build"
cp -a "$B" "$tree/build/$MODE"

run new-worker NAME=greeter >"$tree/out" || fail "$(cat "$tree/out")"
run build/"$MODE"/ms-greeter build/"$MODE"/t/unit/greeter/test_greeter \
    >"$tree/out" || fail "$(cat "$tree/out")"
! grep -i warning "$tree/out" || fail "it compiles with warnings"
"$tree/build/$MODE/t/unit/greeter/test_greeter" >"$tree/out" ||
    fail "$(cat "$tree/out")"
sh t/floors.sh "$tree" || fail "it breaks the floors"
! command -v clang-format >/dev/null ||
    (cd "$tree" && clang-format --dry-run -Werror workers/greeter/*.[ch] \
        proto/msg/greeter.[ch] proto/msg_table.c t/unit/greeter/*.c) ||
    fail "it is not formatted"

# a second one of that name, and names that cannot be, change nothing
for name in greeter int Greeter worker 'a b' ''; do
	! run new-worker NAME="$name" >"$tree/out" ||
	    fail "NAME='$name' was accepted"
done

# it runs
printf '[msd]\nrun_dir = %s\n' "$tree" >"$tree/ms.conf"
mkfifo "$tree/log" && exec 3<>"$tree/log"
"$tree/build/$MODE/ms-greeter" -c "$tree/ms.conf" 2>&3 &
pid=$!
timeout 20 grep -q ' info ready ' <&3 || fail "it does not get ready"
kill -TERM $pid
wait $pid || fail "it ends with $?"
pid=
