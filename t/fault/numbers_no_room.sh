#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The disk of the numbers is full: fewer numbers, and nobody dies of it.
B=${B:-build/release}
if [ -z "$NO_ROOM_INSIDE" ]; then
	unshare -rm true 2>/dev/null || { echo "skipped: no namespaces"; exit 0; }
	NO_ROOM_INSIDE=1 exec unshare -rm sh "$0"
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/ms-story.XXXXXX") || exit 1
trap 'umount "$dir" 2>/dev/null; rmdir "$dir"' EXIT
mount -t tmpfs -o size=256k none "$dir" || { echo "skipped: no mount"; exit 0; }
fail() { echo "FAILED: $*" >&2; exit 1; }

truncate -s 17825792 "$dir/numbers"
said=$("$B/t/probes/count" "$dir/numbers") || fail "it died: $?"
case $said in "attached kept="[1-9]*) ;; *) fail "$said" ;; esac
kept=${said#attached kept=}
[ "${kept%% *}" -lt 50 ] || fail "more than there is room for: $said"

# no block is left: not even a beginning
rm "$dir/numbers"
truncate -s 17825792 "$dir/numbers"
dd if=/dev/zero of="$dir/filler" bs=4k 2>/dev/null
said=$("$B/t/probes/count" "$dir/numbers") || fail "it died: $?"
case $said in "away kept=0 "*"no room"*) ;; *) fail "$said" ;; esac

# room again
rm "$dir/filler"
said=$("$B/t/probes/count" "$dir/numbers") || fail "it died: $?"
case $said in "attached kept="[1-9]*) ;; *) fail "$said" ;; esac
