#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Redis as a worker: its READY=1, what it wrote survives kill -9, its own orderly
# end; `--daemonize yes` is told what is wrong with it.
. t/lib/story.sh
command -v redis-server >/dev/null && command -v redis-cli >/dev/null ||
    { echo "skipped: no Redis"; exit 0; }
story_begin
mkdir "$dir/data" "$dir/other"
write_conf "$dir/ms.conf" <<CONF
[supervisor root]
on_initial_failure = retry
intensity = 1000
[worker redis]
command = redis-server --port 0 --unixsocket $dir/redis.sock --dir $dir/data \\
          --appendonly yes --appendfsync always --save '' \\
          --supervised systemd --daemonize no --logfile ''
ready = notify
stop_timeout = 20s
[worker daemon]
command = redis-server --port 0 --unixsocket $dir/other.sock --dir $dir/other \\
          --daemonize yes --logfile $dir/other.log
backoff = 1h..1h
CONF
redis() { redis-cli -s "$dir/redis.sock" "$@"; }
start_msd "$dir/ms.conf"
await_ready redis
expect "it answers as soon as it is ready" '[ "$(redis ping)" = PONG ]'
expect "what it says is shown" 'msctl status redis | grep -q "Ready to accept"'
expect "it takes a key" '[ "$(redis set key value)" = OK ]'
old=$(pid_of redis)
kill -9 "$old"
await_other_pid redis "$old"
expect "the key survived" '[ "$(redis get key)" = value ]'
msctl stop redis --wait >/dev/null || fail "stop"
expect "it ended by itself" 'msctl why redis | grep -q "exit code 0, by operator"'
expect "in its own order" 'grep -q "User requested shutdown" "$dir/log/redis.log"'

await "--daemonize yes is recognised" 20 \
    'msctl why daemon | grep -q "hint .*stay in the foreground"'
expect "and nothing of it runs" '! redis-cli -s "$dir/other.sock" ping >/dev/null 2>&1'
story_end
