#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whatever clients do to the HTTP listener, the next honest scrape is answered
# within a second, by the same process, and nothing of them stays.  A port that
# is taken does not stop the worker, and is listened on when it is free.
set -eu
. t/lib/story.sh
. t/lib/metrics.sh
rude=$B/t/probes/http_rude
other=
story_begin
trap '[ -z "$other" ] || kill $other; story_cleanup' EXIT
write_metrics_conf "request_timeout = 1500ms
max_connections = 32"
start_msd "$dir/ms.conf"
await_ready metrics
await_http
pid=$(pid_of metrics)
# a page that no socket buffer holds
"$B/t/probes/many_series" "$dir/run/metrics/many" 2000

answer() {
	code=$(scrape -o "$dir/page" -w '%{http_code} %{time_total}') || :
	[ "${code% *}" = 200 ]
}
honest() { # while WHAT: within two seconds; before that it may have to ask again
	await "an answer while $1" 2 answer
	[ "$(printf '%.0f' "${code#* }")" -le 1 ] || fail "$1: took ${code#* } s"
	"$B/t/probes/expo_check" "$dir/page" >/dev/null || fail "$1: bad page"
}

for way in 'idle 200' 'drip 24' 'deaf 24' 'drip 200'; do
	rm -f "$dir/rude"
	# shellcheck disable=SC2086 # two words
	"$rude" "$http" $way >"$dir/rude" &
	other=$!
	await "$way are connected" 10 \
	    'grep -qs "all there" "$dir/rude"'
	honest "$way"
	wait $other || fail "$way: $(cat "$dir/rude")"
	other=
done
"$rude" "$http" garbage 50 >/dev/null || fail "garbage is not answered"
"$rude" "$http" huge >"$dir/rude"
grep -qE '^(HTTP/1.1 4[0-9][0-9]|$)' "$dir/rude" ||
    fail "huge headers: $(cat "$dir/rude")"
honest "afterwards"
await "nothing of them stays" 10 \
    '[ "$(scrape | number ms_metrics_connections{)" = 1 ]'
[ "$(scrape | number ms_metrics_connections_cut_total)" -ge 300 ] ||
    fail "cut ones are counted: $(scrape | number ms_metrics_connections_cut_total)"

# ---- a crowd of scrapes: some are told to come again ----------------------------
i=0 crowd=
while [ $i -lt 30 ]; do
	scrape -o /dev/null -w '%{http_code}\n' >>"$dir/crowd" &
	crowd="$crowd $!"
	i=$((i + 1))
done
# shellcheck disable=SC2086 # many numbers
wait $crowd || :
! grep -vE '^(200|503)$' "$dir/crowd" || fail "a scrape got no answer"
grep -q 200 "$dir/crowd" || fail "nobody was answered"
[ "$(pid_of metrics)" = "$pid" ] || fail "it did not live through that"

# ---- more often than allowed: told when to come again ---------------------------
echo 'scrape_rate = 1/1h' >>"$dir/ms.conf"
kill -HUP "$pid"
await "the rate is in force" 20 \
    '[ "$(scrape -o /dev/null -w "%{http_code}")" = 503 ]'
scrape -D "$dir/headers" -o "$dir/page" || :
grep -qi '^retry-after: [1-9][0-9]' "$dir/headers" ||
    fail "no time to come again: $(cat "$dir/headers")"
grep -q 'too many scrapes, try again' "$dir/page" || fail "no reason"
curl -sS --max-time 10 "http://$http/health" >/dev/null || fail "no health"
sed -i '/^scrape_rate/d' "$dir/ms.conf"
kill -HUP "$pid"
await "and no longer" 20 '[ "$(scrape -o /dev/null -w "%{http_code}")" = 200 ]'

# ---- a port that is taken ----------------------------------------------------------
sed -i "s/^listen.*/listen = $http/" "$dir/ms.conf"
msctl stop metrics --wait >/dev/null
cat >"$dir/holder.conf" <<END
[worker holder]
command = sleep 1000
listen = http=tcp:${http%:*}:${http#*:}
END
msctl add "$dir/holder.conf" >/dev/null
msctl start metrics --wait >/dev/null || fail "a taken port stops the worker"
msctl status metrics --json | grep -q 'no http' || fail "the status says so"
msctl metrics ms_up >/dev/null || fail "numbers need no listener"
grep -q 'http does not listen, trying again' "$dir/log/metrics.log" ||
    fail "the log says so"
msctl stop holder --wait >/dev/null
msctl remove holder >/dev/null
await "it listens when the port is free" 20 '[ -s "$dir/run/metrics.http" ]'
honest "after the port was free"
[ "$(grep -c 'http does not listen' "$dir/log/metrics.log")" = 1 ] ||
    fail "a taken port is told of once"
story_end
