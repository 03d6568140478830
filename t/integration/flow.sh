#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An event that does not fit the cause it names is stored all the same; it is
# counted, and told as flow.violation with its trace.  With flow = off nobody
# looks.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[worker bus]
command = ms-bus
ready = notify
[bus]
supervision = no
CONF
start_msd "$dir/ms.conf"
await_ready bus
trace=4bf92f3577b34da6a3ce929d0e0e4736
uuid() { # N: a UUIDv7 of now
	ms=$(printf %012x "$(date +%s%3N)")
	printf '%.8s-%s-7000-8000-%012x' "$ms" "${ms#????????}" "$1"
}
pub() { # SUBJECT ID MEMBERS
	printf '{"specversion":"1.0","id":"%s","source":"/t","type":"t","subject":"%s"%s}\n' \
	    "$2" "$1" "$3" | msctl bus pub >/dev/null || fail "publish $1"
}
violations() {
	msctl bus stats --json | sed -n 's/.*"flow_violations":\([0-9]*\).*/\1/p'
}
told() { msctl bus tail flow.violation -n 100; }

root=$(uuid 1)
of_root=",\"correlationid\":\"$root\",\"causationid\":\"$root\""
pub flow.root "$root" ",\"traceparent\":\"00-$trace-00f067aa0ba902b7-01\""
pub flow.good "$(uuid 2)" "$of_root,\"traceparent\":\"00-$trace-00f067aa0ba902b8-01\""
expect "what is true is no violation" '[ "$(violations)" = 0 ]'

pub flow.lost "$(uuid 3)" "$of_root"
await "a trace that ends is one, and told" 5 'told | grep -q "\"reason\":\"other_trace\".*flow.lost"'
pub flow.ghost "$(uuid 4)" ",\"causationid\":\"$(uuid 99)\",\"traceparent\":\"00-$trace-00f067aa0ba902b9-01\""
await "a cause that never was is one" 5 'told | grep -q "\"reason\":\"unknown_cause\".*flow.ghost"'
expect "with its trace" 'told | grep flow.ghost | grep -q "\"traceparent\":\"00-$trace-00f067aa0ba902b9-01\""'
expect "both are counted, not $(violations)" '[ "$(violations)" = 2 ]'
expect "and stored" '[ "$(msctl bus tail "flow.*" -n 100 | grep -vc flow.violation)" = 4 ]'

sed -i 's/^supervision.*/&\nflow = off/' "$dir/ms.conf"
pid=$(pid_of bus)
kill -HUP "$pid"
await "nobody looks any more" 10 \
    'pub flow.lost "$(uuid 5)" "$of_root"; n=$(violations)
    pub flow.lost "$(uuid 6)" "$of_root"; [ "$n" = "$(violations)" ]'
story_end
