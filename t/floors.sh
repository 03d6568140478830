#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails when a file includes upward, sideways or past a vendor fence, and says
# which line.  t/floors.sh [DIRECTORY]; t/rules/floors_selftest.sh tests it.
cd "${1:-$(dirname "$0")/..}" || exit 2

sources() { # tracked and new files; outside of git whatever lies here
	if [ "$(git rev-parse --show-prefix 2>/dev/null; echo $?)" = "
0" ]; then
		git ls-files --cached --others --exclude-standard -- '*.[ch]'
	else
		find . -path ./build -prune -o -name '*.[ch]' -print |
		    sed 's|^\./||'
	fi | sort -u | while IFS= read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}

# One line per include: FILE:LINE:#include ...
includes() {
	sources | xargs -r -d '\n' grep -HnE \
	    '^[[:space:]]*#[[:space:]]*include' /dev/null
}

# shellcheck disable=SC2016 # the dollars are awk's
rules='
# The floors, first match wins: whose files, what they may include.
function floor(files, may) { n++; whose[n] = files; allowed[n] = may }
# The fences: a vendor header, the files that may include it.
function fence(header, files) { m++; vendor[m] = header; owner[m] = files }

BEGIN {
	proto = "^(common/|proto/([a-z0-9_]+\\.h|conf/|msg/))"

	floor("^common/",             "^common/")
	floor("^proto/client/",       "^(common/|proto/)")
	floor("^proto/",              proto)
	floor("^supervisor/msctl/",   "^(common/|proto/|supervisor/msctl/|supervisor/spec/spec)")
	floor("^supervisor/",         proto "|^supervisor/((guard|spec|tree|child|launch|log|metrics|ctl|state)/)?[a-z0-9_]+\\.h$")
	floor("^workers/[^/]+$",      "^(common/|proto/|workers/[a-z0-9_]+\\.h$)")
	floor("^workers/[^/]+/",      "^(common/|proto/|workers/[a-z0-9_]+\\.h$)")
	floor("^t/",                  "")

	fence("^nng/",                "^(proto/client/|workers/worker[a-z0-9_]*\\.|workers/bus/)")
	fence("^openssl/",            "^common/(crypto|tls)[a-z0-9_]*\\.")
	fence("^(cjson/)?cJSON\\.h$", "^common/json[a-z0-9_]*\\.")
	fence("^(postgresql/)?libpq", "^workers/(pool|persist)/")
	fence("^hiredis/",            "^workers/(pool|persist)/")
	fence("^microhttpd\\.h$",     "^workers/metrics/")
}

function complain(what) {
	print file ":" line ": " what
	bad = 1
}

function own_room(path) { # "workers/bus/x.c" is "workers/bus/"
	return match(path, /^workers\/[^\/]+\//) ? substr(path, 1, RLENGTH) : ""
}

function check_floor(header,    i, room) {
	for (i = 1; i <= n && file !~ whose[i]; i++)
		;
	if (i > n) {
		complain("stands on no floor: " file)
		return
	}
	room = own_room(file)
	if (header ~ /(^|\/)\.\.?\//)
		complain("\"" header "\" must be named from the root")
	else if (header !~ allowed[i] && !(room && index(header, room) == 1))
		complain("may not include \"" header "\"")
}

function check_fence(header,    i) {
	if (file ~ /^t\//)
		return
	for (i = 1; i <= m; i++) {
		if (header ~ vendor[i] && file !~ owner[i])
			complain("past the fence of <" header ">")
	}
}

{
	split($0, part, ":")
	file = part[1]
	line = part[2]
	if (!match($0, /[<"][^>"]+[>"]/)) {
		complain("an include that cannot be judged")
		next
	}
	quote = substr($0, RSTART, 1)
	header = substr($0, RSTART + 1, RLENGTH - 2)
	check_fence(header)
	if (quote == "\"")
		check_floor(header)
	else if (header ~ /^(common|proto|supervisor|workers|t)\//)
		complain("<" header "> is ours: write \"" header "\"")
}

END { exit bad }
'
includes | awk "$rules"
