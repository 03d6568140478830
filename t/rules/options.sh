#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rows of proto/conf are the only place where keys are described.  Fails
# when the commented keys of etc/ms.conf or the key part of etc/ms.conf.5 differ
# from them, or when the file gives a key that no row has.  `--write` (make
# options) writes both anew.
cd "$(dirname "$0")/../.." || exit 2
B=${B:-build/release}
rows=$B/t/probes/print_rows
[ -x "$rows" ] || { echo "build $rows first"; exit 2; }
new=$(mktemp -d "${TMPDIR:-/tmp}/ms-options.XXXXXX") || exit 2
trap 'rm -rf "$new"' EXIT
failed=0

# A block of commented keys is the end of its section (which may itself be
# commented) and holds every key that was not given above it.
"$rows" >"$new/rows" && "$rows" --conf >"$new/sample" || exit 1
awk -F '\t' -v bad="$new/bad" '
FILENAME ~ /rows$/ { known[$1, $2] = 1; kinds[$1] = 1; next }
FILENAME ~ /sample$/ {
	if (!(($1, $2) in lines))
		order[$1, ++count[$1]] = $2
	lines[$1, $2] = lines[$1, $2] $3 "\n"
	next
}
/^#?\[[a-z]+[] ]/ {
	kind = $0
	gsub(/^#?\[|[] ].*$/, "", kind)
	split("", given)
}
/^[a-z_]+[ \t]*=/ {
	key = $0
	sub(/[ \t]*=.*/, "", key)
	given[key] = 1
	if (!((kind, key) in known))
		print "etc/ms.conf:" FNR ": no row has " kind "." key >bad
}
/^# ---- end of the defaults/ { skip = 0 }
!skip { print }
/^# ---- defaults/ {
	skip = 1
	shown[kind] = 1
	for (i = 1; i <= count[kind]; i++)
		if (!(order[kind, i] in given))
			printf "%s", lines[kind, order[kind, i]]
}
END {
	for (k in kinds)
		if (!(k in shown))
			print "etc/ms.conf: no block of defaults for [" k "]" >bad
}' "$new/rows" "$new/sample" etc/ms.conf >"$new/ms.conf" || exit 1

# The manual page: between its two marks.
awk -v page="$rows --man" '
/^\.\\" end of the keys/ { skip = 0 }
!skip { print }
/^\.\\" keys: / { skip = 1; while ((page | getline line) > 0) print line }
' etc/ms.conf.5 >"$new/ms.conf.5" || exit 1

for file in ms.conf ms.conf.5; do
	if [ "${1:-}" = --write ]; then
		cmp -s "etc/$file" "$new/$file" || cat "$new/$file" >"etc/$file"
	elif ! diff -u "etc/$file" "$new/$file"; then
		echo "etc/$file is not what the rows say: run make options"
		failed=1
	fi
done
if [ -s "$new/bad" ]; then
	cat "$new/bad"
	failed=1
fi
if [ -x "$B/msd" ] && ! "$B/msd" -t -c etc/ms.conf; then
	echo "msd refuses etc/ms.conf"
	failed=1
fi
exit $failed
