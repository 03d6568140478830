#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C in psql ends its own query and nobody else's; a client that vanishes
# does not leave its query running.
. t/lib/pool.sh
pg_begin || exit 1
pool_database 2 || exit 1
pool_begin 'size = 2' || exit 1

pool_spawn -c "select pg_sleep(3), 'innocent'" >"$PG_DIR/innocent" 2>&1
innocent=$!
pool_spawn -c "select pg_sleep(60), 'guilty'" >"$PG_DIR/guilty" 2>&1
guilty=$!
running() { # WORD COUNT
	pg_await "select count(*) = $2 from pg_stat_activity where usename = 'app' and state = 'active' and query ~ '$1'"
}
running innocent 1 && running guilty 1 || fail "the queries do not run"
kill -INT $guilty
wait $guilty && fail "the cancelled query succeeded"
grep -q 'canceling statement due to user request' "$PG_DIR/guilty" ||
    fail "cancelled, but: $(cat "$PG_DIR/guilty")"
wait $innocent || fail "somebody else was hit: $(cat "$PG_DIR/innocent")"
grep -q innocent "$PG_DIR/innocent" || fail "the innocent got no row"

# the server of a cancelled query is used again, whole
[ "$(pool_psql -c 'select 1')" = 1 ] || fail "after a cancel"

pool_spawn -c "select pg_sleep(60), 'orphan'" >/dev/null 2>&1
orphan=$!
running orphan 1 || fail "the orphan does not run"
kill -9 $orphan
wait $orphan 2>/dev/null
running orphan 0 || fail "the query of a dead client goes on"
pool_is_calm || fail "warnings"
pool_stop || fail "stop said $?"
