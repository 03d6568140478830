#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails when a header's guard is not its path in capitals: two headers of one
# name in two rooms would hide each other.
cd "$(dirname "$0")/../.." || exit 2
git ls-files --cached --others --exclude-standard -- '*.h' | sort -u |
    while IFS= read -r file; do
	[ ! -f "$file" ] || printf '%s\n' "$file"
    done | xargs -r -d '\n' awk '
function want(path) { # programs see proto/client/ms.h as <ms.h>
	if (path == "proto/client/ms.h")
		return "MS_H"
	path = toupper(path)
	gsub(/[^A-Z0-9]/, "_", path)
	return path
}
function end_file() {
	if (last != "" && found != wanted) {
		print last ": guard " found ", not " wanted
		bad = 1
	}
}
FNR == 1 { end_file(); last = FILENAME; wanted = want(FILENAME); found = "none" }
/^#ifndef/ && found == "none" { found = $2 }
END { end_file(); exit bad }
'
