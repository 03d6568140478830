#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `bus trace` shows which events led to which, from any of them, over all
# streams, and says where a cause is not stored.
. t/lib/story.sh
story_begin
write_conf "$dir/ms.conf" <<CONF
[worker bus]
command = ms-bus
ready = notify
[bus]
supervision = no
flow = off
[stream facts]
subjects = order.*.paid
CONF
start_msd "$dir/ms.conf"
await_ready bus
uuid() { # N: a UUIDv7 of now
	ms=$(printf %012x "$(date +%s%3N)")
	printf '%.8s-%s-7000-8000-%012x' "$ms" "${ms#????????}" "$1"
}
pub() { # SUBJECT ID CAUSE
	printf '{"specversion":"1.0","id":"%s","source":"/shop","type":"t","subject":"%s"%s}\n' \
	    "$2" "$1" "${3:+,\"correlationid\":\"$root\",\"causationid\":\"$3\"}" |
	    msctl bus pub >/dev/null || fail "publish $1"
}
root=$(uuid 1) placed=$(uuid 2) paid=$(uuid 3) sent=$(uuid 4)
pub cart.9.checked "$root"
pub order.9.placed "$placed" "$root"
pub order.9.paid "$paid" "$placed"
pub order.9.sent "$sent" "$placed"
pub order.9.lost "$(uuid 5)" "$(uuid 99)"
pub cart.8.checked "$(uuid 6)"

cat >"$dir/want" <<'WANT'
cart.9.checked
`- order.9.placed
   |- order.9.paid facts
   `- order.9.sent
order.9.lost cause not stored
WANT
tree() {
	LC_ALL=C msctl bus trace "$1" | sed -e 1d -e 's/ *[0-9]* *-*[0-9.]* ms  \/shop */ /' \
	    -e 's/ *$//' -e 's/  *\(facts\|cause\)/ \1/'
}
for id in "$root" "$placed" "$paid" "$sent"; do
	tree "$id" >"$dir/got"
	diff "$dir/want" "$dir/got" || fail "not the tree, from $id"
done
expect "JSON has depths and causes" 'msctl bus trace "$paid" --json | grep -q "\"depth\":2.*\"causation\":\"$placed\""'
msctl bus trace "$(uuid 77)" 2>"$dir/said"
[ $? = 5 ] || fail "an id that nobody has"
printf '{"specversion":"1.0","id":"order-4711","source":"/shop","type":"t","subject":"x.y"}\n' |
	msctl bus pub >/dev/null || fail "publish x.y"
expect "an id may be any text" 'msctl bus trace order-4711 | grep -q x.y'
story_end
