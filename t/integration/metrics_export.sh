#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What /metrics and `msctl metrics` print can be read by Prometheus, says what
# the workers have counted, and goes on when parts of the system are away.
set -eu
. t/lib/story.sh
. t/lib/metrics.sh
check=$B/t/probes/expo_check
story_begin
write_metrics_conf
start_msd "$dir/ms.conf"
await_ready metrics
await_http

# ---- both formats, live -----------------------------------------------------
i=0
while [ $i -lt 5 ]; do
	msctl config get msd.run_dir >/dev/null
	i=$((i + 1))
done
scrape >"$dir/text"
scrape -H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5' \
    -D "$dir/head" >"$dir/open"
"$check" "$dir/text" || fail "Prometheus would refuse /metrics"
"$check" -o "$dir/open" || fail "OpenMetrics parsers would refuse /metrics"
grep -qi '^content-type: application/openmetrics-text; version=1.0.0' \
    "$dir/head" || fail "content type: $(cat "$dir/head")"
asked='ms_worker_requests_total{worker="config",route="config.get",result="ok"}'
[ "$(number "$asked" <"$dir/text")" = 5 ] ||
    fail "five requests are counted as $(number "$asked" <"$dir/text")"
[ "$(number 'ms_worker_up{worker="config"}' <"$dir/text")" = 1 ] ||
    fail "config is up"

# ---- other pages ---------------------------------------------------------------
status() { curl -sS -o "$dir/body" -w '%{http_code}' --max-time 10 "$@"; }
expect "/health" '[ "$(status "http://$http/health")" = 200 ]'
expect "/" '[ "$(status "http://$http/")" = 200 ]'
expect "an unknown page" '[ "$(status "http://$http/metric")" = 404 ]'
expect "a method" '[ "$(status -X DELETE "http://$http/metrics")" = 405 ]'
expect "HEAD" '[ "$(status -I "http://$http/metrics")" = 200 ]'
expect "an upload" '[ "$(status -d x=y "http://$http/metrics")" = 405 ]'

# ---- a worker that hangs, a file that is none of ours -----------------------------
msctl signal config STOP >/dev/null
printf 'these are no numbers' >"$dir/run/metrics/foreign"
scrape >"$dir/text"
"$check" "$dir/text" >/dev/null || fail "a damaged file damages the page"
[ "$(number "$asked" <"$dir/text")" = 5 ] || fail "numbers of who hangs"
[ "$(number 'ms_metrics_readable{worker="foreign"}' <"$dir/text")" = 0 ] ||
    fail "nobody says that foreign cannot be read"
[ "$(number 'ms_metrics_readable{worker="config"}' <"$dir/text")" = 1 ] ||
    fail "the others can be read"
scrape >/dev/null
[ "$(grep -c 'numbers cannot be read name=foreign' "$dir/log/metrics.log")" = 1 ] ||
    fail "that is told of once"
msctl metrics ms_up 2>&1 >/dev/null | grep -q '^msctl: foreign: ' ||
    fail "msctl says so too"
rm "$dir/run/metrics/foreign"
msctl signal config CONT >/dev/null

# ---- another address, by a reload ----------------------------------------------------
old=$http
sed -i 's/^listen.*/listen = 127.0.0.2:0/' "$dir/ms.conf"
msctl signal metrics HUP >/dev/null
await "it listens elsewhere" 20 'grep -qs "^127.0.0.2:" "$dir/run/metrics.http"'
await_http
scrape -o /dev/null || fail "the new address"
! curl -s --max-time 2 -o /dev/null "http://$old/" || fail "the old address"

# ---- everything ready? ------------------------------------------------------------
write_metrics_conf sample_interval = 100ms
cat >>"$dir/ms.conf" <<'END'
[worker late]
command = sleep 60
ready = notify
start_timeout = 60s
END
msctl reload >/dev/null
msctl restart metrics --wait >/dev/null
await_http
await "late keeps all from being ready" 20 \
    '[ "$(status "http://$http/ready")" = 503 ] &&
    grep -q "\"not_ready\":\[\"late\"\]" "$dir/body"'
msctl stop late --wait >/dev/null
await "who is not wanted need not be ready" 20 \
    '[ "$(status "http://$http/ready")" = 200 ]'

# ---- without the exporter, without msd ---------------------------------------------
msctl stop metrics --wait >/dev/null
[ ! -e "$dir/run/metrics.http" ] || fail "the address stays behind"
for format in prom openmetrics; do
	option=; [ $format = prom ] || option=-o
	msctl metrics -o $format | "$check" $option ||
	    fail "msctl metrics -o $format"
done
msctl metrics 'ms_worker_requests*' -w config --json |
    grep -q '"route":"config.get","result":"ok"},"value":5' ||
    fail "msctl metrics --json"
COLUMNS=80 msctl metrics >"$dir/table"
grep -q '^  route=config.get result=ok  *config  *5$' "$dir/table" ||
    fail "msctl metrics: $(cat "$dir/table")"
code=0
msctl metrics no_such_name 2>/dev/null || code=$?
[ $code = 5 ] || fail "an unknown metric ends with $code"
stop_msd
msctl metrics requests_total -o prom 2>"$dir/err" >"$dir/dead" ||
    fail "the numbers died with msd"
[ "$(number "$asked" <"$dir/dead")" = 5 ] || fail "numbers of the dead"
grep -q 'msd does not answer' "$dir/err" || fail "nobody says so"
story_end
