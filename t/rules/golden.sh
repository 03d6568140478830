#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every verb of msctl has its output in t/golden, as a table, plain and as JSON,
# and nothing there is of a verb that is gone.
cd "$(dirname "$0")/../.." || exit 2
B=${B:-build/release}
bad=0
verbs=$("$B/msctl" help | sed -n 's/^  \([a-z][a-z ]*[a-z]\)  .*/\1/p' | tr ' ' -)
[ "$(echo "$verbs" | wc -l)" -gt 30 ] || { echo "msctl help lists no verbs"; exit 1; }
for verb in $verbs; do
	for form in table plain json; do
		[ -f "t/golden/$verb.$form" ] && continue
		echo "t/golden/$verb.$form is missing: add the verb to" \
		    "t/golden/commands.sh, then make golden"
		bad=1
	done
done
# Names; a $variable of a loop stands for anything.
shown=$(sed -n 's/^[[:blank:]]*show \([^ ]*\) .*/\1/p' t/golden/commands.sh |
    sed 's/\$[a-z]*/*/')
is_shown() { # NAME
	set -f
	for pattern in $shown; do
		# shellcheck disable=SC2254 # it is a pattern
		case $1 in $pattern) set +f; return 0 ;; esac
	done
	set +f
	return 1
}
for file in t/golden/*.table t/golden/*.plain t/golden/*.json; do
	name=${file#t/golden/}; name=${name%.*}
	is_shown "$name" || { echo "$file: commands.sh shows no $name"; bad=1; }
	case " $(echo "$verbs" | tr '\n' ' ') unreachable " in
	*" ${name%%.*} "*) ;;
	*) echo "$file: msctl has no such verb"; bad=1 ;;
	esac
done
exit $bad
