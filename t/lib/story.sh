# SPDX-License-Identifier: Apache-2.0
# A story: a private msd in a temporary folder, told from the shell.
#
#   . t/lib/story.sh
#   story_begin                 makes $dir, removed at the end with all it started
#   start_msd CONFIG            runs msd on it in the background, pid in $msd
#   await WHAT SECONDS TEST     until the shell text TEST is true
#   await_ready NAME            until the worker is ready
#   await_other_pid NAME PID    until it is ready with another pid
#   pid_of NAME                 its pid, nothing when it has none
#   expect WHAT TEST            fails unless TEST is true now
#   msd_pid                     of msd itself ($msd may be its guardian)
#   alive_of                    those of standard input, as id_of PID, that live
#   stop_msd                    TERM, waits; exit code in $msd_code
#   fail WORDS                  the story ends here, unhappily
#   story_end                   nothing of it may be left
B=${B:-build/release}
dir= msd= msd_code=

msctl() { "$B/msctl" "$@"; }

fail() {
	echo "FAILED: $*" >&2
	for log in "$dir"/msd.out "$dir"/log/*.log; do
		[ -f "$log" ] || continue
		echo "--- ${log##*/}" >&2
		tail -n 15 "$log" >&2
	done
	exit 1
}

story_begin() {
	dir=$(mktemp -d "${TMPDIR:-/tmp}/ms-story.XXXXXX") || exit 1
	chmod 755 "$dir" # user postgres has to reach it
	MS_SOCKET=$dir/run/msd.sock MS_RUN_DIR=$dir/run STORY_DIR=$dir
	MS_DEV_METRICS=127.0.0.1:0 # any port
	export MS_SOCKET MS_RUN_DIR STORY_DIR MS_DEV_METRICS
	trap story_cleanup EXIT
	trap 'exit 130' HUP INT TERM PIPE
}

# The folders of a msd that was killed; what is in use stays.
remove_cgroups() {
	find /sys/fs/cgroup -depth -type d \
	    -path "*/ms$(printf %s "$dir/run" | tr / :)*" \
	    -exec rmdir {} + 2>/dev/null
}

story_cleanup() {
	status=$?
	set +e # what cannot be tidied is not what the story is about
	trap - EXIT
	[ -z "$msd" ] || kill -KILL "$msd" 2>/dev/null || :
	[ -z "$msd" ] || wait "$msd" 2>/dev/null || :
	if [ -e "$dir/run/msd.sock" ]; then kill -KILL $(msd_pid) 2>/dev/null; fi
	for pid in $(left_behind); do kill -KILL "$pid" 2>/dev/null; done
	if [ -L "$dir/postgres" ]; then rm -rf "$(readlink "$dir/postgres")"; fi
	rm -rf "$dir"
	remove_cgroups
	exit $status
}

start_msd() {
	"$B/msd" -c "$1" >>"$dir/msd.out" 2>&1 &
	msd=$!
	await "msd answers" 20 'msctl count >/dev/null 2>&1 || ! kill -0 "$msd"'
	kill -0 "$msd" 2>/dev/null || fail "msd did not start"
}

stop_msd() {
	kill -TERM "$msd"
	msd_code=0
	wait "$msd" || msd_code=$?
	msd=
}

await() {
	until_s=$(($(date +%s) + $2))
	until eval "$3"; do
		[ "$(date +%s)" -lt "$until_s" ] || fail "waited $2 s: $1"
	done
}

expect() { eval "$2" || fail "$1"; }

pid_of() {
	msctl status "$1" --json 2>/dev/null |
	    sed -n 's/.*"pid":\([0-9][0-9]*\).*/\1/p'
}
state_of() {
	msctl status "$1" --json 2>/dev/null |
	    sed -n 's/.*"state":"\([a-z]*\)".*/\1/p'
}

msd_pid() { msctl version --json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p'; }

# A number may be given to another process; with its start time it is one.
id_of() {
	sed -n 's/^\([0-9]*\) .*) . \([0-9-]* \)\{18\}\([0-9]*\) .*/\1:\3/p' \
	    "/proc/$1/stat" 2>/dev/null
}
alive_of() {
	while read -r id; do
		if [ "$(id_of "${id%:*}")" = "$id" ]; then echo "$id"; fi
	done
}

await_ready() {
	msctl wait "$1" --state ready --timeout 60s >/dev/null ||
	    fail "$1 is not ready: $(msctl status "$1" 2>&1)"
}

await_other_pid() {
	await "$1 is ready with another pid than $2" 60 \
	    'new=$(pid_of '"$1"') && [ -n "$new" ] && [ "$new" != '"$2"' ] &&
	    [ "$(state_of '"$1"')" = ready ]'
}

# Processes whose environment says that they belong to this story: workers, and
# a msctl that follows.  Run in the background as "$B/msctl": of the function,
# $! is a shell that is killed in its place.
left_behind() {
	for environ in $(grep -lsz "^MS_RUN_DIR=$dir/run\$" /proc/[0-9]*/environ); do
		pid=${environ#/proc/}; pid=${pid%/environ}
		grep -qsz '^MS_NAME=' "$environ" ||
		    grep -qs '^msctl$' "/proc/$pid/comm" || continue
		[ "$pid" = $$ ] || [ "$pid" = "$msd" ] || echo "$pid"
	done
}

story_end() {
	if [ -n "$msd" ]; then
		stop_msd
		[ "$msd_code" = 0 ] || fail "msd ended with $msd_code"
	fi
	await "nothing is left behind" 5 '[ -z "$(left_behind)" ]'
}

# A configuration from standard input, with [msd] for this story in front.
write_conf() { # FILE
	{
		printf '[msd]\nrun_dir = %s/run\nlog_dir = %s/log\nstate_dir = %s/state\n' \
		    "$dir" "$dir" "$dir"
		cat
	} >"$1"
}
