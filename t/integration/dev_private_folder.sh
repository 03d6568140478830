#!/bin/sh
# The private PostgreSQL starts in a checkout that other users cannot enter, as
# below root's home, given by a relative path.
. t/lib/story.sh
story_begin
[ "$(id -u)" -eq 0 ] || { echo "skipped: only root has this trouble"; exit 0; }
chmod 700 "$dir"
script=$PWD/etc/dev/postgres
(cd "$dir" && exec "$script" var/postgres) >"$dir/msd.out" 2>&1 &
server=$!
away=
await "it answers" 60 \
    'psql -h "$dir/var/postgres/socket" -U ms ms -Atc "select 1" >/dev/null 2>&1 ||
     ! kill -0 $server 2>/dev/null'
away=$(readlink "$dir/var/postgres") || fail "the data was not moved"
kill -INT $server
wait $server || fail "it ended with $?"
rm -rf "$away"
story_end
