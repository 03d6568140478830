#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# C5, soak: for a minute twenty operators give orders, somebody kills workers,
# and the configuration changes under all of it.
. t/lib/invariants.sh
fault_begin
QUICK_MS=1000 # the operators keep the machine busy
conf() {
	write_conf "$dir/draft" <<CONF
[supervisor root]
intensity = 1000000
[worker a]
command = $chaos lock:$dir/a.lock say:READY=1
ready = notify
stable_after = 0s
[worker b]
command = $chaos lock:$dir/b.lock setsid-orphan:1 say:READY=1
ready = notify
stable_after = 0s
env = B=$1
[supervisor all]
strategy = one_for_all
intensity = 1000000
[worker c]
supervisor = all
command = $chaos lock:$dir/c.lock say:READY=1
ready = notify
stable_after = 0s
requires = a
[worker d]
supervisor = all
command = $chaos lock:$dir/d.lock deaf say:READY=1
ready = notify
stable_after = 0s
stop_timeout = 50ms
CONF
	mv "$dir/draft" "$dir/ms.conf"
}
conf 0
start_msd "$dir/ms.conf"
for name in a b c d; do await_ready $name; done
end=$(($(date +%s) + 60))
operator() {
	i=$1
	while [ "$(date +%s)" -lt $end ]; do
		set -- a b c d
		shift $((i % 4))
		case $((i % 7)) in
		0) msctl stop "$1" --wait --timeout 20s ;;
		1 | 5) msctl start "$1" ;;
		2) msctl restart "$1" --wait --timeout 20s ;;
		3) msctl kill "$1" ;;
		4) kill -KILL "$(pid_of "$1")" ;;
		6) msctl reload ;;
		esac >>"$dir/answers" 2>&1
		i=$((i + 11))
	done
}
operators= n=0
trap 'kill $operators 2>/dev/null; story_cleanup' EXIT
while [ $n -lt 20 ]; do operator $n & operators="$operators $!"; n=$((n + 1)); done
while [ "$(date +%s)" -lt $end ]; do
	n=$((n + 1))
	conf $n
	kill -HUP "$msd"
	responsive
	[ "$(date +%s)" -ge $((end - 25)) ] || base_kib=$(number_of "$msd" VmRSS)
done
for operator in $operators; do wait "$operator"; done
trap story_cleanup EXIT
operators=
# c may wait for a, which somebody has stopped
expect "nobody waits for ever: $(grep '[ab] has not.*in time' "$dir/answers" | head -n 1)" \
    '! grep -q "[ab] has not.*in time" "$dir/answers"'
for name in a b c d; do msctl stop $name --wait >/dev/null || fail "stop $name"; done
for name in a b c d; do [ "$(state_of $name)" = ready ] || msctl start $name --wait >/dev/null || fail "start $name"; done
expect "nobody has met the lock of the one before: $(msctl events --json | grep '"code":97' | head -n 1)" \
    '! msctl events --json | grep -q "\"exited\".*\"code\":97"'
expect "one of each: $(kin)" '[ "$(kin | wc -l)" = 5 ]'
base_fds=$(fds_of "$msd") GROWTH_KIB=1024
fault_end
