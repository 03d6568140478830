#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A program that makes itself a daemon: nothing of it is left, and `why` says
# what to do about it.  Other frequent mistakes have their hint too.
. t/lib/story.sh
story_begin
N=$PWD/$B/t/probes/chaos
printf 'no program\n' >"$dir/text"
printf '#!/no/such/interpreter\n' >"$dir/script"
chmod 755 "$dir/script" "$dir/text"
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
on_initial_failure = retry
intensity = 1000
[worker daemon]
command = $N daemonise
backoff = 1h..1h
[worker mute]
command = sleep 1000
ready = notify
start_timeout = 100ms
backoff = 1h..1h
[worker script]
command = $dir/script
backoff = 1h..1h
[worker text]
command = $dir/text
backoff = 1h..1h
[worker deaf]
command = $N ignore:TERM note:$dir/deaf
stop_timeout = 200ms
CONF
start_msd "$dir/ms.conf"
hint() { # NAME WORDS
	name=$1 words=$2
	await "$name has died" 20 'msctl why "$name" --json | grep -q "\"exits\":\[{"'
	await "why $name speaks of '$words'" 10 'msctl why "$name" | grep -q "^  hint .*$words"'
}
hint daemon "stay in the foreground"
await "why says so in JSON" 10 'msctl why daemon --json | grep -q "\"left_behind\":1"'
await "msd says it too" 10 'grep -q "hint name=daemon" "$dir/msd.out"'
of_daemon() { grep -lsz "^MS_NAME=daemon$" $(left_behind | sed 's|.*|/proc/&/environ|') /dev/null; }
await "its daemon is gone" 10 '[ -z "$(of_daemon)" ]'
hint mute "READY=1"
hint script "interpreter"
hint text "needs #!"
await "deaf runs" 10 '[ -s "$dir/deaf" ]'
msctl stop deaf --wait >/dev/null || fail "stop deaf"
hint deaf "stop_timeout"
story_end
