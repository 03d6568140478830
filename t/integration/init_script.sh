#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# etc/init.d/ms, every verb, in a private place: `start` returns when the tree
# is ready or with the reason, `stop` when all is gone, both twice; a wrong file
# changes nothing; `status` as the LSB wants it.  With each shell that is here.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
cat >"$dir/defaults" <<DEFAULTS
MS_BIN=$PWD/$B/msd
MS_CTL=$PWD/$B/msctl
MS_CONFIG=$dir/ms.conf
MS_STOP_MARGIN=1
DEFAULTS
unset MS_SOCKET MS_RUN_DIR
ctl() { "$B/msctl" -s "$dir/run/msd.sock" "$@"; }

good_conf() { # PAUSE_MS
	write_conf "$dir/ms.conf" <<CONF
[worker a]
command = $N env:$dir/env pause:$1 say:READY=1
ready = notify
CONF
}
ms() { MS_DEFAULTS=$dir/defaults $shell etc/init.d/ms "$@" >"$dir/out" 2>&1; }
gives() { # CODE VERB: the verb ends with the code
	code=0; ms "$2" || code=$?
	[ $code = "$1" ] || fail "$shell: $2 gives $code, not $1: $(cat "$dir/out")"
}
running_pid() { cat "$dir/run/msd.pid" 2>/dev/null || :; }

tell() {
	good_conf 300
	gives 3 status
	gives 0 stop           # twice down is down
	gives 0 try-restart    # not running: nothing to do
	gives 0 force-reload
	gives 7 reload
	expect "$shell: nothing was started" '[ ! -e "$dir/run/msd.pid" ]'

	gives 0 start
	msd=$(running_pid)
	expect "$shell: ready when start returns" \
	    'ctl status a --json | grep -q "\"state\":\"ready\""'
	expect "$shell: the worker inherits nothing of the script's" \
	    '! grep -q "^MS_BIN\|^MS_CTL\|^MS_DEFAULTS" "$dir/env"'
	gives 0 status
	gives 0 start
	expect "$shell: a second start changes nothing" '[ "$(running_pid)" = "$msd" ]'
	gives 0 reload
	gives 0 force-reload

	worker=$(ctl status a --json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p')
	printf 'nonsense\n[worker a]\nkommand = x\n' >>"$dir/ms.conf"
	gives 6 reload
	expect "$shell: every error is told" 'grep -q "kommand" "$dir/out"'
	gives 6 restart
	gives 6 force-reload
	gives 0 start # it runs: that is what was asked for
	gives 0 status
	expect "$shell: what runs was left alone" 'kill -0 $worker &&
	    [ "$(running_pid)" = "$msd" ]'
	good_conf 0

	gives 0 restart
	expect "$shell: restart is another msd" '[ "$(running_pid)" != "$msd" ]'
	msd=$(running_pid)
	gives 0 try-restart
	expect "$shell: so is try-restart" '[ "$(running_pid)" != "$msd" ]'
	msd=$(running_pid)
	worker=$(ctl status a --json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p')
	gives 0 stop
	expect "$shell: all is gone when stop returns" '! kill -0 "$worker" 2>/dev/null'
	msd=
	gives 3 status
	gives 0 stop

	# a stop works with a file that has become wrong
	gives 0 start
	msd=$(running_pid)
	printf 'nonsense\n' >>"$dir/ms.conf"
	gives 0 stop
	expect "$shell: stopped in spite of the file" '[ ! -e "$dir/run/msd.pid" ]'
	msd=
	gives 6 start
	expect "$shell: a wrong file names its line" 'grep -q "ms.conf:[0-9]*:" "$dir/out"'

	# a tree that does not come up
	write_conf "$dir/ms.conf" <<CONF
[worker good]
command = sleep 1000
[worker bad]
command = /no/such/program
CONF
	gives 1 start
	expect "$shell: start says why" 'grep -q "worker bad exec failed" "$dir/out"'
	gives 3 status

	# killed: the pid file stays behind, and may name somebody else by now
	good_conf 0
	gives 0 start
	msd=$(running_pid)
	kill -KILL "$msd"
	await "$shell: msd is gone" 10 '! kill -0 "$msd" 2>/dev/null ||
	    grep -q "^State:.Z" "/proc/$msd/status"'
	msd=
	gives 1 status
	echo $$ >"$dir/run/msd.pid"
	gives 1 status
	gives 0 stop
	expect "$shell: another program is not stopped" 'kill -0 $$'
	gives 0 start
	msd=$(running_pid)
	gives 0 stop
	msd=
}

for shell in sh dash "busybox ash" bash; do
	command -v "${shell%% *}" >/dev/null || continue
	tell
done

# with the guardian, whose number the pid file holds
shell=sh
good_conf 0
sed -i 's/^\[msd\]/&\nguardian = yes/' "$dir/ms.conf"
gives 0 start
msd=$(running_pid)
expect "the pid file names the guardian" 'grep -q guardian "/proc/$msd/comm"'
gives 0 status
gives 0 start
gives 0 reload
mv "$dir/log/msd.log" "$dir/log/msd.log.1"
kill -USR1 "$msd" # as logrotate does
await "the log is another file" 10 'grep -q "logs reopened" "$dir/log/msd.log"'
inner=$(pgrep -P "$msd")
kill -KILL "$inner"
await "msd has been started again" 20 'ctl status a --json 2>/dev/null |
    grep -q "\"state\":\"ready\"" && [ "$(pgrep -P "$msd")" != "$inner" ]'
gives 0 status
gives 0 restart
msd=$(running_pid)
gives 0 stop
gives 3 status
msd=

# a tree that does not become ready keeps nobody from booting
cat >>"$dir/defaults" <<'DEFAULTS'
MS_START_TIMEOUT=1
DEFAULTS
good_conf 0
printf '[worker late]\ncommand = sleep 1000\nready = notify\n' >>"$dir/ms.conf"
gives 1 start
expect "start says that msd goes on" 'grep -q "not ready after 1 s; msd goes on" "$dir/out"'
msd=$(running_pid)
expect "it does" 'ctl status late --json | grep -q "\"state\":\"starting\""'
gives 0 status
gives 0 stop
msd=
sed -i '/^MS_START_TIMEOUT/d' "$dir/defaults"

# hung: alive without an answer; `stop` is bounded and says who is still there
shell=sh
good_conf 0
sed -i 's/^\[msd\]/&\nshutdown_deadline = 1s/' "$dir/ms.conf"
gives 0 start
msd=$(running_pid)
kill -STOP "$msd"
gives 4 status
gives 1 stop
expect "it says that it has not ended" 'grep -q "pid $msd) has not ended" "$dir/out"'
kill -CONT "$msd"
await "the TERM was sent" 10 '! kill -0 "$msd" 2>/dev/null ||
    grep -q "^State:.Z" "/proc/$msd/status"'
msd=

# no programs: nothing to stop, nothing runs, nothing can be started
sed -i 's|^MS_BIN=.*|MS_BIN=/no/such/msd|' "$dir/defaults"
gives 5 start
gives 0 stop
gives 3 status
sed -i "s|^MS_BIN=.*|MS_BIN=$PWD/$B/msd|" "$dir/defaults"
gives 2 dance
gives 2 ''
story_end
