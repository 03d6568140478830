#!/bin/sh
# 100,000 events are stored exactly once while every process is being killed:
# kill -9 of bus, pool, persist, config, log, postgres and redis, in turn, ten
# rounds, during the publishing.  In the end the tree is all ready.
. t/lib/story.sh
story_begin

cores="log config bus pool persist"
killed="bus pool persist config log postgres redis"
events=100000

MS_DEV_DIR=$dir
export MS_DEV_DIR
start_msd etc/dev.conf
for name in postgres redis $cores; do await_ready "$name"; done

sh t/data/make-agents.sh $events >"$dir/agents.ndjson"
msctl bus pub --file "$dir/agents.ndjson" --rate 8000 >"$dir/pub.out" 2>&1 &
publisher=$!

round=1
while [ $round -le 10 ]; do
	for name in $killed; do
		pid=$(pid_of "$name")
		kill -9 "$pid"
		await_other_pid "$name" "$pid"
	done
	round=$((round + 1))
done

wait "$publisher" || fail "the publisher: $(cat "$dir/pub.out")"
sql() {
	psql -h "$dir/postgres/socket" -U ms ms -Atc "$1" 2>/dev/null
}
# of the agents: what the system says of its own health is stored too
stored() { sql 'select count(*) || $$ $$ || count(distinct id)
    from ms_framework.event_store where aggregate_type = $$agent$$'; }
await "all events are stored" 120 '[ "$(stored)" = "$events $events" ]'

gaps=$(sql 'select count(*) from (select aggregate_id, max(event_version) m,
    count(*) c from ms_framework.event_store group by 1) x where m <> c')
[ "$gaps" = 0 ] || fail "versions are not dense in $gaps aggregates"
for name in postgres redis $cores; do await_ready "$name"; done
msctl tree
story_end
