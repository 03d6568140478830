#!/bin/sh
# What PostgreSQL cannot show as JSON is stored as bytes and does not stop what
# comes behind it; an event sent twice is stored once; a migration that was
# edited after it was applied is refused and nothing is done.
. t/lib/story.sh
story_begin
cp -r migrations "$dir/migrations"
MS_DEV_DIR=$dir MS__PERSIST__MIGRATIONS=$dir/migrations
export MS_DEV_DIR MS__PERSIST__MIGRATIONS
start_msd etc/dev.conf
await_ready persist
sql() { psql -h "$dir/postgres/socket" -U ms ms -Atc "$1" 2>/dev/null; }

event() { # ID EXTRA
	printf '{"specversion":"1.0","id":"%s","source":"/t","type":"t.made","subject":"t.a.made",%s}\n' "$1" "$2"
}
{
	event good-1 '"data":{"n":1}'
	event nul '"data":"a\u0000b"'
	event huge '"data":1e400000'
	event raw '"datacontenttype":"text/plain","data_base64":"/wAB"'
	event typed '"aggregatetype":"order","aggregateid":"7","tenant":"x","data":{}'
	event good-2 '"data":{"n":2}'
} >"$dir/events.ndjson"
msctl bus pub --file "$dir/events.ndjson" >/dev/null || fail "publish"
await "all six are stored" 20 \
    '[ "$(sql "select count(*) from ms_framework.event_store")" = 6 ]'
expect "good JSON is JSON" \
    '[ "$(sql "select sum((event_data->>\$\$n\$\$)::int) from ms_framework.event_store")" = 3 ]'
expect "three are bytes" \
    '[ "$(sql "select count(*) from ms_framework.event_store where event_data is null and event_raw is not null")" = 3 ]'
expect "attributes decide the aggregate" \
    '[ "$(sql "select event_version, metadata->>\$\$tenant\$\$ from ms_framework.event_store where aggregate_type = \$\$order\$\$ and aggregate_id = \$\$7\$\$")" = "1|x" ]'
expect "the cursor moved with them" \
    '[ "$(sql "select seq = (select max(bus_seq) from ms_framework.event_store) from ms_framework.cursors")" = t ]'

msctl bus pub --file "$dir/events.ndjson" >"$dir/again" || fail "again"
expect "sent again they are duplicates" 'grep -q "6 duplicates" "$dir/again"'
expect "and stored once" \
    '[ "$(sql "select count(*) from ms_framework.event_store")" = 6 ]'

printf 'no json\n{"x":1\n' >"$dir/bad.ndjson"
code=0; msctl bus pub t.x --file "$dir/bad.ndjson" 2>"$dir/err" || code=$?
expect "bad lines exit 6, not $code" '[ $code = 6 ]'
expect "and are named" 'grep -q "bad.ndjson:1:" "$dir/err" && grep -q "bad.ndjson:2:" "$dir/err"'
code=0; msctl bus pub 'a..b' --data 1 2>"$dir/err" || code=$?
expect "a bad subject is refused" '[ $code != 0 ] && grep -qi subject "$dir/err"'

expect "migrations are applied" \
    'msctl db migrate status | grep -q "0001 *applied"'
echo '-- edited' >>"$dir/migrations/0001_framework.sql"
code=0; msctl db migrate up >"$dir/err" 2>&1 || code=$?
expect "an edited migration is a conflict (152), not $code" '[ $code = 152 ]'
expect "its name is told" 'grep -q "0001_framework was edited" "$dir/err"'
story_end
