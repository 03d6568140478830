# SPDX-License-Identifier: Apache-2.0
# An ms-pool in front of the private PostgreSQL of t/lib/postgres.sh, run by
# hand.  It logs in as role `app` of database `app`, whose connection limit is
# the pool's size, so PostgreSQL itself tells when there was one too many.
#
#   pool_begin 'key = value' ...   starts; sets POOL_DIR (host=), POOL_PID
#                                  (POOL_UPSTREAM: another host= than its socket)
#   pool_psql ARGS...              psql through it
#   pool_spawn ARGS...             the same in the background; $! is psql itself
#   pool_is_calm                   no warning in its log
B=${B:-build/release}
. t/lib/postgres.sh

fail() { echo "FAIL: $*"; [ ! -f "$POOL_DIR/log" ] || cat "$POOL_DIR/log"; exit 1; }

pool_database() { # SIZE
	pg "create role app login connection limit $1" &&
	pg "create database app owner app"
}

pool_start() {
	# a new pipe each time: the reader of the last one may still be there
	rm -f "$POOL_DIR/says"
	mkfifo "$POOL_DIR/says"
	"$B/ms-pool" -c "$POOL_DIR/conf" -N pool 2>"$POOL_DIR/says" &
	POOL_PID=$!
	exec 9<"$POOL_DIR/says"
	while read -r line <&9; do
		echo "$line" >>"$POOL_DIR/log"
		case $line in
		*' ready '*) cat <&9 >>"$POOL_DIR/log" 9<&9 & exec 9<&-; return 0 ;;
		esac
	done
	fail "ms-pool did not become ready"
}

pool_begin() { # 'key = value' ...
	POOL_DIR=$PG_DIR/pool
	mkdir -p "$POOL_DIR"
	{
		echo '[msd]'; echo "run_dir = $POOL_DIR"
		echo '[pool app]'
		echo "upstream = ${POOL_UPSTREAM:-host=$PG_DIR} user=app dbname=app"
		echo "listen_dir = $POOL_DIR"
		for pair in "$@"; do echo "$pair"; done
	} >"$POOL_DIR/conf"
	pool_start
}

pool_stop() {
	[ -n "$POOL_PID" ] || return 0
	kill "$POOL_PID"
	wait "$POOL_PID"
	code=$?
	POOL_PID=
	return $code
}

on_exit() {
	[ -z "$POOL_PID" ] || kill -9 "$POOL_PID" 2>/dev/null
}

pool_psql() {
	psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$POOL_DIR" -p 6432 -U app \
	    -d app "$@"
}

pool_spawn() {
	exec 7<&0 # a background command would get /dev/null
	psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$POOL_DIR" -p 6432 -U app \
	    -d app "$@" <&7 7<&- 8>&- &
	exec 7<&-
}

pool_is_calm() {
	! grep -E ' (warn|error) ' "$POOL_DIR/log"
}
