#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Much data, pipelines and every query mode go through unharmed.
. t/lib/pool.sh
pg_begin || exit 1
pool_database 4 || exit 1
pool_begin 'size = 4' || exit 1

pool_psql -c 'create table bulk (n int, filler text)' || fail "create table"
awk 'BEGIN { for (i = 0; i < 100000; i++)
	printf "%d\t%0100d\n", i, i }' >"$PG_DIR/in"
pool_psql -c '\copy bulk from pstdin' <"$PG_DIR/in" || fail "copy in"
pool_psql -c '\copy (select * from bulk order by n) to pstdout' \
    >"$PG_DIR/out" || fail "copy out"
cmp "$PG_DIR/in" "$PG_DIR/out" || fail "copied rows differ"

# an error in the middle of COPY leaves the session in step
out=$(printf '1\tx\nnonsense\n' |
    pool_psql -c '\copy bulk from pstdin' 2>&1) && fail "nonsense was copied"
case $out in *'missing data for column'*|*'invalid input syntax'*) ;; *) fail "$out" ;; esac
[ "$(pool_psql -c 'select count(*) from bulk')" = 100000 ] || fail "rows"

"$B/t/probes/pg_pipeline" "host=$POOL_DIR port=6432 user=app dbname=app" ||
    fail "pipeline"

pgbench -h "$POOL_DIR" -p 6432 -U app -i -s 1 -q app >"$PG_DIR/init" 2>&1 ||
    fail "pgbench -i: $(cat "$PG_DIR/init")"
for mode in simple extended prepared; do
	pgbench -h "$POOL_DIR" -p 6432 -U app -n -S -M $mode -c 4 -j 2 -t 300 \
	    app >"$PG_DIR/bench" 2>&1 || fail "$mode: $(cat "$PG_DIR/bench")"
done
pgbench -h "$POOL_DIR" -p 6432 -U app -n -C -S -c 4 -t 50 app \
    >"$PG_DIR/bench" 2>&1 || fail "connects: $(cat "$PG_DIR/bench")"
pgbench -h "$POOL_DIR" -p 6432 -U app -n -c 4 -t 50 app \
    >"$PG_DIR/bench" 2>&1 || fail "tpc-b: $(cat "$PG_DIR/bench")"
[ "$(pool_psql -c 'select sum(abalance) = (select sum(bbalance) from pgbench_branches) from pgbench_accounts')" = t ] ||
    fail "balances do not agree"
pool_is_calm || fail "warnings"
pool_stop || fail "stop said $?"
