#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Signals that come together, in storms, ignored by the parent, interrupting
# every system call; numbers of processes used twice; a clock that jumps.
. t/lib/invariants.sh
fault_begin

case_ S1 "500 children die at once"
{
	printf '[supervisor root]\nintensity = 100000\n'
	i=1
	while [ $i -le 500 ]; do
		printf '[worker w%d]\ncommand = %s\nstable_after = 0s\n' $i "$chaos"
		i=$((i + 1))
	done
} | write_conf "$dir/ms.conf"
start_msd "$dir/ms.conf"
await_ready w500
baseline
workers | awk '{ print $3 }' >"$dir/old"
ready_again() { workers | awk '$2 == "ready" && $4 == 2' | wc -l; }
since=$(now_ms)
xargs kill -KILL <"$dir/old"
await "S1: all are there again" 20 '[ "$(ready_again)" = 500 ]'
took=$(($(now_ms) - since))
case $MODE in asan | tsan) ;; *) expect "S1: after $took ms" '[ $took -lt 6000 ]' ;; esac
expect "S1: 500 exits" '[ "$(msctl events --json | grep -c "\"event\":\"exited\".*\"signal\":\"KILL\",\"cause\":\"external\"")" = 500 ]'
invariants
stop_msd
await "nobody is left" 5 '[ -z "$(kin)" ]'

write_conf "$dir/ms.conf" <<CONF
[supervisor root]
intensity = 100000
[worker a]
command = $chaos say:READY=1
ready = notify
stable_after = 0s
[worker beats]
command = $chaos say:READY=1 beat:1000000
ready = notify
watchdog = 2s
[worker late]
command = $chaos exit:1
backoff = 1h..1h
[worker stubborn]
command = $chaos deaf say:READY=1
ready = notify
stop_timeout = 300ms
CONF
case_ S2 "a storm of signals"
start_msd "$dir/ms.conf"
await_ready stubborn
baseline
old=$(pid_of a) n=0
while [ $n -lt 4000 ]; do
	kill -HUP "$msd"; kill -USR1 "$msd"; kill -CHLD "$msd"
	n=$((n + 1))
done
responsive
expect "S2: nobody was touched" '[ "$(pid_of a)" = "$old" ]'
kill -KILL "$old"
await_other_pid a "$old"
await "the storm is over" 10 'msctl events --json | tail -n 1 | grep -q "\"a\""'
invariants
stop_msd
expect "S2: TERM is not lost" '[ "$msd_code" = 0 ]'

case_ S8 "a parent that ignores SIGCHLD, HUP and TERM"
(
	trap '' CHLD HUP PIPE
	exec "$B/msd" -c "$dir/ms.conf" >>"$dir/msd.out" 2>&1
) & msd=$!
await "msd answers" 10 'msctl count >/dev/null 2>&1'
await_ready stubborn
old=$(pid_of a)
kill -KILL "$old"
await_other_pid a "$old"
stop_msd
expect "S8: it ends as always" '[ "$msd_code" = 0 ]'

case_ S3 "every system call is interrupted now and then"
# libev wakes itself with write and counts on it: that one never sleeps
calls=read,recvmsg,sendto,sendmsg,epoll_wait,accept4,connect
if [ "$(id -u)" = 0 ] && strace -o /dev/null true 2>/dev/null; then
	# the leak checker needs the place that strace holds
	ASAN_OPTIONS=detect_leaks=0 \
	    strace -D -o /dev/null -e trace=$calls -e inject=$calls:error=EINTR:when=50+20 \
	    "$B/msd" -c "$dir/ms.conf" >>"$dir/msd.out" 2>&1 & msd=$!
	await "msd answers" 20 'msctl count >/dev/null 2>&1'
	await_ready stubborn
	n=0
	while [ $n -lt 20 ]; do
		old=$(pid_of a)
		kill -KILL "$old"
		await_other_pid a "$old"
		msctl restart a --wait >/dev/null || fail "S3: restart"
		n=$((n + 1))
	done
	events_are_whole
	only_the_living
	stop_msd
	expect "S3: it ends as always" '[ "$msd_code" = 0 ]'
else
	skip "S3: needs strace and root"
fi

case_ S9 "the clock jumps a year, both ways"
cat >"$dir/shim.c" <<'C'
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long offset(void)
{
	FILE *f = fopen(getenv("CLOCK_OFFSET"), "re");
	long s = 0;
	if (f) { if (fscanf(f, "%ld", &s) != 1) s = 0; fclose(f); }
	return s;
}
int clock_gettime(clockid_t id, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, id, t);
	if (id == CLOCK_REALTIME) t->tv_sec += offset();
	return r;
}
int gettimeofday(struct timeval *t, void *z)
{
	struct timespec n;
	(void)z;
	clock_gettime(CLOCK_REALTIME, &n);
	t->tv_sec = n.tv_sec; t->tv_usec = n.tv_nsec / 1000;
	return 0;
}
time_t time(time_t *t)
{
	struct timespec n;
	clock_gettime(CLOCK_REALTIME, &n);
	if (t) *t = n.tv_sec;
	return n.tv_sec;
}
C
case $MODE in asan | tsan) compiler=false ;; *) compiler=${CC:-cc} ;; esac
if $compiler -shared -fPIC -o "$dir/shim.so" "$dir/shim.c" 2>/dev/null; then
	echo 0 >"$dir/offset"
	CLOCK_OFFSET=$dir/offset LD_PRELOAD=$dir/shim.so "$B/msd" -c "$dir/ms.conf" >>"$dir/msd.out" 2>&1 & msd=$!
	await "msd answers" 10 'msctl count >/dev/null 2>&1'
	await_ready stubborn
	await "late waits" 5 '[ "$(state_of late)" = backoff ]'
	beats=$(pid_of beats) generation=$(workers | awk '$1 == "late" { print $4 }')
	for offset in 31536000 -31536000 0; do
		echo $offset >"$dir/offset"
		since=$(now_ms)
		msctl stop stubborn --wait --timeout 20s >/dev/null || fail "S9: stop"
		took=$(($(now_ms) - since))
		expect "S9: $offset: stop_timeout is 300 ms, not $took" '[ $took -ge 290 ] && [ $took -lt 1500 ]'
		msctl start stubborn --wait >/dev/null || fail "S9: start"
		old=$(pid_of a)
		kill -KILL "$old"
		await_other_pid a "$old"
		await "S9: beats goes on for a watchdog's time" 5 '[ $(($(now_ms) - since)) -gt 2200 ]'
		expect "S9: $offset: no false alarm" '[ "$(pid_of beats)" = "$beats" ]'
		expect "S9: $offset: no false start" '[ "$(workers | awk "\$1 == \"late\" { print \$4 }")" = "$generation" ]'
	done
	events_are_whole
	stop_msd
else
	skip "S9: no compiler for the shim, or sanitizers"
fi
story_end
