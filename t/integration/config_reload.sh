#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ms-config serves values with their origin, announces what a HUP changed, goes
# on with the last good generation when the file is broken, and does so even
# when it was killed meanwhile.
B=${B:-build/release}
dir=$(mktemp -d "${TMPDIR:-/tmp}/ms-config.XXXXXX") || exit 2
pid=
trap '[ -z "$pid" ] || kill -9 $pid 2>/dev/null; rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; cat "$dir"/log*; exit 1; }

write() { printf '%s\n' "[msd]" "run_dir = $dir" "state_dir = $dir/state" "$@" \
    >"$dir/conf.new" && mv "$dir/conf.new" "$dir/conf"; }
await() { # FILE PATTERN
	timeout 20 tail -n +1 -f "$dir/$1" | grep -q -e "$2" ||
	    fail "never seen in $1: $2"
}
start() { # LOG
	: >"$dir/$1"
	"$B/ms-config" -c "$dir/conf" -N config 2>>"$dir/$1" &
	pid=$!
	await "$1" ' ready '
}
is() { # KEY VALUE
	got=$("$B/msctl" -s "$dir/msd.sock" config get "$1" 2>&1)
	[ "$got" = "$2" ] || fail "$1 is '$got', not '$2'"
}
says() { # JSON TEXT
	got=$("$B/msctl" -s "$dir/msd.sock" --json config status)
	case $got in *"$1"*) ;; *) fail "status has no $1: $got" ;; esac
}

write '[bus]' 'max_consumers = 3' '[pool main]' 'upstream = password=hush'
start log1
is bus.max_consumers 3
is bus.segment_size 64M
is pool.main.upstream '***'
out=$("$B/msctl" -s "$dir/msd.sock" config get bus.max_consumer 2>&1)
code=$?
[ $code -eq 5 ] || fail "an unknown key ended with $code: $out"
case $out in
*'did you mean bus.max_consumers?'*) ;;
*) fail "unknown key: $out" ;;
esac

: >"$dir/seen"
"$B/t/probes/config_watch" "$dir" 2 >>"$dir/seen" 2>&1 &
watcher=$!
await seen watching
write '[bus]' 'max_consumers = 4' '[pool main]' 'upstream = password=hush'
kill -HUP $pid
await seen '^{"generation":2,"changed":\["bus.max_consumers"\]}$'
is bus.max_consumers 4
says '"generation":2'

write '[bus]' 'max_consumers = 0' 'max_consumer = 1'
kill -HUP $pid
await log1 'conf:6:1: '
is bus.max_consumers 4
says '"generation":2'
says '"errors":2'
rm "$dir/conf"
kill -HUP $pid
await log1 'No such file'
is bus.max_consumers 4
says '"errors":1'

write '[bus]' 'max_consumers = 5' '[pool main]' 'upstream = password=loud'
kill -HUP $pid
await seen '^{"generation":3,"changed":\["bus.max_consumers","pool.main.upstream"\]}$'
wait $watcher || fail "the watcher failed"
is bus.max_consumers 5

kill -9 $pid
wait $pid 2>/dev/null
write '[bus'
start log2
is bus.max_consumers 5
says '"generation":3'
! grep -q -e hush -e loud "$dir"/log* "$dir/seen" || fail "a secret was told"

kill -TERM $pid
wait $pid
code=$?
pid=
[ $code -eq 0 ] || fail "ended with $code"
