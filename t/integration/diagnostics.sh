#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The diagnostic verbs beside a running system: how full the bus is, what could
# not be delivered, who runs with which configuration, the report for a ticket.
. t/lib/story.sh
story_begin

conf() { # MAX_CONSUMERS
	write_conf "$dir/ms.conf" <<CONF
[supervisor core]
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
command = sleep 1000
env = WEB_PASSWORD=hushhush
[bus]
max_consumers = $1
max_ack_pending = 8
[persist]
environment = development
CONF
}
shows() { # PATTERN COMMAND...
	pattern=$1
	shift
	msctl "$@" >"$dir/out" 2>&1
	code=$?
	grep -q -e "$pattern" "$dir/out" ||
	    fail "msctl $* does not show '$pattern': $(cat "$dir/out")"
}

conf 4
start_msd "$dir/ms.conf"
for name in config bus web; do await_ready $name; done

# ---- bus
for _ in 1 2 3; do msctl bus pub a.b --data 1 >/dev/null || fail "no pub"; done
shows '^log .* of 4.0 GiB (0 %), 1 segment$' bus stats
shows '^dedup .* window 2m00s of 2m00s' bus stats
shows '"max_ack_pending":8' bus stats --json
shows '"channels":\[\]' bus stats --json
shows '^no event was handed out' bus dlq
msctl bus pub 'a..b' --data 1 >/dev/null 2>&1 && fail "a bad subject went"
shows '"stuck":\[\]' bus dlq --json

# ---- configuration
shows 'is good, and what generation 1 says' config check
shows '^bus  *current  *1  *0' config watchers
expect "all are current" '[ "$code" = 0 ]'
conf 5
shows 'a reload would change 1 key' config check
expect "a good file is no failure" '[ "$code" = 0 ]'
printf 'max_consumer = 1\n' >>"$dir/ms.conf"
sed -i 's/^max_consumers = 5/max_consumers = -1/' "$dir/ms.conf"
shows 'max_consumers' config check
expect "errors are exit code 6" '[ "$code" = 6 ]'
shows '"errors":2' config check --json
msctl signal bus HUP >/dev/null || fail "no signal"
await "the bus has refused the file" 10 \
    'msctl config watchers --json | grep -q "\"name\":\"bus\",\"state\":\"refused\""'
shows 'refused' config watchers
expect "another configuration is exit code 1" '[ "$code" = 1 ]'
msctl doctor configuration >"$dir/out"
expect "the doctor tells" 'grep -q "worker bus refused its section" "$dir/out"'
conf 5
msctl reload >"$dir/out" || fail "no reload"
await "all run with generation 2" 10 \
    'msctl config watchers 2>/dev/null | grep -q "^bus *current *2 "'

# ---- numbers: nobody has used a pool here
shows 'no pool has numbers yet' pool stats
msctl queues >"$dir/out" || fail "queues"
shows '"queues":' queues --json
msctl --run-dir "$dir/nowhere" queues >"$dir/out" 2>&1
expect "no system is exit code 7" '[ $? = 7 ]'

# ---- the report
msctl kill web --wait >/dev/null || fail "no kill"
msctl start web --wait >/dev/null || fail "no start"
msctl report >"$dir/report.json" || fail "no report"
for part in version host doctor tree deaths health processes disks \
    configuration bus consumers pools persist metrics; do
	expect "the report has $part" 'grep -q "^  \"$part\": " "$dir/report.json"'
done
expect "the last exit is in it" 'grep -q "\"cause\": \"operator\"" "$dir/report.json"'
expect "no secret is in it" '! grep -q hushhush "$dir/report.json"'
command -v python3 >/dev/null && {
	python3 -m json.tool "$dir/report.json" >/dev/null || fail "no JSON"
}
stop_msd
msctl report -c "$dir/ms.conf" >"$dir/report.json" || fail "no report without msd"
expect "without msd there is a report, too" \
    'grep -q "\"tree\": null" "$dir/report.json"'
story_end
