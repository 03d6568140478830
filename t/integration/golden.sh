#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What every verb of msctl prints, in its three forms, is what t/golden says:
#   NAME.table  a terminal of 80 columns with colour and UTF-8
#   NAME.plain  a pipe in the C locale: ASCII, no escape
#   NAME.json   --json
# What differs from run to run is masked by t/golden/mask.sed.  GOLDEN=write
# (make golden) writes the files anew; look at the difference before committing.
. t/lib/story.sh
golden=t/golden
story_begin
bad=0

# ---- one command in three forms -----------------------------------------------
ctl() { # in the form at hand
	case $form in
	table)	env -u NO_COLOR LC_ALL=C.UTF-8 TERM=xterm COLUMNS=80 \
		    CLICOLOR_FORCE=1 "$B/msctl" "$@" ;;
	plain)	env -u CLICOLOR_FORCE -u COLUMNS LC_ALL=C "$B/msctl" "$@" ;;
	json)	env -u CLICOLOR_FORCE -u COLUMNS LC_ALL=C "$B/msctl" --json "$@" ;;
	esac
}

mask() {
	sed -e "s,$dir,DIR,g" -f $golden/mask.sed -e "$mask_more"
}

compare() { # NAME FORM
	if [ "${GOLDEN-}" = write ]; then
		cp "$dir/got" "$golden/$1.$2"
	elif ! diff -u "$golden/$1.$2" "$dir/got"; then
		echo "$golden/$1.$2 differs (GOLDEN=write sh t/integration/golden.sh)"
		bad=1
	fi
}

# No line of a table is wider than the terminal; data lines and JSON are whole.
fits() { # NAME
	wide=$(sed 's/\x1b\[[0-9;]*m//g' "$dir/raw" | LC_ALL=C.UTF-8 wc -L)
	[ "$wide" -le 80 ] || { echo "$1: a line of $wide columns"; bad=1; }
}
is_plain() { # NAME
	! LC_ALL=C grep -n '[^ -~]' "$dir/raw" ||
	    { echo "$1: not plain"; bad=1; }
}

# Before each form `before` is run, and stdout, stderr and exit code are shown.
before=: mask_more= width=fits
show() { # NAME SHELL-TEXT
	for form in table plain json; do
		eval "$before" >/dev/null 2>&1
		code=0
		eval "$2" >"$dir/raw" 2>&1 || code=$?
		[ $form != plain ] || is_plain "$1"
		[ $form != table ] || $width "$1"
		{ mask <"$dir/raw"; [ $code = 0 ] || echo "exit code $code"; } \
		    >"$dir/got"
		compare "$1" $form
	done
	before=: mask_more= width=fits
}
any_width=:
numbers='s/\([^[0-9.P]\|^\)[0-9][0-9.]*/\1N/g'

# ---- the story -----------------------------------------------------------------
write_conf "$dir/ms.conf" <$golden/ms.conf
TZ=UTC
export TZ
start_msd "$dir/ms.conf"
await_ready persist
await "persist waits for events" 20 \
    'msctl status persist | grep -q "waiting for events"'
msctl wait broken --state exited --timeout 10s >/dev/null || fail "broken lives"
await "what was written is there" 10 \
    '[ "$(msctl logs planner broken -n 9 | wc -l)" -ge 3 ]'
. $golden/commands.sh
story_end
exit $bad
