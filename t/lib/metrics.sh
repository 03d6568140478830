# SPDX-License-Identifier: Apache-2.0
# For stories about ms-metrics; behind t/lib/story.sh.
#
#   write_metrics_conf KEYS     a tree of config and metrics; KEYS of [metrics]
#                               besides a listener on any port
#   await_http                  the listener's address, HOST:PORT, in $http
#   scrape [CURL OPTIONS]       /metrics
#   number NAME                 of a series in the text on standard input
write_metrics_conf() {
	write_conf "$dir/ms.conf" <<END
[worker config]
command = ms-config
ready = notify
[worker metrics]
command = ms-metrics
ready = notify
prepare_signal = USR2
[metrics]
listen = 127.0.0.1:0
$*
END
}

await_http() {
	await "the listener says where it is" 20 '[ -s "$dir/run/metrics.http" ]'
	http=$(cat "$dir/run/metrics.http")
}

scrape() { curl -sS --max-time 10 "$@" "http://$http/metrics"; }

number() { # of the first series that begins so
	sed -n "s/^$1[^ ]* \([-0-9.e+]*\).*/\1/p" | head -n 1
}
