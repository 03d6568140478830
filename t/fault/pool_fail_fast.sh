#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PostgreSQL stays away: clients of the pool wait for it as long as fail_fast
# says, not as long as acquire_timeout; then each learns at once why, but for
# the one that finds out whether it is back.  When it is, they are served.
. t/lib/pool.sh
pg_begin || exit 1
pool_database 5 || exit 1
pool_begin 'size = 5' 'acquire_timeout = 60s' 'fail_fast = 500ms' || exit 1
[ "$(pool_psql -c 'select 1')" = 1 ] || fail "before the death"
pg_kill

refused() { # psql's word in $out
	if out=$(pool_psql -c 'select 1' 2>&1); then
		fail "a query without a server"
	fi
	case $out in
	*'the server cannot be reached'*) ;;
	*) fail "why was it refused? $out" ;;
	esac
}
begun=$(date +%s)
refused # it waits for fail_fast, and for the breaker's last probe of that time
i=0
while [ $i -lt 20 ]; do
	refused
	i=$((i + 1))
done
took=$(($(date +%s) - begun))
[ $took -le 20 ] || fail "21 refusals took $took s"

pg_start || exit 1
tries=0
until [ "$(pool_psql -c 'select 1' 2>&1)" = 1 ]; do
	tries=$((tries + 1)) # refused at once until the breaker looks: 5 s at most
	[ $tries -lt 100 ] || fail "not served again"
	sleep 0.1
done
pool_stop || fail "stop said $?"
exit 0
