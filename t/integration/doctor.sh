#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# msctl doctor: a sound system has no finding, and each of these mishaps has its
# own: a full disk, a foreign holder of a port, a replaced program, a changed
# file, a worker that dies again and again, rights, a msd that was killed.
. t/lib/story.sh
story_begin
port=$((10000 + $$ % 20000))

# What the doctor finds, CHECK SEVERITY a line; what depends on the machine the
# test runs on is left out.
diagnose() { # ARGUMENTS
	msctl doctor --json "$@" >"$dir/doctor.json"
	doctor_code=$?
	tr '{' '\n' <"$dir/doctor.json" | sed -n \
	    's/^"check":"\([^"]*\)","severity":"\(warning\|error\)".*/\1 \2/p' |
	    grep -v -e '^clock.synchronised' -e '^environment' -e '^limits.tasks'
}
finds() { # CHECK SEVERITY REMEDY [ARGUMENTS]
	check=$1 severity=$2 remedy=$3
	shift 3
	diagnose "$@" >"$dir/found"
	grep -Eqx "$check ($severity)" "$dir/found" ||
	    fail "no $severity of $check, but: $(cat "$dir/found")"
	grep -qF "$remedy" "$dir/doctor.json" ||
	    fail "no remedy '$remedy' in $(cat "$dir/doctor.json")"
	[ "$doctor_code" = 1 ] || fail "exit code $doctor_code with a finding"
}
sound() { # ARGUMENTS
	diagnose "$@" >"$dir/found"
	[ ! -s "$dir/found" ] || fail "found in a sound system: $(
	    cat "$dir/found" "$dir/doctor.json")"
}

cp "$(command -v sleep)" "$dir/sleeper"
conf() {
	write_conf "$dir/ms.conf" <<CONF
[supervisor core]
[worker log]
supervisor = core
command = ms-log
ready = notify
[worker config]
supervisor = core
command = ms-config
ready = notify
[worker bus]
supervisor = core
command = ms-bus
ready = notify
[worker web]
supervisor = core
command = $dir/sleeper 1000
listen = http=tcp:127.0.0.1:$port
backoff = 1ms..10ms
[bus]
segment_size = 64K
retention_size = ${1:-1M}
[persist]
environment = development
CONF
}
conf
chmod 644 "$dir/ms.conf"

# ---- sound, before, while and after it runs
sound -c "$dir/ms.conf" --min-free 0
start_msd "$dir/ms.conf"
for name in log config bus web; do await_ready $name; done
sound --min-free 0
msctl doctor --list >"$dir/list"
expect "the list names the checks" 'grep -q "^disk.space" "$dir/list"'
expect "a group can be asked for alone" \
    'msctl doctor ports versions -v | grep -q "holds 127.0.0.1:$port"'
msctl doctor no.such.check >"$dir/out" 2>&1
expect "an unknown check is a mistake" '[ $? = 2 ]'

# ---- mishaps
finds disk.space "warning|error" "du -xh" --min-free 100

conf 2M
finds configuration.loaded warning "msctl reload"
msctl reload >"$dir/out" || fail "no reload"
sound --min-free 0
printf '# only a word\n' >>"$dir/ms.conf"
sound --min-free 0
printf '[worker web]\nno_such_key = 1\n' >>"$dir/ms.conf"
finds configuration.valid error "msctl check $dir/ms.conf"
conf 2M
sound --min-free 0

cp "$dir/sleeper" "$dir/sleeper.new"
mv "$dir/sleeper.new" "$dir/sleeper"
finds versions.programs warning "msctl restart web --wait"
msctl restart web --wait >"$dir/out" || fail "no restart"
sound --min-free 0

chmod 666 "$dir/ms.conf"
finds permissions.configuration error "chmod go-w $dir/ms.conf"
chmod 644 "$dir/ms.conf"
chmod 000 "$dir/log"
finds permissions.directories error "chmod u+rwx,go+rx $dir/log"
chmod 755 "$dir/log"
sound --min-free 0

printf 'no numbers here' | dd of="$dir/run/metrics/bus" conv=notrunc 2>/dev/null
finds running.metrics warning "msctl restart bus --wait"
msctl restart bus --wait >"$dir/out" || fail "no restart of the bus"
sound --min-free 0

kill -STOP "$(pid_of bus)"
finds running.services error "msctl restart bus --wait"
kill -CONT "$(pid_of bus)"

# another user sees less, says so, and finds nothing that is not there
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null &&
    setpriv --reuid=65534 --clear-groups "$B/msctl" version >"$dir/out" 2>&1; then
	setpriv --reuid=65534 --clear-groups "$B/msctl" doctor versions limits \
	    configuration running >"$dir/out" 2>&1
	expect "nobody's doctor finds nothing" '[ $? = 0 ]'
	expect "nobody's doctor says what it cannot see" \
	    'grep -q "can only be looked at by root" "$dir/out"'
fi

for _ in 1 2 3; do
	pid=$(pid_of web)
	kill -9 "$pid"
	await_other_pid web "$pid"
done
finds running.restarts warning "msctl why web --all"

kill -STOP "$(msd_pid)" && stopped=$msd
finds running.msd error "kill -KILL $stopped"
kill -CONT "$stopped"
await "msd answers again" 5 'msctl version | grep -q "^msd .* pid"'

# ---- without msd
msd_group=$(msd_pid)
kill -9 "$msd_group"
wait "$msd" 2>/dev/null
msd=
for pid in $(left_behind); do kill -KILL "$pid" 2>/dev/null || :; done
await "its workers are gone" 5 '[ -z "$(left_behind)" ]'
finds running.msd warning "service ms start" -c "$dir/ms.conf"
finds permissions.sockets warning "rm -f $dir/run/msd.sock" -c "$dir/ms.conf"

# another msd has taken the port meanwhile
cat >"$dir/other.conf" <<CONF
[msd]
run_dir = $dir/other/run
log_dir = $dir/other/log
state_dir = $dir/other/state
[worker thief]
command = sleep 1000
listen = http=tcp:127.0.0.1:$port
CONF
here=$MS_SOCKET
MS_SOCKET=$dir/other/run/msd.sock
start_msd "$dir/other.conf"
await_ready thief
MS_SOCKET=$here
finds ports.tcp error "kill $msd" -c "$dir/ms.conf"
stop_msd
sound ports.tcp -c "$dir/ms.conf"
story_end
