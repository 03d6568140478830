#!/bin/sh
# Control groups: limits hold, whoever belongs to a worker is known by them,
# nothing of them stays, and without them a worker runs with a warning or, if
# it requires them, not at all.
. t/lib/story.sh
story_begin
chaos=$PWD/$B/t/probes/chaos
group_of() { # PID CONTROLLER ("" for the unified one)
	sed -n "s|^[0-9]*:$2:||p" "/proc/$1/cgroup"
}

lives() { # a zombie that nobody has reaped yet does not
	[ "$(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null || echo Z)" != Z ]
}

# ---- where there are none
if unshare -m true 2>/dev/null; then
	write_conf "$dir/none" <<-EOF
	[supervisor root]
	on_initial_failure = retry
	[worker plain]
	command = sleep 1000
	pids_max = 10
	[worker strict]
	command = sleep 1000
	cgroup = required
	EOF
	hidden() { unshare -m sh -c 'umount -R -l /sys/fs/cgroup; exec "$@"' - "$@"; }
	hidden "$B/msd" -t -c "$dir/none" >"$dir/out" 2>&1 || fail "-t: $(cat "$dir/out")"
	expect "the check warns" 'grep -q "warning: .worker plain.: no usable cgroup for pids_max" "$dir/out"'
	expect "of both" 'grep -q "warning: .worker strict.*will not start" "$dir/out"'
	hidden "$B/msd" -c "$dir/none" >>"$dir/msd.out" 2>&1 &
	msd=$!
	await "msd answers" 20 'msctl count >/dev/null 2>&1'
	await_ready plain
	expect "it says so" 'grep -q "runs without limits.*name=plain limits=pids" "$dir/msd.out"'
	await "strict fails at its stage" 10 'msctl status strict --json |
	    grep -q "\"kind\":\"exec\".*\"stage\":\"cgroup\""'
	expect "and is not started weaker" '[ -z "$(pid_of strict)" ]'
	stop_msd
	rm -rf "$dir/run"
else
	echo "skipped: no mount namespace to hide the cgroups in"
fi

# ---- where there are
write_conf "$dir/conf" <<EOF
[supervisor root]
intensity = 1000
[worker many]
command = sh -c "for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; wait"
pids_max = 5
restart = temporary
[worker slow]
command = sleep 1000
cpu_max = 50%
[worker home]
command = sh -c "env -i setsid sleep 1007 & exec sleep 1000"
[worker other]
command = sleep 1000
EOF
start_msd "$dir/conf"
for name in slow home other; do await_ready $name; done
slow=$(pid_of slow)

pids=$(group_of "$(pid_of home)" pids)
if grep -q "runs without limits.*name=many" "$dir/msd.out"; then
	echo "skipped: no writable pids controller"
else
	await "pids_max stops the fifth child" 10 'msctl status many --json |
	    grep -q "\"state\":\"exited\".*\"kind\":\"exit\",\"code\":2"'
fi
if grep -q "runs without limits.*name=slow" "$dir/msd.out"; then
	echo "skipped: no writable cpu controller"
else
	v1=/sys/fs/cgroup/cpu$(group_of "$slow" cpu)
	v2=/sys/fs/cgroup$(group_of "$slow" "")
	expect "cpu_max is set" 'grep -qs "^50000 100000" "$v2/cpu.max" ||
	    [ "$(cat "$v1/cpu.cfs_quota_us")" = 50000 ]'
fi

unified=$(group_of "$(pid_of home)" "")
case $unified in
*/ms:*/w-home) ;;
*)
	echo "skipped: no writable unified hierarchy"
	story_end
	exit 0
	;;
esac
top=$(awk '$(NF - 2) == "cgroup2" || / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
daemon() { # of home: nothing but its cgroup tells whose it is
	for p in $(cat "$top${unified%/w-home}/w-home/cgroup.procs"); do
		[ "$p" = "$(pid_of home)" ] || echo "$p"
	done
}
await "the daemon of home has left its session" 5 '[ -n "$(daemon)" ]'
old=$(daemon)
other=$(pid_of other)
kill -9 "$other"
await_other_pid other "$other"
expect "the death of another is none of its business" 'lives "$old"'
msctl stop home --wait --timeout 10s >/dev/null || fail "stop home"
expect "stopped means its daemon too" '! lives "$old"'
expect "its directory is gone" '[ ! -e "$top$unified" ]'
msctl start home --wait --timeout 10s >/dev/null || fail "start home"
await "it has a daemon again" 5 '[ -n "$(daemon)" ]'

# a dead msd leaves a daemon behind that the next one finds
old=$(daemon)
kill -9 "$msd"
wait "$msd" 2>/dev/null
start_msd "$dir/conf"
await_ready home
expect "what the dead msd left is gone" '! lives "$old"'
stop_msd
expect "no directory stays" '[ ! -e "$top${unified%/w-home}" ]'
story_end
