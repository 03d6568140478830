# SPDX-License-Identifier: Apache-2.0
# A private PostgreSQL for a test: own data directory, Unix socket only, run as
# user postgres when we are root, gone when the script ends.
#
#   . t/lib/postgres.sh
#   pg_begin                 starts it; sets PG_DIR (host= of a conninfo)
#   pg 'select 1'            asks it as user postgres, plain rows
#   pg_await 'select ...'    until the query says true, at most 10 s
#   pg_kill; pg_start        kill -9 of all of it, and up again
#
# pg_begin sets the EXIT trap to pg_end; a script with more to undo defines
# on_exit(), which pg_end calls first.
PG_BIN=${PG_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)}
PG_DIR=

pg_run() { # COMMAND... as the user the server runs as
	if [ "$(id -u)" -eq 0 ]; then
		(cd "$PG_DIR" && exec setpriv --reuid postgres --regid postgres \
		    --clear-groups "$@")
	else
		(cd "$PG_DIR" && exec "$@")
	fi
}

pg_start() { # [postgres -o options]
	# after kill -9 the old children may still hold the shared memory
	tries=0
	until pg_run "$PG_BIN/pg_ctl" -D "$PG_DIR/data" -l "$PG_DIR/log" -s -w \
	    -t 30 -o "-k $PG_DIR -c listen_addresses='' -c fsync=off $*" start \
	    >"$PG_DIR/ctl" 2>&1; do
		tries=$((tries + 1))
		if [ $tries -ge 20 ]; then
			cat "$PG_DIR/ctl" "$PG_DIR/log" >&2
			return 1
		fi
		sleep 0.1
	done
	PG_PID=$(head -n 1 "$PG_DIR/data/postmaster.pid")
}

pg_begin() { # [postgres -o options]
	PG_DIR=$(mktemp -d "${TMPDIR:-/tmp}/ms-pg.XXXXXX") || return 1
	trap pg_end EXIT
	trap 'exit 129' HUP INT TERM
	chmod 755 "$PG_DIR"
	[ "$(id -u)" -ne 0 ] || chown postgres "$PG_DIR"
	pg_run "$PG_BIN/initdb" -D "$PG_DIR/data" -U postgres -A trust -N \
	    --no-locale -E UTF8 >"$PG_DIR/initdb" 2>&1 ||
	    { cat "$PG_DIR/initdb" >&2; return 1; }
	pg_start "$@"
}

pg_kill() {
	kill -9 "$PG_PID"
	PG_PID=
}

pg_end() {
	status=$?
	trap - EXIT
	if command -v on_exit >/dev/null 2>&1; then on_exit; fi
	if [ -n "$PG_DIR" ]; then
		[ -z "$PG_PID" ] || pg_run "$PG_BIN/pg_ctl" -D "$PG_DIR/data" \
		    -s -m immediate stop >/dev/null 2>&1
		rm -rf "$PG_DIR"
	fi
	exit "$status"
}

pg() { # SQL
	psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$PG_DIR" -U postgres \
	    -d postgres -c "$1"
}

pg_await() { # SQL that yields one boolean
	pg "do \$\$ begin
	  for i in 1..1000 loop
	    perform pg_stat_clear_snapshot();
	    if ($1) then return; end if;
	    perform pg_sleep(0.01);
	  end loop;
	  raise exception 'never came true: %', \$q\$$1\$q\$;
	end \$\$"
}
