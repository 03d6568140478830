#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual pages are clean, and msctl(1) knows every verb with each of its
# options, and no verb that is not there; msd(8) knows msd's options.
cd "$(dirname "$0")/../.." || exit 2
B=${B:-build/release}
work=$(mktemp -d "${TMPDIR:-/tmp}/ms-manual.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
bad=0
say() { echo "$*"; bad=1; }

# ---- lint --------------------------------------------------------------------
for page in supervisor/msd.8 supervisor/msctl/msctl.1 etc/ms.conf.5; do
	if command -v mandoc >/dev/null; then
		# pages bear no date: the package's version says it
		mandoc -Tlint -Wwarning "$page" | grep -v 'missing date' && bad=1
	elif command -v groff >/dev/null; then
		groff -t -man -Tutf8 -ww -z "$page" 2>"$work/lint"
		[ ! -s "$work/lint" ] || { cat "$work/lint"; bad=1; }
	else
		echo "skipped: neither mandoc nor groff"
	fi
done

# ---- what the page says, without its dress -------------------------------------
plain() {
	sed -e 's/\\-/-/g' -e 's/\\f.//g' -e 's/"//g' -e 's/\\&//g' \
	    -e '/^\.\\/d' -e 's/^\.[BIR]* *//' "$1"
}
plain supervisor/msctl/msctl.1 >"$work/msctl"
plain supervisor/msd.8 >"$work/msd"

# An entry is a heading behind .TP (in the page: an empty line here) and its text.
# Prints the entries whose heading names the verb: "start , stop , restart NAME..."
entry_of() { # VERB
	awk -v verb="$1" '
	function flush() { if (named) printf "%s", text; named = 0; text = "" }
	/^\.?TP|^\.?SH|^\.?PP/ { flush(); heading = 1; next }
	heading {
		line = $0
		gsub(/ *, */, ", ", line)
		n = split(line, part, ", ")
		for (i = 1; i <= n; i++)
			if (part[i] == verb || index(part[i], verb " ") == 1)
				named = 1
		heading = 0
	}
	{ text = text $0 "\n" }
	END { flush() }' "$work/msctl"
}

"$B/msctl" help | sed -n 's/^  \([a-z][a-z ]*[a-z]\)  .*/\1/p' >"$work/verbs"
[ "$(wc -l <"$work/verbs")" -gt 30 ] || say "msctl help does not list its verbs"
while read -r verb; do
	entry_of "$verb" >"$work/entry"
	if [ ! -s "$work/entry" ]; then
		say "supervisor/msctl/msctl.1: '$verb' is missing"
		continue
	fi
	# shellcheck disable=SC2086  # a verb may be several words
	for option in $("$B/msctl" help $verb | sed -n 1p |
	    tr ' []' '\n\n\n' | grep '^-'); do # -f|--follow: one will do
		grep -Eqe "(^|[^-a-z])($option)([^-a-z]|\$)" "$work/entry" ||
		    say "supervisor/msctl/msctl.1: $verb: $option is missing"
	done
done <"$work/verbs"

# No verb that is gone: headings of the sections of verbs begin with one.
awk '/^SH|^\.SH/ { on = / THE / || / TEMPLATES/ } on && /^\.?TP/ { h = 1; next }
    h { print; h = 0 }' "$work/msctl" | sed 's/ *, */, /g' | while read -r heading; do
	found=
	while read -r verb; do
		case "$heading" in "$verb" | "$verb "* | "$verb,"*) found=1 ;; esac
	done <"$work/verbs"
	[ -n "$found" ] || echo "supervisor/msctl/msctl.1: msctl has no '$heading'"
done >"$work/gone"
[ ! -s "$work/gone" ] || { cat "$work/gone"; bad=1; }

for option in $("$B/msd" -h | sed -n 's/^  \(-[a-zA-Z]\).*/\1/p'); do
	grep -qe "^$option" "$work/msd" || [ "$option" = -h ] ||
	    say "supervisor/msd.8: $option is missing"
done

# ---- examples that work ----------------------------------------------------------
awk '/^\.SH EXAMPLES/ { on = 1 } /^\.SH SEE/ { on = 0 } /^\.fi/ { show = 0 }
    on && show { print } /^\.nf/ { show = 1 }' etc/ms.conf.5 |
    sed -e 's/\\-/-/g' -e 's/\\e/\\/g' -e "s/\\\\(aq/'/g" >"$work/examples.conf"
[ -s "$work/examples.conf" ] || say "etc/ms.conf.5: no examples"
echo '[supervisor agents]' >>"$work/examples.conf"
"$B/msctl" check "$work/examples.conf" >"$work/lint" 2>&1 || {
	echo "etc/ms.conf.5: its examples are refused:"
	cat "$work/lint"
	bad=1
}
exit $bad
