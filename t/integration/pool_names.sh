#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An upstream given by name: looked up for each connection, beside the loop.  A
# name nobody knows is said to be one, and is left out while there are others.
. t/lib/pool.sh
port=$((10000 + $$ % 20000))
export PGPORT=$port # of the server's own socket
pg_begin "-c listen_addresses=127.0.0.1 -c port=$port" || exit 1
pool_database 5 || exit 1

ask() { [ "$(pool_psql -c 'select inet_server_port()' 2>&1)" = "$port" ]; }
threads() { grep -h . "/proc/$POOL_PID"/task/*/comm 2>/dev/null | grep -c '^ms-io-'; }

POOL_UPSTREAM="host=localhost port=$port"
pool_begin 'size = 5' || exit 1
[ "$(threads)" = 0 ] || fail "threads before the first lookup"
"$B/msctl" --run-dir "$POOL_DIR" probe pool >"$PG_DIR/probe" 2>&1
grep -q 'upstreams are there' "$PG_DIR/probe" ||
    fail "a deep look: $(cat "$PG_DIR/probe")"
ask || fail "a server by name"
[ "$(threads)" -ge 1 ] || fail "no thread after a lookup"
pool_is_calm || fail "warnings"
pool_stop || fail "stop said $?"

# the first is left out; a directory and an address are no names
POOL_UPSTREAM="host=nobody.invalid,127.0.0.1 port=1,$port"
pool_begin 'size = 5' || exit 1
ask || fail "the second of a list"
pool_stop
POOL_UPSTREAM="host=nobody.invalid,$PG_DIR port=$port"
pool_begin 'size = 5' || exit 1
[ "$(pool_psql -c 'select inet_server_port() is null')" = t ] || fail "a socket in a list"
pool_stop

# nobody knows it
POOL_UPSTREAM="host=nobody.invalid port=$port"
pool_begin 'size = 5' 'acquire_timeout = 200ms' || exit 1
pool_psql -c 'select 1' >/dev/null 2>&1 && fail "connected to nobody"
grep -q "cannot open a server connection.*cannot look up 'nobody.invalid'" \
    "$POOL_DIR/log" || fail "the log does not say why"
pool_stop || fail "stop said $?"

# what is no name is refused by -n, without asking anybody
sed -i "s/host=nobody.invalid/host=no!body/" "$POOL_DIR/conf"
"$B/ms-pool" -c "$POOL_DIR/conf" -n 2>"$PG_DIR/check" && fail "no!body is taken"
grep -q "host 'no!body' is neither a directory nor an address nor a name" \
    "$PG_DIR/check" || fail "$(cat "$PG_DIR/check")"
