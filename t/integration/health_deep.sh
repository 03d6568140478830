#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What each worker says when it is looked at closely: all well, the database
# away (the pool and persist say so, the others do not), back again; a service
# that is stopped is silent and named, and the look ends in time.
. t/lib/story.sh
story_begin
MS_DEV_DIR=$dir
export MS_DEV_DIR
start_msd etc/dev.conf
for name in postgres redis log config metrics bus pool persist; do
	await_ready $name
done

look() { looked=0; deep=$(msctl health --deep "$@" 2>&1) || looked=$?; }
# LINES of the table that name this check: WORKER CHECK HEALTH
check_is() {
	printf '%s\n' "$deep" | awk -v w="$1" -v c="$2" -v h="$3" '
		$1 == w { worker = 1 } /^[a-z]/ && $1 != w { worker = 0 }
		worker && index($0, c) && $0 ~ h { found = 1 }
		END { exit !found }'
}
well() { look && [ $looked = 0 ]; }
await "all is well" 20 well
for line in "log files" "log drops" "config file" "config generation" \
    "bus log" "bus consumers" "bus supervision" "pool pool.main" \
    "pool upstream.main" "persist database" "persist migrations" \
    "persist cursor" "metrics samples" "metrics http"; do
	expect "$line is ok: $deep" 'check_is ${line% *} "$(echo ${line#* } | tr . " ")" " ok "'
done
expect "it is readable at 80 columns" \
    '[ "$(COLUMNS=80 msctl health --deep | wc -L)" -le 80 ]'

# a file that says something else, and one with an error
msctl stop postgres --wait >/dev/null
away() { look; [ $looked = 1 ] && check_is persist database FAILED &&
    check_is pool "upstream main" FAILED; }
await "pool and persist miss their database" 20 away
expect "the bus does not: $deep" '! check_is bus "" FAILED'
expect "JSON says the same" 'msctl health --deep --json |
    grep -q "\"name\":\"database\",\"dependency\":\"[^\"]*\",\"status\":\"failed\""'
msctl start postgres --wait >/dev/null
await "all is well again" 30 well

kill -STOP "$(pid_of bus)"
before=$(date +%s)
await "a stopped bus is not alive" 5 \
    'look; [ $looked = 1 ] && check_is bus "stopped by a signal" FAILED'
expect "the look ends in time" '[ $(($(date +%s) - before)) -le 5 ]'
await "persist misses its bus" 5 'look; check_is persist cursor FAILED'
kill -CONT "$(pid_of bus)"
await "all is well in the end" 20 well
story_end
