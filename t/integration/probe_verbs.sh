#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every probe: one line and 0 when all is well, 1 and 2 by thresholds and by what
# is wrong, 3 for what cannot be understood, and an end within its time.
. t/lib/story.sh
story_begin
MS_DEV_DIR=$dir
export MS_DEV_DIR

# CODE WORD PROBE ARGUMENTS...: its exit code, and the first word of its line
probe_is() {
	want=$1 word=$2
	shift 2
	got=0
	line=$(msctl probe "$@" 2>&1) || got=$?
	[ $got = "$want" ] && [ "${line%%:*}" = "$word" ] &&
	    [ "$(printf '%s\n' "$line" | wc -l)" = 1 ]
}
probe() { probe_is "$@" || fail "probe $3: exit $got: $line"; }

# nobody is there
for what in bus pool persist config audit; do probe 2 CRITICAL $what; done
probe 3 UNKNOWN disk
probe 0 OK disk /tmp
mkdir "$dir/certs"
probe 0 OK certs "$dir/certs"
case $line in *"no certificates are configured"*) ;; *) fail "$line" ;; esac

start_msd etc/dev.conf
for name in postgres redis log config bus pool persist; do
	await_ready $name
done
for what in bus pool persist config disk audit; do
	await "probe $what is OK: $line" 20 "probe_is 0 OK $what"
done

# the grammar of what they print
grammar="^OK: [^|]+ \| ('[^'=]+'=[0-9.]+(s|%|B|c)?(;[^; ]*){0,4} ?)+\$"
for what in bus pool persist config disk audit; do
	msctl probe $what | grep -Eq "$grammar" ||
	    fail "perfdata: $(msctl probe $what)"
	msctl probe $what -o json | grep -q '^{"v":1,"probe":"'$what'","status":"OK","code":0,' ||
	    fail "JSON: $(msctl probe $what -o json)"
	[ "$(msctl probe $what --json)" ] || fail "--json"
	msctl probe $what -o prom | grep -q "^ms_probe_status{probe=\"$what\"} 0\$" ||
	    fail "prom: $(msctl probe $what -o prom)"
done

# thresholds
probe 1 WARNING bus -w @0:0
probe 2 CRITICAL bus -w @0:0 -c @0:0
probe 0 OK bus -w 1000000 -c 2000000
probe 1 WARNING disk -w 0 -c 100
probe 2 CRITICAL disk -c 0 /tmp
probe 2 CRITICAL disk /nowhere/at/all

# what cannot be understood
probe 3 UNKNOWN bus -w x
probe 3 UNKNOWN bus -o xml
probe 3 UNKNOWN bus --timeout 0
probe 3 UNKNOWN bus --nonsense

# the database away
msctl stop postgres --wait >/dev/null
for what in pool persist audit; do
	await "probe $what is CRITICAL" 20 "probe_is 2 CRITICAL $what"
done
probe 0 OK bus
msctl start postgres --wait >/dev/null
await "probe persist is OK again" 30 "probe_is 0 OK persist"

# a service that hangs: CRITICAL within the time that was given
kill -STOP "$(pid_of bus)"
before=$(date +%s)
probe 2 CRITICAL bus --timeout 1
[ $(($(date +%s) - before)) -le 3 ] || fail "the probe hangs"
probe 2 CRITICAL bus -o nagios -t 300ms
kill -CONT "$(pid_of bus)"

# certificates
if command -v openssl >/dev/null; then
	openssl req -x509 -newkey ed25519 -nodes -keyout "$dir/certs/key.pem" \
	    -out "$dir/certs/ca.pem" -days 10 -subj /CN=x 2>/dev/null
	probe 1 WARNING certs "$dir/certs"
	probe 0 OK certs -w 5: -c 2: "$dir/certs/ca.pem"
	probe 3 UNKNOWN certs "$dir/certs/key.pem"
	probe 2 CRITICAL certs -c 30: "$dir/certs"
	echo "-----BEGIN CERTIFICATE-----" >"$dir/certs/bad.crt"
	probe 3 UNKNOWN certs -w 5: -c 2: "$dir/certs"
fi
story_end
